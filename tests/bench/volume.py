"""`make bench-volume`: search in 100,000, loading and exporting 10,000, mails and closings by the thousand.

Prints a table of each with a verdict and keeps them in docs/performance.md. The databases of the search are kept, since
filling one takes minutes; `make clean` throws them away.
"""

import json
import subprocess
import sys
import time

from . import exports, report, search, servers, ticking

BEGIN, END = "<!-- written by make bench-volume -->", "<!-- end of what make bench-volume writes -->"


def told(module: str, database: str, *arguments: str) -> list | dict:
    """What one of the measurements prints, over a database of its own."""
    env = servers.environment(database, DEBUG="1", KEPT_PAGES="0", DJANGO_SETTINGS_MODULE="microacq.settings")
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    done = subprocess.run(
        command, cwd=servers.ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True, timeout=3 * 60 * 60
    )
    return json.loads(done.stdout)


def table(head: str, rows: list[list]) -> str:
    names = [name.strip() for name in head.split("|")]
    lines = [names, ["---", *["---:"] * (len(names) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def verdict(number: int, asked: str, found: str, met: bool) -> str:
    return f"Target {number}, {asked}: {found}. **{'Met' if met else 'Missed'}.**"


def of_search(found: list) -> str:
    rows = [
        [
            f"{row['kind']} ({row['words']})",
            row["total"],
            "keys of all" if row["path"] == "keys" else "in the order of the list",
            row["queries"],
            f"{row['cost']:.0f}",
            f"{row['time']:.0f}",
            f"{row['plain_cost']:,.0f}",
            f"{row['plain_time']:,.0f}",
        ]
        for row in found
    ]
    worst, plain = (max(row[name] for row in found) for name in ("cost", "plain_cost"))
    return "\n\n".join(
        [
            table(
                "words | found | read by | queries | cost, ms | time, ms | icontains: cost, ms | time, ms",
                rows,
            ),
            verdict(
                5,
                "the worst search at most 1/50 of the worst with `icontains`",
                f"{worst:.0f} ms against {plain:,.0f} ms of CPU, 1/{plain / worst:.0f}",
                worst <= plain * search.MOST,
            ),
        ]
    )


def of_exports(found: dict) -> str:
    rows = [
        [name, f"{way['cost']:.1f}", f"{way['time']:.1f}", f"{way['memory']:.0f}", f"{way.get('bytes', 0):,}"]
        for name, way in (*found["import"].items(), *found["exports"].items())
    ]
    ratio = found["import"]["import"]["cost"] / found["import"]["COPY"]["cost"]
    most = max(way["memory"] for way in found["exports"].values())
    return "\n\n".join(
        [
            table("what | cost, s | time, s | memory above idle, MiB | bytes", rows),
            verdict(
                11,
                f"every export streamed, at most {exports.MOST_MEMORY} MiB above idle",
                f"at most {most:.0f} MiB",
                most <= exports.MOST_MEMORY,
            ),
            verdict(
                11,
                f"the import at most {exports.MOST_COST} × COPY of the same rows",
                f"{ratio:.2f} ×",
                ratio <= exports.MOST_COST,
            ),
        ]
    )


def of_ticking(found: list) -> str:
    rows = [
        [
            row["kind"],
            f"{row['number']:,}",
            f"{row['cost']:.1f}",
            f"{row['time']:.1f}",
            f"{1000 * row['cost'] / row['number']:.2f}",
            f"{row['queries']:.2f}",
            f"{row['memory']:.1f}",
        ]
        for row in found
    ]
    said, linear = [], True
    for kind in ("mails", "closings"):
        few, many = (row for row in found if row["kind"] == kind)
        times = (many["cost"] / few["cost"]) / (many["number"] / few["number"])
        linear &= times <= ticking.MOST_GROWTH and many["memory"] <= ticking.MOST_MEMORY
        said.append(f"each of {many['number']:,} {kind} costs {times:.2f} × each of {few['number']:,}")
    return "\n\n".join(
        [
            table(
                "what | due | cost, s | time, s | cost of each, ms | queries of each | memory above idle, MiB",
                rows,
            ),
            verdict(
                12,
                f"linear (each at most {ticking.MOST_GROWTH} × as dear) in constant memory "
                f"(at most {ticking.MOST_MEMORY} MiB more)",
                "; ".join(said),
                linear,
            ),
        ]
    )


def write(parts: dict[str, str], said: str) -> None:
    """Replace this part of docs/performance.md, made at its end when it is not there yet."""
    text = report.PAGE.read_text()
    if BEGIN not in text:
        text = f"{text.rstrip()}\n\n## Many at once\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    body = "\n\n".join(f"### {title}\n\n{part}" for title, part in parts.items())
    report.PAGE.write_text(f"{before}{BEGIN}\n\nMeasured on: {said}.\n\n{body}\n\n{END}{after}")


def main() -> None:
    begun = time.monotonic()
    with servers.cluster():
        servers.collect_static()
        day = servers.clock_day()
        kept = f"search_{search.ROWS}_{day}"
        for (name,) in servers.query("SELECT datname FROM pg_database WHERE datname LIKE 'search\\_%%'"):
            if name != kept:
                servers.drop_database(name)
        servers.make_database(kept)
        for name in ("exports", "ticking"):
            servers.drop_database(name)
            servers.make_database(name)
        parts = {
            f"Search in {search.ROWS:,} opportunities": of_search(told("search", kept, str(search.ROWS))),
            f"Loading and exporting {exports.ROWS:,} opportunities": of_exports(
                told("exports", "exports", str(exports.ROWS))
            ),
            "Mails and closings that are due": of_ticking(told("ticking", "ticking")),
        }
        said = report.machine()
    for title, part in parts.items():
        print(f"{title}\n\n{part}\n")
    write(parts, said)
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()

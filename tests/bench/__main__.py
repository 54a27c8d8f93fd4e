"""`make bench`: starts the servers, asks for every page in turn, prints the table and writes docs/performance.md.

`python -m tests.bench --rounds 5 --only list,search --no-write` for a shorter look while working on one page.
"""

import argparse
import gzip
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from . import client, extras, report, servers
from .client import request
from .targets import SIZES, Measure, Run, table, verdicts

ROUNDS = 5
WARM = 24
REQUESTS = 100
"""In a round, for each page; fewer for what can be done once only."""
SUBMISSIONS = 40
DESK = 2_000


@dataclass
class Page:
    """A page to measure: its measure, its server's name, and how its nth request is written."""

    measure: Measure
    server: str
    write: Callable[[int], bytes]
    requests: int = REQUESTS
    warm: int = WARM
    counted: str = ""
    """The path counted in queries and rows; empty for none."""
    cold: bool = False


def reference_pages(port: int) -> list[Page]:
    tag = client.ask(port, request("GET", "/unchanged/"))[1]["etag"]

    def page(label, path, headers=None, against=""):
        return Page(
            Measure(f"reference: {label}", against=against),
            "reference",
            lambda n: request("GET", path(n), headers),
        )

    return [
        page("constant", lambda n: "/constant/"),
        page("list", lambda n: "/list/"),
        page("cached", lambda n: "/cached/"),
        page("not modified", lambda n: "/unchanged/", {"If-None-Match": tag}),
        page("detail", lambda n: f"/detail/{n % 8 + 1}/"),
        page("insert", lambda n: "/insert/"),
    ]


def site_pages(found: dict[str, servers.Server], rows: int) -> list[Page]:
    """The pages of the site over a database of so many opportunities."""
    name = f"site {rows}"
    about, port = found[name].about, found[name].port
    team, supplier = about["team"], about["supplier"]
    where = about["list"]
    tag = client.ask(port, request("GET", where))[1].get("etag", "")

    def page(label, path, against, headers=None, **more):
        return Page(
            Measure(label, rows, against),
            name,
            lambda n: request("GET", path(n), headers),
            counted=path(0),
            **more,
        )

    if rows == DESK:
        return [
            page("workspace", lambda n: about["workspace"], "reference: list", team),
            page("team’s front page", lambda n: about["front"], "reference: list", team),
        ]
    posts = about["posts"]
    pages = [
        page("list", lambda n: where, "reference: cached"),
        page("list, not modified", lambda n: where, "reference: not modified", {"If-None-Match": tag}),
        page("list, any page of it", lambda n: f"{where}?page={n % 4 + 1}&n={n}", "reference: list"),
        page("list, signed in", lambda n: where, "reference: list", supplier),
        page(
            "page of an opportunity",
            lambda n: about["detail"][n % len(about["detail"])],
            "reference: detail",
        ),
        page(
            "page of an opportunity, signed in",
            lambda n: about["detail"][n % len(about["detail"])],
            "reference: detail",
            supplier,
        ),
        page("search", lambda n: f"{where}?q={about['rare']}", "reference: list"),
        page("workspace", lambda n: about["workspace"], "reference: list", team),
        page("team’s front page", lambda n: about["front"], "reference: list", team),
    ]
    if posts:
        left = iter(posts)

        def post(_n):
            one = next(left)
            return request("POST", one["path"], one["headers"], one["body"])

        pages.append(
            Page(
                Measure("submit", rows, "reference: insert"),
                name,
                post,
                requests=SUBMISSIONS,
                warm=10,
                counted="submit",
                cold=True,
            )
        )
    return pages


def bare_pages(found: dict[str, servers.Server]) -> list[Page]:
    """The same pages with nothing kept from one request to the next."""
    rows, name = SIZES[-1], "site, nothing kept"
    about = found[name].about
    pages = {
        "list": (lambda n: about["list"], "reference: list"),
        "page of an opportunity": (lambda n: about["detail"][n % len(about["detail"])], "reference: detail"),
    }
    return [
        Page(
            Measure(f"{label}, nothing kept", rows, against),
            name,
            lambda n, path=path: request("GET", path(n)),
            counted=path(0),
            cold=True,
        )
        for label, (path, against) in pages.items()
    ]


def ask(found: dict[str, servers.Server], page: Page, number: int, begin: int) -> client.Answers:
    return client.ask_all(found[page.server].port, [page.write(n) for n in range(begin, begin + number)])


def measure(found: dict[str, servers.Server], pages: list[Page], rounds: int) -> None:
    """Every page in turn, so many rounds, after each was asked for a few times unmeasured."""
    asked = dict.fromkeys((id(page) for page in pages), 0)
    for turn in range(rounds + 1):
        for page in pages:
            number = page.requests if turn else page.warm
            meter = servers.Meter(found[page.server].process)
            answers = ask(found, page, number, asked[id(page)])
            spent = meter.seconds()
            asked[id(page)] += number
            page.measure.statuses |= set(answers.statuses)
            if turn:
                page.measure.costs.append(1000 * spent / number)
                page.measure.seconds += answers.seconds
                page.measure.bytes = len(answers.body)
                page.measure.compressed = len(gzip.compress(answers.body, 6))
        print(f"round {turn} of {rounds}" if turn else "warm", file=sys.stderr, flush=True)


def count(found: dict[str, servers.Server], pages: list[Page]) -> None:
    """The queries and rows of each page, in a process of their own."""
    for name in dict.fromkeys(page.server for page in pages if page.counted):
        about = found[name].about
        wanted = {}
        for page in (page for page in pages if page.server == name and page.counted):
            if page.counted == "submit":
                one = about["posts"][-1]
                wanted[page.measure.name] = {**one, "method": "POST", "cold": True}
            else:
                wanted[page.measure.name] = {
                    "path": page.counted,
                    "cold": page.cold,
                    "headers": _headers(page.write(0)),
                }
        counted = servers.counted(about["database"], wanted, about["settings"])
        for page in (page for page in pages if page.server == name and page.counted):
            row = counted[page.measure.name]
            page.measure.queries, page.measure.rows_read = row["queries"], row["rows"]
            page.measure.statuses.add(row["status"])


def _headers(written: bytes) -> dict[str, str]:
    lines = written.decode().split("\r\n\r\n")[0].split("\r\n")[3:]
    return dict(line.split(": ", 1) for line in lines)


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--only", default="", help="parts of labels, separated by commas")
    options.add_argument("--sizes", default="", help="numbers of opportunities, separated by commas")
    options.add_argument("--no-write", action="store_true", help="leave docs/performance.md as it is")
    given = options.parse_args()
    only = [part for part in given.only.split(",") if part]
    sizes = [int(part) for part in given.sizes.split(",") if part] or [*SIZES, DESK]
    begun = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(servers.cluster())
        servers.collect_static()
        submissions = (SUBMISSIONS * (given.rounds) + 20) if not only or "submit" in only else 0
        found = servers.start(stack, sizes, submissions, bare=SIZES[-1])
        pages = reference_pages(found["reference"].port)
        for rows in sizes:
            pages += site_pages(found, rows)
        if SIZES[-1] in sizes:
            pages += bare_pages(found)
        if only:
            pages = [
                page
                for page in pages
                if page.server == "reference" or any(part in page.measure.label for part in only)
            ]
        measure(found, pages, given.rounds)
        count(found, pages)
        run = Run({page.measure.name: page.measure for page in pages})
        if not (only or given.sizes):
            extras.all_of(run, found)
        said = report.machine()
    wrong = [
        f"{page.measure.name}: {sorted(page.measure.statuses)}"
        for page in pages
        if page.measure.statuses - {200, 201, 302, 304}
    ]
    print(table(run), verdicts(run), *wrong, sep="\n\n")
    print(f"\n{time.monotonic() - begun:.0f} s", file=sys.stderr)
    if wrong:
        sys.exit(1)
    if not (only or given.sizes or given.no_write):
        report.write(run, given.rounds, said)


if __name__ == "__main__":
    main()

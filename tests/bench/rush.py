"""`make rush`: 500 suppliers write and send in the last minute and shortly after; prints what became of them, or fails.

`python -m tests.bench.rush --suppliers 50` for a smaller one. The site runs as in production, on a database of its own.
"""

import argparse
import json
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from . import client, crowd, processes, servers

SUPPLIERS = 500
AHEAD = 3
"""Seconds between the opportunity's new closing time being set and the rush's beginning."""


def set_closing(database_url: str, opportunity: int, seconds: float) -> float:
    """Let the opportunity close so many seconds from now; gives the moment, as time.time() counts."""
    closing = time.time() + seconds
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE opportunities_opportunity SET closing_at = %(at)s, original_closing_at = %(at)s WHERE id = %(id)s",
            {"at": datetime.fromtimestamp(closing, UTC), "id": opportunity},
        )
    connection.close()
    return closing


def check(told: list[crowd.Told], closing: float, env: dict[str, str]) -> dict:
    """What the site's own process finds when it holds what everybody was told against what stands."""
    given = json.dumps({"told": json.loads(crowd.wire(told)), "closing": closing})
    command = [sys.executable, "-m", "tests.bench.rush_site", "check"]
    done = subprocess.run(
        command, cwd=servers.ROOT, env=env, input=given, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def cpu_seconds(roots: list[int]) -> float:
    """Seconds of CPU of these processes and all below them, every thread's, to a hundredth of a second each."""
    total = 0
    for process in {one for root in roots for one in processes.tree(root)}:
        with suppress(OSError):
            stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, stat[11:15]))
    return total / processes.TICKS


@contextmanager
def application_server(env: dict[str, str], workers: int = 2, threads: int = 4):
    """The site as docs/operations.md says to serve it; gives its port and process."""
    port = servers.free_port()
    command = ["-m", "gunicorn", "microacq.wsgi", "--worker-class", "gthread"]
    command += ["--workers", str(workers), "--threads", str(threads), "--bind", f"127.0.0.1:{port}"]
    servers.FOLDER.mkdir(parents=True, exist_ok=True)
    with open(servers.FOLDER / f"server-{port}.log", "wb") as log:
        started = subprocess.Popen([sys.executable, *command], cwd=servers.ROOT, env=env, stderr=log)
        try:
            servers.await_answer(port, "/healthz", started)
            yield port, started
        finally:
            servers.stop(started)


def warm(port: int, about: dict) -> None:
    """Ask for a few pages, so that no worker reads its templates for the first time in the rush."""
    one = about["people"][0]["headers"]
    pages = [about["list"], about["public"], about["answers"], about["check"]]
    client.ask_all(port, [client.request("GET", page, one) for page in pages] * 4, at_once=4)


def tables(rows: list[tuple[str, str]], breaches: list[str]) -> str:
    width = max(len(label) for label, _value in rows)
    lines = [f"{label:<{width}}  {value}" for label, value in rows]
    lines += ["", *(breaches[:20] or ["Nothing lost, nothing late accepted, nothing doubled."])]
    return "\n".join(lines + ([f"... {len(breaches)} breaches in all"] if len(breaches) > 20 else []))


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench.rush", description=__doc__.splitlines()[0])
    options.add_argument("--suppliers", type=int, default=SUPPLIERS)
    number = options.parse_args().suppliers
    with ExitStack() as stack:
        stack.enter_context(servers.cluster())
        servers.collect_static()
        servers.drop_database("rush")
        servers.make_database("rush")
        stack.callback(servers.drop_database, "rush")
        env = servers.environment("rush")
        about = json.loads(servers.run(["-m", "tests.bench.rush_site", "prepare", str(number)], env))
        port, started = stack.enter_context(application_server(env))
        warm(port, about)
        closing = set_closing(servers.database_url("rush"), about["opportunity"], crowd.RUSH + AHEAD)
        people = crowd.Crowd(port, about, closing)
        watched = [started.pid, servers.postmaster()]
        before = cpu_seconds(watched)
        print(f"{number} suppliers; closing in {crowd.RUSH + AHEAD} s...", file=sys.stderr, flush=True)
        told = people.run()
        spent = cpu_seconds(watched) - before
        servers.run(["manage.py", "tick", "--verbosity", "0"], env)
        servers.run(["manage.py", "verify_events"], env)
        found = check(told, closing, env)
    rows = crowd.summary(people, told)
    rows.append(
        (
            "CPU of workers and PostgreSQL",
            f"{spent:.0f} s, {1000 * spent / len(people.seconds):.0f} ms a request",
        )
    )
    rows.append(("copies kept, of them late", f"{found['numbers']['copies']}, {found['numbers']['late']}"))
    failed = [f"{status}: {count} answers" for status, count in people.statuses.items() if status >= "500"]
    print(tables(rows, found["breaches"] + failed))
    if found["breaches"] or failed:
        sys.exit(1)


if __name__ == "__main__":
    main()

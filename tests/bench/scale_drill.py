"""`make scale-drill`: the closing rush on several servers, three of which are killed or restarted in the middle of it.

nginx, PgBouncer, Redis, a primary and a replica of PostgreSQL, an S3-compatible server, two application servers and two
ticks, on this machine alone. Shows that nothing is lost or doubled, and what two servers do beside one. Bounded: about
three minutes. `--suppliers 50` for a smaller one.
"""

import argparse
import hashlib
import json
import sys
import threading
import time
from contextlib import ExitStack
from email import message_from_bytes

from . import client, crowd, rush, servers
from .drill_parts import Parts

SUPPLIERS = 500
FILES = 5
"""Suppliers who send a file along."""
PAGES, AT_ONCE = 300, 16
"""Requests with which one server and two are compared, and how many at once."""
SERVER_DIES, POOLER_RESTARTS, TICK_DIES = 35, 25, 15
"""Seconds before closing."""
SETTLED = 60
"""Seconds after the rush in which the tick that is left must have closed it and sent all mail."""


def settings(parts: Parts, cache: str, store: dict[str, str]) -> dict[str, str]:
    """The environment of every application server and tick."""
    return servers.environment("unused") | {
        "DATABASE_URL": parts.url(6432),
        "DATABASE_POOLED": "1",
        "DATABASE_REPLICA_URL": parts.url(5433),
        "CACHE_URL": cache,
        "VAR_DIR": str(parts.folder / "var"),
        "TRUSTED_PROXY_COUNT": "1",
        **store,
    }


def throughput(port: int, asked: list[bytes], watched: list[int]) -> tuple[float, float]:
    """Answers a second, and the milliseconds of CPU that the watched processes spent on each."""
    spent, begun = rush.cpu_seconds(watched), time.perf_counter()
    answers = client.ask_all(port, asked, AT_ONCE)
    took = time.perf_counter() - begun
    if set(answers.statuses) != {200}:
        sys.exit(f"Pages were not given: {answers.statuses}")
    return len(asked) / took, 1000 * (rush.cpu_seconds(watched) - spent) / len(asked)


def send_files(port: int, others: list[int], about: dict) -> list[str]:
    """Some suppliers add a file through nginx; each application server must give the same back. Gives what is wrong."""
    wrong = []
    for number, one in enumerate(about["people"][:FILES]):
        content = b"%PDF-1.4\n% of " + str(number).encode() + b"\n" + b"0" * 100_000 + b"\n%%EOF\n"
        fields = {"of_age": "True", "standing": "canada", "uses_git": "True", "needs_sign_off": "True"}
        body = client.request("POST", about["eligibility"], one["headers"])
        status, _headers, _body = client.ask(port, with_file(body, fields, content))
        if status != 302:
            wrong.append(f"a file was not taken: {status}")
        for other in others:
            status, _headers, got = client.ask(other, client.request("GET", one["sign_off"], one["headers"]))
            if status != 200 or hashlib.sha256(got).digest() != hashlib.sha256(content).digest():
                wrong.append(f"a file did not come back whole: {status}")
    return wrong


def with_file(written: bytes, fields: dict[str, str], content: bytes) -> bytes:
    """The request as a form with a file sends it."""
    mark = "drill-boundary-7d1f"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="sign_off"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
    body = b"".join(parts) + head.encode() + content + f"\r\n--{mark}--\r\n".encode()
    head_lines = written.partition(b"\r\n\r\n")[0].split(b"\r\n")
    kept = [
        line for line in head_lines if not line.lower().startswith((b"content-type:", b"content-length:"))
    ]
    kept += [
        f"Content-Type: multipart/form-data; boundary={mark}".encode(),
        f"Content-Length: {len(body)}".encode(),
    ]
    return b"\r\n".join(kept) + b"\r\n\r\n" + body


def read_by_replica(parts: Parts, port: int, about: dict) -> bool:
    """Whether documents that anybody reads are asked of the replica."""
    for n in range(12):
        client.ask(port, client.request("GET", f"{about['json']}?page=1&n={n}"))
    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '%opportunit%'"
    )
    return parts.ask(asked, 5433)[0][0] > 0


def mails(parts: Parts) -> tuple[int, int]:
    """How many mails left, and how many of them more than once (under the same Message-ID)."""
    found: list[str] = []
    for file in (parts.folder / "var" / "mail").glob("*.log"):
        for text in file.read_bytes().split(b"-" * 79 + b"\n"):
            if identity := message_from_bytes(text.lstrip())["Message-ID"]:
                found.append(identity)
    return len(set(found)), len(found) - len(set(found))


def settled(parts: Parts) -> bool:
    """Wait until it is closed and every mail has left."""
    until = time.monotonic() + SETTLED
    while time.monotonic() < until:
        states = parts.ask("SELECT DISTINCT state FROM opportunities_opportunity")
        left = parts.ask("SELECT count(*) FROM post_office_email WHERE status <> 0")[0][0]
        if states == [("opened",)] and not left:
            return True
        time.sleep(1)
    return False


def main() -> None:
    options = argparse.ArgumentParser(
        prog="python -m tests.bench.scale_drill", description=__doc__.splitlines()[0]
    )
    options.add_argument("--suppliers", type=int, default=SUPPLIERS)
    number = options.parse_args().suppliers
    begun = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - begun:4.0f} s  {words}", file=sys.stderr, flush=True)

    with ExitStack() as stack:
        parts = Parts(stack)
        parts.primary()
        parts.replica()
        pooler = parts.pgbouncer()
        env = settings(parts, parts.redis(), parts.store())
        say("PostgreSQL, its replica, PgBouncer, Redis and the store run")
        servers.run(["manage.py", "messages", "--compile"], env)
        servers.run(["manage.py", "collectstatic", "--noinput", "--verbosity", "0"], env)
        direct = env | {
            "DATABASE_URL": parts.url(5432),
            "DATABASE_POOLED": "0",
        }  # `migrate` goes past the pooler
        about = json.loads(servers.run(["-m", "tests.bench.rush_site", "prepare", str(number)], direct))
        first, one = parts.application(env)
        second, other = parts.application(env)
        ticks = [parts.tick(env, f"tick-{n}") for n in (1, 2)]
        port = parts.nginx(first, second)
        say("two application servers behind nginx, two ticks")
        for each in (first, second):
            rush.warm(each, about)
        breaches = send_files(port, [first, second], about)
        if not read_by_replica(parts, port, about):
            breaches.append("no document was read from the replica")
        asked = [
            client.request("GET", about["check"], about["people"][-1 - n % min(50, number)]["headers"])
            for n in range(PAGES)
        ]
        alone = throughput(first, asked, [one.pid])
        both = throughput(port, asked, [one.pid, other.pid])
        kept = throughput(port, [client.request("GET", about["public"])] * PAGES, [one.pid, other.pid])
        say("compared; now the rush")
        closing = rush.set_closing(parts.url(5432), about["opportunity"], crowd.RUSH + rush.AHEAD)
        people = crowd.Crowd(port, about, closing)

        def trouble() -> None:
            crowd.sleep_until(closing - SERVER_DIES)
            parts.kill(other)
            say("one application server is killed")
            crowd.sleep_until(closing - POOLER_RESTARTS)
            parts.stop(pooler)
            parts.pgbouncer()
            say("PgBouncer was restarted")
            crowd.sleep_until(closing - TICK_DIES)
            parts.kill(ticks[0])
            say("one tick is killed")

        troubles = threading.Thread(target=trouble)
        troubles.start()
        told = people.run()
        troubles.join()
        say("everybody was answered")
        if not settled(parts):
            breaches.append("it was not closed, or mail waits")
        servers.run(["manage.py", "verify_events"], env)
        found = rush.check(told, closing, env)
        left, twice = mails(parts)
        in_queue = parts.ask("SELECT count(*) FROM post_office_email")[0][0]
        behind = parts.ask("SELECT count(*) FROM evaluations_submission", 5433)[0][0]
    breaches += found["breaches"]
    if left != in_queue:
        breaches.append(f"{in_queue} mails were queued and {left} left")
    if behind != found["numbers"]["copies"]:
        breaches.append(f"the replica has {behind} of {found['numbers']['copies']} copies")
    rows = crowd.summary(people, told) + [
        ("copies kept, of them late", f"{found['numbers']['copies']}, {found['numbers']['late']}"),
        ("mails that left, of them twice", f"{left}, {twice}"),
        ("copies on the replica", str(behind)),
        ("files given back by both servers", f"{FILES}"),
        ("a page, signed in: one server", f"{alone[0]:.0f} a second, {alone[1]:.1f} ms of CPU each"),
        ("the same through nginx: two", f"{both[0]:.0f} a second, {both[1]:.1f} ms of CPU each"),
        ("a public page through nginx", f"{kept[0]:.0f} a second, {kept[1]:.2f} ms of CPU each"),
    ]  # fmt: skip
    print(rush.tables(rows, breaches))
    say("done")
    if breaches:
        sys.exit(1)


if __name__ == "__main__":
    main()

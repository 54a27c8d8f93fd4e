"""The servers that are measured: one PostgreSQL of their own, and gunicorn with two synchronous workers for each site.

The site runs as it does in production, DEBUG off, with its own default cache. Everything is stopped at the end.
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg2

from microacq import devdb

from . import client, processes

ROOT = devdb.BASE_DIR
FOLDER = devdb.default_var_dir() / "bench"
WORKERS = 2
SECRET = "bench-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLM"


@dataclass
class Server:
    """A running site: its port and process, and what `prepare` gave about it (addresses, cookies)."""

    port: int
    process: int
    about: dict[str, Any]


def database_url(name: str) -> str:
    return devdb.url("bench").rsplit("/", 1)[0] + f"/{name}"


def environment(database: str, **more: str) -> dict[str, str]:
    """What the site reads its settings from; nothing of the shell's but where programs are."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    return kept | {
        "SECRET_KEY": SECRET,
        "ALLOWED_HOSTS": "127.0.0.1",
        "SITE_URL": "https://127.0.0.1",
        "DATABASE_URL": database_url(database),
        "MAIL_TO_FILES": "1",
        "BEHIND_TLS_PROXY": "1",
        "VAR_DIR": str(FOLDER),
        "PYTHONPATH": str(ROOT),
        **more,
    }


def run(arguments: list[str], env: dict[str, str]) -> str:
    """Run Python with these arguments in the project's folder; gives what it printed. What fails ends the run."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def query(statement: str, *values: Any) -> list[tuple]:
    """Ask the cluster's own database."""
    connection = psycopg2.connect(database_url("postgres"))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def make_database(name: str) -> bool:
    """See that a database is there; returns whether it is new."""
    if query("SELECT 1 FROM pg_database WHERE datname = %s", name):
        return False
    query(f'CREATE DATABASE "{name}"')
    return True


def drop_database(name: str) -> None:
    query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def postmaster() -> int:
    """The process of the cluster's server, above all its backends."""
    return int((devdb.Place("bench").cluster / "postmaster.pid").read_text().split()[0])


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def gunicorn(application: str, env: dict[str, str], about: dict[str, Any], *, ready: str):
    """A site served by gunicorn, given once it answers at the address `ready`."""
    port = free_port()
    command = ["-m", "gunicorn", application, "--workers", str(WORKERS), "--worker-class", "sync"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    started = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env)
    try:
        await_answer(port, ready, started)
        yield Server(port, started.pid, about)
    finally:
        stop(started)


def await_answer(port: int, path: str, started: subprocess.Popen) -> None:
    for _try in range(300):
        if started.poll() is not None:
            raise RuntimeError(f"The server at {path} did not start.")
        try:
            client.ask(port, client.request("GET", path))
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"No answer from {path}.")


def stop(started: subprocess.Popen) -> None:
    started.terminate()
    try:
        started.wait(20)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def collect_static() -> None:
    """The static files under the names that pages give them, and the French catalogue."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    env = environment("postgres")
    run(["manage.py", "messages", "--compile"], env)
    run(["manage.py", "collectstatic", "--noinput", "--verbosity", "0"], env)


@contextmanager
def cluster():
    """The PostgreSQL of these measurements, stopped at the end; its data stay for the next time."""
    devdb.start("bench")
    try:
        yield
    finally:
        devdb.stop("bench")


class Meter:
    """The CPU time of one site's workers and of PostgreSQL since it was made."""

    def __init__(self, *roots: int):
        self.roots = (*roots, postmaster())
        self.begun = processes.cpu_seconds(self.roots)

    def seconds(self) -> float:
        return processes.cpu_seconds(self.roots) - self.begun


def start(stack: ExitStack, sizes: list[int], submissions: int, bare: int) -> dict[str, Server]:
    """Make what is missing and start every server within the stack: by name, the reference and the site at each size.

    The databases are kept for the day, since what is posted in them closes. `bare` is the size that is served once
    more with nothing kept between requests.
    """
    mark = hashlib.sha256(clock_day().encode())
    for made_from in ("load_sample.py", "../../demo/statements.json"):
        mark.update((ROOT / "evaluations/management/commands" / made_from).read_bytes())
    kept = {rows: f"site_{rows}_{mark.hexdigest()[:8]}" for rows in sizes}
    for (name,) in query("SELECT datname FROM pg_database WHERE datname LIKE 'site\\_%%'"):
        if name not in kept.values() and name.split("_")[-1] != mark.hexdigest()[:8]:
            drop_database(name)
    make_database("reference")
    reference = environment("reference")
    run(["-m", "tests.bench.reference"], reference)
    found = {
        "reference": stack.enter_context(
            gunicorn("tests.bench.reference:application", reference, {}, ready="/constant/")
        )
    }
    for rows, database in kept.items():
        make_database(database)
        sent = submissions if rows in (min(sizes), max(sizes)) else 0
        settings = {"DEBUG": "1"}  # which loads the sample; the site itself is served without it
        about = json.loads(
            run(["-m", "tests.bench.prepare", str(rows), str(sent)], environment(database, **settings))
        )
        about |= {"database": database, "settings": {}}
        served = {f"site {rows}": {}}
        if rows == bare:
            served["site, nothing kept"] = {"KEPT_PAGES": "0"}
        for name, more in served.items():
            found[name] = stack.enter_context(
                gunicorn(
                    "microacq.wsgi",
                    environment(database, **more),
                    about | {"settings": more},
                    ready="/healthz",
                )
            )
    return found


def counted(database: str, pages: dict[str, Any], settings: dict[str, str]) -> dict[str, dict[str, int]]:
    """Queries and rows of each page, from a process of its own with the site's settings."""
    env = environment(database, **settings)
    command = [sys.executable, "-m", "tests.bench.counting"]
    done = subprocess.run(
        command, cwd=ROOT, env=env, input=json.dumps(pages), stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def clock_day() -> str:
    return datetime.now(UTC).date().isoformat()

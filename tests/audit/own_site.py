"""A site of the test's own, on production's settings: a PostgreSQL that may be stopped, gunicorn, and the clock's loop."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from microacq import devdb
from tests.bench import servers
from tests.test_settings import GOOD

from . import production

KIND = "bench"
"""What is committed is on the disk, as in production; the tests' own database is quicker, and may lose it in a crash."""


class OwnDatabase:
    """A cluster apart, with the tables of the tests' database. `var_dir`: where it says what it is."""

    def __init__(self, var_dir: Path):
        self.var_dir, self.place = var_dir, devdb.Place(KIND, var_dir)
        self.url = self.place.url

    def start(self) -> None:
        devdb.start(KIND, self.var_dir)

    def stop(self, manner: str) -> None:
        """End it: "fast" breaks off what runs, "immediate" is as a crash."""
        self.program("pg_ctl", "-D", self.place.cluster, "-w", "-t", "60", "-m", manner, "stop")

    def program(self, name: str, *arguments) -> None:
        self.place.run(devdb.binaries(self.place) / name, *arguments)

    def copy_from(self, url: str) -> None:
        dump = self.place.root / "copy.dump"
        self.program("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", dump, url)
        self.program("pg_restore", "--no-owner", "--exit-on-error", "--dbname", self.url, dump)

    def ask(self, sql: str) -> list[tuple]:
        connection = psycopg2.connect(self.url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        finally:
            connection.close()


@contextmanager
def own_database(var_dir: Path):
    """A running copy of the tests' database, thrown away at the end."""
    database = OwnDatabase(var_dir)
    database.start()
    try:
        database.copy_from(production.database_url())
        yield database
    finally:
        devdb.remove(KIND, var_dir)


def environment(database: OwnDatabase) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "SECRET_KEY": GOOD["SECRET_KEY"],
        "ALLOWED_HOSTS": "127.0.0.1",
        "SITE_URL": "https://127.0.0.1",
        "DATABASE_URL": database.url,
        "MAIL_TO_FILES": "1",
        "BEHIND_TLS_PROXY": "1",
        "VAR_DIR": str(database.var_dir),
        "PYTHONPATH": str(devdb.BASE_DIR),
        "DJANGO_SETTINGS_MODULE": "microacq.settings",
    }


def run(database: OwnDatabase, *lines: str) -> str:
    """What these lines of Python print, with the site set up."""
    code = "\n".join(("import django", "django.setup()", *lines))
    return servers.run(["-c", code], environment(database))


@contextmanager
def process(database: OwnDatabase, log: Path, *arguments: str):
    """A process of the site, in its own group, ended at the end; what it says goes to `log`."""
    with log.open("wb") as output:
        started = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=devdb.BASE_DIR,
            env=environment(database),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        servers.stop(started)


@contextmanager
def gunicorn(database: OwnDatabase, log: Path):
    """The site served by one worker of four threads. Gives its port and process, once it answers."""
    port = servers.free_port()
    options = f"--workers 1 --worker-class gthread --threads 4 --bind 127.0.0.1:{port}"
    with process(database, log, "-m", "gunicorn", "tests.audit.plain_site", *options.split()) as started:
        servers.await_answer(port, "/healthz", started)
        yield port, started

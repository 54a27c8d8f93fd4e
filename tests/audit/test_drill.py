"""The demonstration, as `make demo` serves it, on a database of its own: it comes up, stops cleanly and comes up again; a
backup of it is restored elsewhere and found whole; every migration goes forward over what is in it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings

from microacq import backup, devdb
from tests.test_settings import GOOD

pytestmark = pytest.mark.slow
PDF = b"%PDF-1.4\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
KEEP = """
from django.core.files.uploadedfile import SimpleUploadedFile
from microacq import uploads
from microacq.models import User
person = User.objects.get(email="supplier1@supplier.example")
print(uploads.keep(SimpleUploadedFile("letter.pdf", {content!r}), person, ["off"])["name"])
"""
BACK = """
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from microacq import backup
BASE = {"evaluations": "0002_initial", "opportunities": "0001_initial", "microacq": "0001_initial"}
LASTING = ("opportunities_event", "opportunities_message", "evaluations_submission", "evaluations_draw", "evaluations_pool")

def records():
    with connection.cursor() as cursor:
        for table in LASTING:
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")
            names = [column.name for column in cursor.description]
            for row in cursor.fetchall():
                yield table, dict(zip(names, row, strict=True))

before, tables = list(records()), set(backup.counts())
MigrationExecutor(connection).migrate(list(BASE.items()))
first, kept = backup.counts(), list(records())
assert tables - set(first), "there are tables that came later"
call_command("migrate", verbosity=1)
after = backup.counts()
MADE_BY_MIGRATE = {"django_migrations", "auth_permission", "django_content_type"}
assert not {name for name in first if first[name] != after[name]} - MADE_BY_MIGRATE
assert set(after) >= tables
for (table, was), (_table, then), (_table, now) in zip(before, kept, list(records()), strict=True):
    assert all(was[column] == then[column] == now[column] for column in then), (table, was["id"])
call_command("verify_events")
"""


class Demonstration:
    """A demonstration in a folder of its own."""

    def __init__(self, var_dir: Path):
        self.var_dir = var_dir
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.started: list[subprocess.Popen] = []
        self.env = {
            "PATH": os.environ["PATH"], "DEMO": "1", "PORT": str(self.port), "VAR_DIR": str(var_dir)
        }  # fmt: skip

    def serve(self) -> str:
        """Serve it until it says that it is ready; gives what it said."""
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve_demo"],
            cwd=settings.BASE_DIR,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C stops it." in line:
                return "".join(said)
        pytest.fail("It ended by itself: " + "".join(said))

    def stop(self, sign: int) -> None:
        process = self.started[-1]
        os.killpg(process.pid, sign)
        rest = process.stdout.read()
        assert process.wait(30) == 0, rest
        assert rest.endswith("Stopped.\n")

    def get(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as response:
            return response.status, response.read().decode()

    def manage(self, *arguments: str | Path) -> subprocess.CompletedProcess:
        return run(self.env, "manage.py", *arguments)


def run(env: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=settings.BASE_DIR, env=env, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    """One that was loaded, and serves or stopped."""
    one = Demonstration(tmp_path_factory.mktemp("demonstration") / "a demonstration")
    try:
        one.said = one.serve()
        yield one
    finally:
        for process in one.started:
            if process.poll() is None:
                process.terminate()
                process.wait(30)
        devdb.remove("demo", one.var_dir)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """The address of an empty database on another server."""
    var_dir = tmp_path_factory.mktemp("elsewhere")
    devdb.start("test", var_dir)
    yield devdb.url("test", var_dir)
    devdb.remove("test", var_dir)


def test_the_demonstration_comes_up_stops_and_comes_up_again(demonstration):
    assert f"http://127.0.0.1:{demonstration.port}/" in demonstration.said
    for person in (
        "client@esdc.example",
        "supplier1@supplier.example",
        "admin@esdc.example",
        "microacq-demo",
    ):
        assert person in demonstration.said
    assert json.loads(demonstration.get("/healthz")[1]) == {"status": "ok", "database": "ok"}
    for path in ("/en/", "/fr/", "/en/accounts/login/"):
        assert demonstration.get(path)[0] == 200
    demonstration.stop(signal.SIGINT)
    with pytest.raises(OSError, match="refused"):
        demonstration.get("/healthz")
    assert not devdb.Place("demo", demonstration.var_dir).answers()
    demonstration.serve()
    assert demonstration.get("/fr/")[0] == 200
    demonstration.stop(signal.SIGTERM)


def test_38_a_backup_is_restored_elsewhere_and_is_whole(demonstration, elsewhere, tmp_path):
    kept = demonstration.manage("shell", "-v", "0", "-c", KEEP.format(content=PDF)).stdout.strip()
    made = demonstration.manage("backup", tmp_path / "backup")
    assert made.returncode == 0 and "1 uploaded files" in made.stdout, made.stderr
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o700
    manifest = json.loads((tmp_path / "backup" / backup.MANIFEST).read_text())
    assert manifest["rows"]["opportunities_event"] > 100 and manifest["rows"]["evaluations_draw"] >= 1
    again = demonstration.manage("backup", tmp_path / "backup")
    assert again.returncode == 1 and "is there already" in again.stderr

    drill = demonstration.manage("restore_drill", tmp_path / "backup", "--into", elsewhere)
    assert drill.returncode == 0, drill.stderr
    assert "The backup is whole" in drill.stdout and "1 uploaded files looked at" in drill.stdout
    assert f"{manifest['rows']['evaluations_draw']} draws" in drill.stdout
    again = demonstration.manage("restore_drill", tmp_path / "backup", "--into", elsewhere)
    assert again.returncode == 1 and "is not empty" in again.stderr

    file = tmp_path / "backup" / backup.FILES / kept
    file.write_bytes(PDF + b"\n")
    drill = demonstration.manage("restore_drill", tmp_path / "backup", "--into", elsewhere)
    assert drill.returncode == 1 and f"uploads/{kept} is not the file" in drill.stderr
    file.unlink()
    assert f"{backup.FILES}/{kept} is missing" in list(backup.differences(tmp_path / "backup"))


def test_39_every_migration_goes_forward_over_the_demonstration(demonstration, elsewhere, tmp_path):
    """Back to the first ones with the demonstration's rows in the tables, then forward through all that came after."""
    if not has_tables(elsewhere):  # when this test runs alone
        assert demonstration.manage("backup", tmp_path / "backup").returncode == 0
        assert demonstration.manage("restore_drill", tmp_path / "backup", "--into", elsewhere).returncode == 0
    env = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "microacq.settings",
        "VAR_DIR": str(tmp_path),
    }
    done = run(env | GOOD | {"DATABASE_URL": elsewhere}, "-c", "import django\ndjango.setup()\n" + BACK)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("... OK") >= 20 and "every chain holds" in done.stdout


def has_tables(url: str) -> bool:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
            return cursor.fetchone()[0]
    finally:
        connection.close()

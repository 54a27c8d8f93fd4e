"""The servers of the drill, each Debian's own, in a temporary folder and on 127.0.0.1 or Unix sockets alone.

Knows how each is started, killed and asked; knows no page. Whatever was started is stopped when the stack is closed.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from string import Template
from typing import Any

import psycopg2

from microacq import devdb

from . import processes, servers

CONF = Path(__file__).parent / "conf"
KEYS = ("drill-access", "drill-secret-of-this-run-only")
PROGRAMS = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin"])
PATIENCE = 60
"""Seconds for a server to be there."""


class Parts:
    """Everything that runs, in a folder of its own that is gone afterwards."""

    def __init__(self, stack: ExitStack):
        self.stack = stack
        self.folder = Path(tempfile.mkdtemp(prefix="drill-", dir="/tmp"))
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.owner = devdb.Place("bench").owner
        self.postgres = devdb.binaries(devdb.Place("bench"))
        self.sockets = self.own(self.folder / "s")
        self.folder.chmod(0o711)

    # PostgreSQL

    def primary(self) -> None:
        data = self.folder / "primary"
        self.as_owner([self.postgres / "initdb", "-D", data, "-U", "microacq", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"])  # fmt: skip
        self.database(data, 5432)
        self.ask("CREATE DATABASE microacq", 5432, "postgres")

    def replica(self) -> None:
        data = self.folder / "replica"
        self.as_owner([self.postgres / "pg_basebackup", "-h", self.sockets, "-U", "microacq", "-D", data, "-R", "-X", "stream", "-c", "fast"])  # fmt: skip
        self.database(data, 5433)

    def database(self, data: Path, port: int) -> None:
        command = [self.postgres / "postgres", "-D", data, "-k", self.sockets, "-p", str(port)]
        command += ["-c", "listen_addresses=", "-c", "max_connections=60", "-c", "hot_standby_feedback=on"]
        self.start(command, f"postgres-{port}", lambda: self.answers(self.sockets / f".s.PGSQL.{port}"), as_owner=True, stop=signal.SIGINT)  # fmt: skip
        self.wait(lambda: self.ask("SELECT 1", port, "postgres"), f"postgres-{port}")

    def url(self, port: int) -> str:
        return f"postgresql://microacq@{str(self.sockets).replace('/', '%2F')}:{port}/microacq"

    def ask(self, statement: str, port: int = 5432, database: str = "microacq") -> list[tuple]:
        connection = psycopg2.connect(host=str(self.sockets), port=port, dbname=database, user="microacq")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    # the rest

    def pgbouncer(self) -> subprocess.Popen:
        conf = self.write("pgbouncer.ini", sockets=self.sockets)
        return self.start(["pgbouncer", conf], "pgbouncer", lambda: self.answers(self.sockets / ".s.PGSQL.6432"), as_owner=True)  # fmt: skip

    def redis(self) -> str:
        """Gives its address, for CACHE_URL."""
        there = self.sockets / "redis.sock"
        command = ["redis-server", "--port", "0", "--unixsocket", there, "--save", "", "--dir", self.folder]
        self.start(command, "redis", lambda: self.answers(there))
        return f"unix://{there}?db=0"

    def store(self) -> dict[str, str]:
        """An S3-compatible server with an empty bucket; gives the settings that name it."""
        (self.folder / "s3" / "uploads").mkdir(parents=True)
        port = servers.free_port()
        command = ["rclone", "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", ",".join(KEYS)]
        env = {"RCLONE_CONFIG": str(self.folder / "rclone.conf"), "HOME": str(self.folder)}
        self.start([*command, self.folder / "s3"], "rclone", lambda: self.listens(port), env=env)
        return {
            "UPLOAD_S3_BUCKET": "uploads",
            "UPLOAD_S3_ENDPOINT": f"http://127.0.0.1:{port}",
            "UPLOAD_S3_REGION": "us-east-1",
            "UPLOAD_S3_ACCESS_KEY": KEYS[0],
            "UPLOAD_S3_SECRET_KEY": KEYS[1],
        }

    def application(self, env: dict[str, str]) -> tuple[int, subprocess.Popen]:
        port = servers.free_port()
        command = [sys.executable, "-m", "gunicorn", "microacq.wsgi", "--worker-class", "gthread"]
        command += ["--workers", "2", "--threads", "4", "--bind", f"127.0.0.1:{port}"]
        started = self.start(command, f"application-{port}", lambda: self.listens(port), env=env)
        servers.await_answer(port, "/healthz", started)
        return port, started

    def tick(self, env: dict[str, str], name: str) -> subprocess.Popen:
        return self.start([sys.executable, "manage.py", "tick", "--loop", "--every", "2"], name, env=env)

    def nginx(self, first: int, second: int) -> int:
        port = servers.free_port()
        user = "user root;" if os.geteuid() == 0 else ""
        conf = self.write("nginx.conf", port=port, first=first, second=second, user=user)
        self.start(["nginx", "-p", self.folder, "-c", conf], "nginx", lambda: self.listens(port))
        return port

    # how

    def start(self, command: list[Any], name: str, ready: Callable[[], bool] = lambda: True, *, env=None, as_owner=False, stop=signal.SIGTERM) -> subprocess.Popen:  # fmt: skip
        """Start a program and wait until it is there; it is stopped with the stack."""
        program = shutil.which(str(command[0]), path=PROGRAMS)
        if program is None:
            sys.exit(f"{command[0]} is missing: run `make scale-drill`, which installs it.")
        with open(self.folder / f"{name}.log", "ab") as log:
            started = subprocess.Popen(
                [program, *map(str, command[1:])], cwd=servers.ROOT if env else self.folder, env=env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **(self.identity() if as_owner else {}),
            )  # fmt: skip
        self.stack.callback(self.stop, started, stop)
        self.wait(ready, name, started)
        return started

    def wait(self, ready: Callable[[], Any], name: str, started: subprocess.Popen | None = None) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with suppress(OSError, psycopg2.Error):
                if ready():
                    return
            if started and started.poll() is not None:
                break
            time.sleep(0.1)
        sys.exit(f"{name} did not start. It said:\n{devdb.tail(self.folder / f'{name}.log')}")

    @staticmethod
    def stop(started: subprocess.Popen, sign: int = signal.SIGTERM) -> None:
        if started.poll() is None:
            started.send_signal(sign)
            try:
                started.wait(15)
            except subprocess.TimeoutExpired:
                Parts.kill(started)

    @staticmethod
    def kill(started: subprocess.Popen) -> None:
        """End a program and all that it started, as a power cut does."""
        for process in processes.tree(started.pid):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        started.wait()

    def as_owner(self, command: list[Any]) -> None:
        with open(self.folder / "commands.log", "ab") as log:
            subprocess.run([str(word) for word in command], cwd="/", check=True, stdout=log, stderr=log, **self.identity())  # fmt: skip

    def identity(self) -> dict[str, Any]:
        """Whom PostgreSQL and PgBouncer run as: neither runs as root."""
        if not self.owner:
            return {}
        return {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []}

    def own(self, folder: Path) -> Path:
        folder.mkdir()
        if self.owner:
            for one in (self.folder, folder):
                os.chown(one, self.owner.pw_uid, self.owner.pw_gid)
        return folder

    def write(self, name: str, **values: Any) -> Path:
        there = self.folder / name
        there.write_text(Template((CONF / name).read_text()).substitute(folder=self.folder, **values))
        there.chmod(0o644)
        return there

    @staticmethod
    def answers(path: Path) -> bool:
        with socket.socket(socket.AF_UNIX) as attempt:
            return attempt.connect_ex(str(path)) == 0

    @staticmethod
    def listens(port: int) -> bool:
        with socket.socket() as attempt:
            return attempt.connect_ex(("127.0.0.1", port)) == 0

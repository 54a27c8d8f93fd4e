"""A backup of everything that the site keeps: the database as one moment saw it, and the uploaded files.

Knows PostgreSQL's own programs and files. Knows nothing of what the tables mean: whether a backup is good is for
`manage.py restore_drill` to say.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dj_database_url
from django.conf import settings
from django.db import connection, transaction

from microacq import devdb

DUMP, FILES, MANIFEST = "database.dump", "uploads", "manifest.json"
COUNTS = """
    SELECT c.relname, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I.%I', n.nspname, c.relname),
        false, true, '')))[1]::text::bigint
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = current_schema() ORDER BY 1
"""


class Failed(Exception):
    """The sentence says why, for an operator."""


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def counts() -> dict[str, int]:
    """The rows of every table, by its name."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS)
        return dict(cursor.fetchall())


def programs() -> Path:
    """The folder of the newest pg_dump and pg_restore of this machine: they read what older servers hold."""
    clients = {
        int(path.parts[-3]): path.parent for path in Path("/usr/lib/postgresql").glob("[0-9]*/bin/pg_dump")
    }
    if not clients and (found := shutil.which("pg_dump")):
        return Path(found).parent
    if versions := clients or devdb.wheel_binaries():
        return versions[max(versions)]
    raise Failed("There is no pg_dump on this machine: install the package postgresql-client.")


def run(name: str, *arguments: str | Path, database: dict[str, Any]) -> None:
    """One of PostgreSQL's programs, told of the database by the environment, where no list of processes shows it."""
    said = {
        f"PG{ours}": str(database[theirs])
        for ours, theirs in zip(
            ("HOST", "PORT", "USER", "PASSWORD", "DATABASE"),
            ("HOST", "PORT", "USER", "PASSWORD", "NAME"),
            strict=True,
        )
        if database.get(theirs)
    }
    for option, value in (database.get("OPTIONS") or {}).items():
        if option.startswith("ssl"):
            said[f"PG{option.upper()}"] = str(value)
    done = subprocess.run(
        [programs() / name, *arguments], env=os.environ | said, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"{name} failed. It said:\n{done.stdout[-2000:]}")


def make(folder: Path) -> dict[str, Any]:
    """Make a backup in a new folder, readable by its owner alone. Gives its manifest.

    Files are copied before and after the dump: one that came meanwhile, and one that went, is in it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise Failed(f"{folder} is there already: name a new folder.") from None
    copy_files(Path(settings.UPLOAD_DIR), folder / FILES)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        run(
            "pg_dump", "--format=custom", f"--snapshot={snapshot}", "--file", folder / DUMP,
            database=connection.settings_dict,
        )  # fmt: skip
        rows = counts()
    copy_files(Path(settings.UPLOAD_DIR), folder / FILES)
    manifest = {"rows": rows, "files": {name: sha256_of(folder / name) for name in sorted(files_in(folder))}}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1))
    return manifest


def files_in(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != MANIFEST:
            yield str(path.relative_to(folder))


def copy_files(source: Path, target: Path) -> None:
    """Copy what is not there yet. A stored file never changes; one may go while others are copied."""
    target.mkdir(exist_ok=True)
    for path in source.rglob("*") if source.is_dir() else ():
        copy = target / path.relative_to(source)
        if path.is_file() and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copy2(path, copy)
            except FileNotFoundError:
                copy.unlink(missing_ok=True)


def differences(folder: Path) -> Iterator[str]:
    """What is not in a backup as its manifest says, a sentence each. Failed when there is no manifest."""
    try:
        expected = json.loads((folder / MANIFEST).read_text())["files"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise Failed(f"{folder} is no backup ({type(problem).__name__}).") from None
    there = set(files_in(folder))
    for name in sorted(set(expected) - there):
        yield f"{name} is missing"
    for name in sorted(there - set(expected)):
        yield f"{name} is not in the manifest"
    for name in sorted(there & set(expected)):
        if sha256_of(folder / name) != expected[name]:
            yield f"{name} is not the file that was backed up: its SHA-256 differs"


@contextmanager
def reading(url: str):
    """This process reads the database at `url` inside, and the site's own afterwards."""
    own = connection.settings_dict
    other = own | dj_database_url.parse(url)
    connection.close()
    connection.settings_dict = other
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = own


def restore(folder: Path, url: str) -> None:
    """Restore the dump of a backup into an empty database. Failed when it is not empty, or is the site's own."""
    target = dj_database_url.parse(url)
    own = connection.settings_dict
    if all((target.get(key) or "") == (own.get(key) or "") for key in ("HOST", "PORT", "NAME")):
        raise Failed("That is the site's own database. Restore into another one.")
    with reading(url):
        if counts():
            raise Failed("The database is not empty: restore into a new one.")
    run(
        "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--dbname", target["NAME"],
        folder / DUMP, database=target,
    )  # fmt: skip

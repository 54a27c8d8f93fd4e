"""The tests run the application as production does: as a role of the database that owns nothing (docs/operations.md).

The tables are made, and emptied after a test of several transactions, by the owner; everything between is the runtime
role's. A test that must do what only an owner or an administrator could says so: `with as_owner():`.
"""

import fcntl
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.backends.signals import connection_created

from microacq import database_roles

made = False
"""Whether the roles are there: not in a database that somebody gave, whose administrator makes them."""


def make_roles() -> None:
    """Run what `setup_roles` prints, in the tests' database. Roles belong to the whole server: one run at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            return
    settings.DEVDB_VAR_DIR.mkdir(parents=True, exist_ok=True)
    with open(settings.DEVDB_VAR_DIR / "test-roles.lock", "w") as lock, connection.cursor() as cursor:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cursor.execute(database_roles.roles_sql(connection.settings_dict["NAME"]))
        cursor.execute(database_roles.grants_sql())
    global made
    made = True


def _on_connection(connection, **kwargs):
    become(connection, database_roles.RUNTIME)


def become(connection, role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'SET SESSION AUTHORIZATION "{role}"' if role else "RESET SESSION AUTHORIZATION")


@contextmanager
def as_runtime():
    """This connection, and every one opened meanwhile, is the runtime role's."""
    if not made:
        yield
        return
    connection_created.connect(_on_connection)
    try:
        become(connection, database_roles.RUNTIME)
        yield
    finally:
        connection_created.disconnect(_on_connection)
        if connection.connection is not None:
            with suppress(DatabaseError):  # of a transaction that failed: its end brings the owner back
                become(connection, "")


@contextmanager
def as_owner():
    """What happens inside is done by an administrator, behind the application's back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user = %s", [database_roles.RUNTIME])
        before = database_roles.RUNTIME if cursor.fetchone()[0] else ""
    become(connection, "")
    try:
        yield
    finally:
        become(connection, before)


def refused(sql: str, params=None) -> bool:
    """Whether the database refuses the statement for want of a right (and for nothing else)."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
    except DatabaseError as problem:
        code = getattr(problem.__cause__, "pgcode", "")
        return code == "42501"  # insufficient_privilege
    return False

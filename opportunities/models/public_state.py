"""What is posted, in one row that the database writes itself: the mark of it, another one after each change, and its counts.

Triggers of the migrations `public_state` and `posted_counts` write it as the last thing before the commit, so that whoever
reads it reads at least what it stands for, and two transactions at once wait for each other only then.
"""

from typing import Any

from django.db import InterfaceError, OperationalError, connections, models


class PublicState(models.Model):
    """One row: a text that was never there before and never comes again, and how many are posted of each kind."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    mark = models.CharField(max_length=60)
    counts = models.JSONField(default=dict, db_default={})


class CountChange(models.Model):
    """What a transaction that is under way adds to one of the counts; it is added, and this row gone, before the commit."""

    key = models.CharField(max_length=80)
    number = models.IntegerField()


def current_mark(database: str = "default") -> str:
    """The mark that the database has now, in one short query; empty while nothing was ever posted."""
    found = ask_first("SELECT mark FROM opportunities_publicstate", database=database)
    return found[0] if found else ""


def ask_first(statement: str, values: Any = None, *, database: str = "default") -> tuple | None:
    """The row that a statement reads, which a request asks first of all. Its answer shows that the connection, kept since
    another request, still lives, so that Django need not ask for that; when it does not, it is opened anew, once."""
    connection = connections[database]
    kept = connection.connection is not None and not connection.in_atomic_block
    connection.health_check_done = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()
    except (OperationalError, InterfaceError):
        if not kept:
            raise
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()

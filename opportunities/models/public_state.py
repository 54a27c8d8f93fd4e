"""What is posted, in one row that the database writes itself: the mark of it, another one after each change, and its counts.

Triggers of the migrations `public_state` and `posted_counts` write it as the last thing before the commit, so that whoever
reads it reads at least what it stands for, and two transactions at once wait for each other only then.
"""

from django.db import connections, models


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
    with connections[database].cursor() as cursor:
        cursor.execute("SELECT mark FROM opportunities_publicstate")
        found = cursor.fetchone()
    return found[0] if found else ""

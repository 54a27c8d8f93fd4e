"""What every record of evidence shares: it is written once, and the database refuses to change it."""

import pgtrigger


def append_only():
    """Trigger for a table whose rows are never changed nor deleted."""
    return pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


def never_deleted():
    """Trigger for a table whose rows stay."""
    return pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)


def written_once(*fields: str):
    """Trigger for columns that keep their first value."""
    return pgtrigger.ReadOnly(name="written_once", fields=list(fields))


def erased_only(**empty: str):
    """Trigger for columns that keep their first value, until it is disposed of: each may be emptied, and nothing else.

    `empty`: column -> its empty value in SQL, such as "''". What must be kept is kept, and what must go can go.
    """
    changed = " OR ".join(
        f"(NEW.{column} IS DISTINCT FROM OLD.{column} AND NEW.{column} IS DISTINCT FROM {value})"
        for column, value in empty.items()
    )
    return pgtrigger.Protect(
        name="erased_only", operation=pgtrigger.Update, condition=pgtrigger.Condition(changed)
    )

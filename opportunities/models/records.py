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

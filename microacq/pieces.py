"""Reads a long result piece by piece, in bounded memory, without a cursor of the database's.

A cursor would tie the reader to one connection, which a pooler between the site and PostgreSQL does not promise; without
one, Django's `iterator()` holds every row. Here the keys alone are read first: a few bytes a row.
"""

from collections.abc import Iterator

from django.db.models import Model, QuerySet


def pieces(found: QuerySet, at_once: int) -> Iterator[list[Model]]:
    """The rows of a queryset in its order, as lists of at most `at_once`, each read when it is asked for.

    What is deleted meanwhile is left out; what is added meanwhile is not in it.
    """
    keys = list(found.values_list("pk", flat=True))
    for start in range(0, len(keys), at_once):
        asked = keys[start : start + at_once]
        by_key = {row.pk: row for row in found.filter(pk__in=asked)}
        yield [by_key[key] for key in asked if key in by_key]

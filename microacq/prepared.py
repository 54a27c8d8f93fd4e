"""A query that is asked on almost every page, written into SQL once: Django takes longer to write it than PostgreSQL to answer.

Knows no table. What changes from one asking to the next are keys alone, so that the SQL is always the same.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import QuerySet


class Prepared:
    """`build` takes as many keys as are asked with, and gives a query of `values()`. It is called once, with keys that
    no row has."""

    def __init__(self, build: Callable[..., QuerySet], keys: int):
        self.build, self.stand_ins = build, range(-keys, 0)

    @cached_property
    def written(self) -> tuple[str, tuple]:
        return self.build(*self.stand_ins).query.sql_with_params()

    def rows(self, *keys: int) -> list[dict[str, Any]]:
        """What it finds, by the names of the columns: Django writes annotations in any order, another in each process."""
        sql, values = self.written
        put = dict(zip(self.stand_ins, keys, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(sql, [put.get(value, value) for value in values])
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def first(self, *keys: int) -> dict[str, Any] | None:
        """The first row, or None."""
        return next(iter(self.rows(*keys)), None)

"""Reads that may go to a streaming replica of the database: anonymous ones, of documents that decide nothing.

A replica is a moment behind. So it is asked only when it already has the latest of what such a read shows, which one short
query of each tells; when it is behind or away, the primary answers, as it answers everything else. Knows no document.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, transaction

log = logging.getLogger("microacq.replica")
REPLICA, PRIMARY = "replica", "default"
PAUSE = 10
"""Seconds during which a replica that could not be reached is not tried again."""
_reading: ContextVar[bool] = ContextVar("reads from the replica", default=False)
_away_until = 0.0
Piece = TypeVar("Piece")


class Router:
    """Django's router: every query goes to the primary, unless it is a read inside `reads()`."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return REPLICA if _reading.get() else PRIMARY

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return PRIMARY

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == PRIMARY


def up_to_date(mark: Callable[[str], str]) -> bool:
    """Whether there is a replica that has all that the primary has. `mark` gives, for a database's alias, a text that is
    another after each change of what is to be read."""
    global _away_until
    if REPLICA not in settings.DATABASES or transaction.get_connection(PRIMARY).in_atomic_block:
        return False
    if time.monotonic() < _away_until:
        return False
    try:
        found = mark(REPLICA)
    except DatabaseError as problem:
        _away_until = time.monotonic() + PAUSE
        log.warning("The replica cannot be asked (%s): the primary answers.", type(problem).__name__)
        return False
    return found == mark(PRIMARY)


@contextmanager
def reads() -> Iterator[None]:
    """What is read within comes from the replica; what is written goes to the primary all the same."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def pieces(of: Iterable[Piece]) -> Iterator[Piece]:
    """The same pieces, each made inside `reads()`: for what is sent while it is still being read."""
    iterator = iter(of)
    while True:
        with reads():
            try:
                piece = next(iterator)
            except StopIteration:
                return
        yield piece

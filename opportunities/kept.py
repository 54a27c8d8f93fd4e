"""What this process has worked out of the public pages, kept until it is no longer true. Knows no page.

Two things make it untrue: a change of what is posted, which gives the database another mark in the same transaction
(models/public_state.py), and a moment that passes, such as a closing. So nothing that is kept is ever stale, on however
many machines; what it costs is one query, for the mark.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Fresh:
    """How long something stays true: from `since` to before `until`, while what is posted has this mark."""

    mark: str
    since: datetime
    until: datetime


class Kept:
    """The things last asked for, at most `settings.KEPT_PAGES` of them; none when that is 0."""

    def __init__(self) -> None:
        self._things: OrderedDict[Hashable, tuple[Fresh, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, now: datetime, mark: Any) -> Any:
        """What is kept under the key if it is still true, else None. `mark` is called for the mark, if need be."""
        with self._lock:
            fresh, thing = self._things.get(key, (None, None))
        if fresh is None or not fresh.since <= now < fresh.until or fresh.mark != mark():
            return None
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
        return thing

    def put(self, key: Hashable, fresh: Fresh, thing: Any) -> None:
        """Keep it, and drop what was not asked for longest."""
        with self._lock:
            self._things[key] = (fresh, thing)
            self._things.move_to_end(key)
            while len(self._things) > settings.KEPT_PAGES:
                self._things.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._things.clear()

"""How many opportunities are posted, by state, price and closing, and how many ask for each skill: however many, two rows.

The database keeps the numbers itself (models/public_state.py), so nothing is counted when a page is read. Knows no
filter: whoever reads says what a number belongs to.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection

from .facets import Skills

# What this very transaction changed is not in `counts` before it ends; nobody else ever sees a row of it.
READ = """
SELECT (SELECT counts FROM opportunities_publicstate),
       (SELECT jsonb_object_agg(key, number) FROM (
            SELECT key, sum(number) AS number FROM opportunities_countchange GROUP BY key) AS changed),
       (SELECT jsonb_agg(jsonb_build_array(id, name_en, name_fr)) FROM opportunities_skill)
"""
Place = TypeVar("Place")


@dataclass(frozen=True)
class PostedCounts:
    """`numbers` by key as the database writes it: "skill 12", or state, price and, of what is posted and may still be
    open, the second of its closing: "posted 1 1800000000"."""

    numbers: Counter[str]
    names: list[tuple[int, str, str | None]]

    def placed(self, place: Callable[[str, int, float], Place]) -> dict[Place, int]:
        """How many are in each place. `place` is given a state, 0, 1 or 2 for a price up to $2,500, up to $5,000 or more,
        and when it closes, in seconds since 1970 (0 once it is no longer posted)."""
        found: dict[Place, int] = defaultdict(int)
        for key, number in self.numbers.items():
            state, price, *closing = key.split()
            if state != "skill":
                found[place(state, int(price), float(closing[0]) if closing else 0)] += number
        return found

    @property
    def skills(self) -> Skills:
        """Every skill that something posted asks for, with how many do."""
        counted = ((key, en, fr, self.numbers[f"skill {key}"]) for key, en, fr in self.names)
        return [(str(key), {"en": en, "fr": fr or en}, number) for key, en, fr, number in counted if number]


def read() -> PostedCounts:
    """The numbers as they are now, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        kept, changed, names = (json.loads(value) if value else value for value in cursor.fetchone())
    numbers = Counter(kept or {})
    numbers.update(changed or {})
    return PostedCounts(numbers, names or [])

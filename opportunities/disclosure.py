"""What may be shown of counts without telling of a few: no group smaller than five, not even by subtraction. Pure.

The rule is the usual one for published tables: small cells are hidden, and with them another, so that the total less
what is shown does not give them back (Statistics Canada's term is complementary suppression).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

LEAST = 5
"""The smallest group that is shown."""


def is_small(count: int) -> bool:
    """Whether a count stands for somebody, and for too few."""
    return 0 < count < LEAST


@dataclass(frozen=True)
class Protected:
    """The cells of a table and their total as they may be shown; None for what is not."""

    cells: tuple[int | None, ...]
    total: int | None


def protect(counts: Sequence[int]) -> Protected:
    """The cells of one breakdown that may be shown together with their total.

    With a small cell every other cell of the smallest size that is not small is hidden too. What is hidden then holds
    a small and a large group, and nothing published says which is which: the same table would be published with their
    sizes exchanged. Where no other cell is large enough, the total is hidden instead.
    """
    if not any(map(is_small, counts)):
        return Protected(tuple(counts), sum(counts))
    cover = min((count for count in counts if count >= LEAST), default=None)
    cells = tuple(None if is_small(count) or count == cover else count for count in counts)
    return Protected(cells, None if cover is None else sum(counts))


def may_share(part: int, whole: int, asked: int) -> bool:
    """Whether "`part` of the `whole` who answered" may be shown, when `asked` were asked.

    Neither side may be a small group; and when everybody who was asked answered, neither may be empty: that would say
    the same of each of them.
    """
    rest = whole - part
    if whole < LEAST or is_small(part) or is_small(rest):
        return False
    return whole < asked or min(part, rest) >= LEAST


def may_average(number: int) -> bool:
    """Whether an average over that many may be shown."""
    return number >= LEAST


def rounded_down(count: int) -> int:
    """A count to the multiple of five below: two such numbers, seen on two days, do not tell of one person."""
    return count - count % LEAST


@dataclass
class Nested:
    """Counts of groups that may lie one within another, shown side by side: no difference of two may be small."""

    shown: list[int] = field(default_factory=list)

    def show(self, count: int | None) -> int | None:
        """The count, when it may be shown beside those that already are; else None."""
        if count is None or is_small(count) or any(is_small(abs(count - other)) for other in self.shown):
            return None
        self.shown.append(count)
        return count

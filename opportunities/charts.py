"""Bar charts drawn on the server, each with the table of what it draws (templates/components/chart.html).

Bars lie under their labels and are measured in shares of the page's width, so that a chart is read as well on a phone
as on a wide screen; colours are the style sheet's. Knows numbers and words, no opportunity.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from textwrap import wrap
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from microacq import money as dollars

Number = int | float | Decimal
LINE, BAR, GAP = 22, 16, 14
"""Heights in pixels: of a line of a label, of a bar, and between two bars."""
LETTERS = 34
"""In a line of a label: what fits on a screen of 320 pixels."""
WIDEST = 98
"""Percent of the width that the largest value takes, so that a target's line beside it is still seen."""


def french() -> bool:
    """Whether the reader's language is French."""
    return (get_language() or "en").startswith("fr")


def number(value: Number, places: int = 0) -> str:
    """A number as the reader writes it: 1,234.5 or 1 234,5."""
    return number_format(value, decimal_pos=places, use_l10n=True, force_grouping=True)


def percent(share: Number) -> str:
    """A share (0 to 1) in percent: 80% or 80 %."""
    return f"{number(round(Decimal(share) * 100))}{chr(0xA0) if french() else ''}%"


def money(amount: Number) -> str:
    """Canadian dollars: $1,234.50 or 1 234,50 $."""
    return dollars.display(Decimal(amount), "fr" if french() else "en")


def not_shown() -> str:
    """What stands where a number would tell of too few."""
    return _("Not shown")


@dataclass(frozen=True)
class Bar:
    """One row. `value` None: not shown. `more` are further cells of the table, as text."""

    label: str
    value: Number | None
    text: str = ""
    target: Number | None = None
    target_text: str = ""
    more: Sequence[str] = ()

    @property
    def shown(self) -> str:
        """The value as the reader writes it."""
        return not_shown() if self.value is None else self.text or number(self.value)


@dataclass(frozen=True)
class Chart:
    """A chart and its table. `headings`: of the labels, the values, the targets where there are any, then of `more`."""

    key: str
    title: str
    note: str
    headings: Sequence[str]
    bars: Sequence[Bar]
    total: Bar | None = None
    drawn: bool = True
    unit: str = ""
    """For machines: count, dollars, days, share."""
    more_unit: str = "count"

    @property
    def has_targets(self) -> bool:
        return any(bar.target is not None for bar in self.bars)

    def is_late(self, bar: Bar) -> bool:
        """Whether it took more days than its target. Of other units more is no lateness."""
        return self.unit == "days" and bool(bar.value and bar.target) and bar.value > bar.target  # type: ignore[operator]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(bar.value for bar in self.bars)

    def cells(self, bar: Bar) -> list[str]:
        """The cells of a row after its label."""
        return [bar.shown, *([bar.target_text] if self.has_targets else []), *bar.more]

    def rows(self) -> Iterator[tuple[str, list[str]]]:
        """The rows of the table: label and cells."""
        for bar in self.bars:
            yield bar.label, self.cells(bar)

    @property
    def total_cells(self) -> list[str]:
        return self.cells(self.total) if self.total else []

    @cached_property
    def drawing(self) -> "Drawing":
        return Drawing(self)


@dataclass
class Drawing:
    """Where everything stands. Lengths are text, since a number would be written in the reader's language."""

    chart: Chart
    rows: list[dict[str, Any]] = field(default_factory=list)
    height: str = "0"

    def __post_init__(self) -> None:
        numbers = [n for bar in self.chart.bars for n in (bar.value, bar.target) if n]
        longest, y = float(max(numbers, default=1)), 0
        for bar in self.chart.bars:
            lines = []
            for text in wrap(_("%(label)s: %(value)s") % {"label": bar.label, "value": bar.shown}, LETTERS):
                y += LINE
                lines.append((str(y - 6), text))
            row = {
                "lines": lines,
                "y": str(y),
                "width": _share(bar.value, longest),
                "target": _share(bar.target, longest),
                "top": str(y - 3),
                "foot": str(y + BAR + 3),
                "late": self.chart.is_late(bar),
            }
            self.rows.append(row)
            y += BAR + GAP
        self.height = str(y)

    bar_height = str(BAR)


def _share(value: Number | None, longest: float) -> str:
    return f"{float(value) / longest * WIDEST:.2f}%" if value else ""

"""The federal fiscal year, April to March, and its quarters, in Eastern time. Knows no record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from microacq import clock

QUARTERS = (
    gettext_lazy("April to June"),
    gettext_lazy("July to September"),
    gettext_lazy("October to December"),
    gettext_lazy("January to March"),
)


def fiscal_year(day: date) -> int:
    """The calendar year in which the fiscal year of a day begins."""
    return day.year if day.month >= 4 else day.year - 1


def quarter(day: date) -> tuple[int, int]:
    """The fiscal year and the quarter, 1 to 4, of a day."""
    return fiscal_year(day), (day.month - 4) % 12 // 3 + 1


def quarter_label(year: int, number: int) -> str:
    """A quarter in words: "2026-27, April to June"."""
    return f"{_span(year)}, {QUARTERS[number - 1]}"


def _span(year: int) -> str:
    return f"{year}-{(year + 1) % 100:02d}"


@dataclass(frozen=True)
class Period:
    """One fiscal year, by the calendar year in which it begins; or all of time, when `year` is None."""

    year: int | None = None

    @property
    def key(self) -> str:
        """As in the address: "2026-27", or nothing for all."""
        return "" if self.year is None else _span(self.year)

    @property
    def label(self) -> str:
        return _("All years") if self.year is None else _("April %(first)d to March %(last)d") % {"first": self.year, "last": self.year + 1}  # fmt: skip

    def moments(self, name: str) -> Q:
        """The condition for a field of moments."""
        if self.year is None:
            return Q(**{f"{name}__isnull": False})
        edges = [datetime.combine(day, time(), clock.EASTERN) for day in self._edges(self.year)]
        return Q(**{f"{name}__gte": edges[0], f"{name}__lt": edges[1]})

    def days(self, name: str) -> Q:
        """The condition for a field of days."""
        if self.year is None:
            return Q(**{f"{name}__isnull": False})
        first, after = self._edges(self.year)
        return Q(**{f"{name}__gte": first, f"{name}__lt": after})

    @staticmethod
    def _edges(year: int) -> tuple[date, date]:
        return date(year, 4, 1), date(year + 1, 4, 1)


ALL = Period()


def choices(first: Any, now: datetime) -> list[Period]:
    """All of time, then each fiscal year from the present one back to that of the moment `first` (None: the present alone)."""
    present = fiscal_year(now.astimezone(clock.EASTERN).date())
    begun = fiscal_year(first.astimezone(clock.EASTERN).date()) if first else present
    return [ALL, *(Period(year) for year in range(present, min(begun, present) - 1, -1))]

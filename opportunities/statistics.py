"""The public statistics: those that harm nobody. No group smaller than five is shown, nor can be had by subtraction.

Of closed opportunities alone, all years together; the choosing side adds its parts with `@published`. What is made is
kept in the cache until something posted changes or the day ends, so that the page costs two queries.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.cache import cache
from django.db.models import Count, Q, Sum
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from microacq import clock

from . import clocks, disclosure
from .charts import Bar, Chart, money, not_shown, number
from .measures import by_count, days_to_pay
from .measures_charts import PAY_EDGES, days_in_steps, pay_labels, step_label, value_of_quarters
from .models import Assessment, Contract, Opportunity, RegistryEntry
from .periods import ALL, quarter_label
from .public_status import AWAITING_RESULT, UNDER_CONTRACT
from .publishing.changes import last_change
from .states import STEPS

KEPT = 24 * 60 * 60
"""Seconds in the cache, at most."""
SELECTED = (*UNDER_CONTRACT, "complete", "terminated")
PUBLISHED: list[tuple[int, Callable[[datetime], Iterable[Chart]]]] = []


@dataclass(frozen=True)
class Figure:
    """One number as machines read it; `value` None: not shown."""

    table: str
    row: str
    value: str | None
    unit: str


def published(order: int):
    """Decorator: the function takes the time and gives tables in which nothing small is shown."""

    def keep(function):
        PUBLISHED.append((order, function))
        PUBLISHED.sort(key=lambda pair: pair[0])
        return function

    return keep


def statistics(now: datetime) -> list[Chart]:
    """Every table of the page, in the reader's language, as made since the last change or this morning."""
    state = last_change(now)
    day = now.astimezone(clock.EASTERN).date()
    stamp = int(state.changed_at.timestamp()) if state.changed_at else 0
    key = f"statistics:1:{get_language()}:{day}:{state.mark}:{stamp}"
    found = cache.get(key)
    if found is None:
        found = [chart for _order, function in PUBLISHED for chart in function(now)]
        cache.set(key, found, KEPT)
    return found


def figures(tables: list[Chart]) -> Iterable[Figure]:
    """The same numbers, one a line."""
    for table in tables:
        for bar in (*table.bars, *([table.total] if table.total else ())):
            yield Figure(table.title, bar.label, None if bar.value is None else str(bar.value), table.unit)
            for heading, text in zip(table.headings[2 + table.has_targets :], bar.more, strict=True):
                told = None if text == not_shown() else text
                yield Figure(f"{table.title}: {heading}", bar.label, told, table.more_unit)


def closed(now: datetime):
    """The opportunities that the page tells of: closed, and not cancelled."""
    return Opportunity.objects.public().filter(closing_at__lte=now).exclude(state="cancelled")


def breakdown(
    key: str, title: str, note: str, headings: list[str], labels: list[str], counts: list[int]
) -> Chart:
    """A table of counts with their total, protected."""
    safe = disclosure.protect(counts)
    bars = [Bar(label, count) for label, count in zip(labels, safe.cells, strict=True)]
    return Chart(key, title, note, headings, bars, Bar(_("Total"), safe.total), unit="count")


def by_result(now: datetime) -> Chart:
    """What became of the closed opportunities."""
    waiting = Q(state__in=("posted", *AWAITING_RESULT))
    counted = closed(now).aggregate(
        waiting=Count("pk", filter=waiting),
        selected=Count("pk", filter=Q(state__in=SELECTED)),
        without=Count("pk", filter=Q(state="no_award")),
    )
    return breakdown(
        "results",
        _("Closed opportunities, by result"),
        _("Opportunities whose closing date has passed. Cancelled ones are left out."),
        [_("Result"), _("Opportunities")],
        [_("Result to come"), _("Supplier selected"), _("Closed without a supplier")],
        [counted["waiting"], counted["selected"], counted["without"]],
    )


@published(10)
def results(now: datetime) -> Iterable[Chart]:
    """What became of them; and, when the number of contracts is shown there, what is told of contracts."""
    table = by_result(now)
    yield table
    selected = table.bars[1].value
    if selected is None:
        return  # what is told of contracts would give back what is hidden above
    shown = disclosure.Nested([n for n in (selected, table.total.value) if n is not None])
    yield from about_contracts(shown)


def about_contracts(shown: disclosure.Nested) -> Iterable[Chart]:
    """The contracts: how many came to what, their value by quarter, the time to pay."""
    contracts = Contract.objects.aggregate(number=Count("pk"), value=Sum("price"))
    delivered = Assessment.objects.filter(accepted=True).values("delivery__opportunity").distinct().count()
    entries = RegistryEntry.objects.filter(merged_on__isnull=False).count()
    days = days_to_pay(ALL)
    signed, accepted, registered, paid = (
        shown.show(count) for count in (contracts["number"], delivered, entries, len(days))
    )
    yield Chart(
        "contracts",
        _("From the contract to the registry"),
        _("Contracts signed, and what came of them."),
        [_("What"), _("How many")],
        [
            Bar(_("Contracts signed"), signed),
            Bar(_("Work delivered and accepted"), accepted),
            Bar(_("Entries in the Open Resource Exchange"), registered),
            Bar(_("Suppliers paid"), paid),
        ],
        drawn=False,
        unit="count",
    )
    yield from value_and_time(signed, paid, days)


def value_and_time(signed: int | None, paid: int | None, days: list[int]) -> Iterable[Chart]:
    """Value by quarter where the number of contracts is shown, time to pay where that of payments is."""
    if signed:
        found = value_of_quarters(ALL)
        safe = disclosure.protect([count for count, _value in found.values()])
        bars = []
        for (key, (_count, value)), count in zip(found.items(), safe.cells, strict=True):
            told = None if count is None else value
            bars.append(
                Bar(quarter_label(*key), told, "" if told is None else money(told), more=[_number(count)])
            )
        value = None if safe.total is None else sum((value for _count, value in found.values()), Decimal(0))
        total = Bar(_("Total"), value, "" if value is None else money(value), more=[_number(safe.total)])
        note = _("Fixed prices, before taxes, of the contracts signed in each quarter of the fiscal year.")
        yield Chart("value", _("Value by quarter"), note, [_("Quarter"), _("Value"), _("Contracts")], bars, total, unit="dollars")  # fmt: skip
    if paid:
        yield breakdown(
            "pay",
            _("Time to pay"),
            _("Calendar days from the certified invoice to the payment. The pilot aimed at 7; ordinary procurement took 31."),
            [_("Time"), _("Payments")],
            pay_labels(),
            by_count(days, PAY_EDGES),
        )  # fmt: skip


def _number(count: int | None) -> str:
    return not_shown() if count is None else number(count)


@published(30)
def time_in_steps(now: datetime) -> Iterable[Chart]:
    """Business days in each step, where five opportunities or more have passed it."""
    bars = []
    found = days_in_steps(closed(now), now)
    for step in STEPS:
        mean, count = found.get(step, (0, 0))
        target = clocks.STEP_TARGETS.get(step)
        value = round(mean, 1) if disclosure.may_average(count) else None
        bars.append(Bar(step_label(step), value, "" if value is None else number(value, 1), target, number(target) if target else ""))  # fmt: skip
    yield Chart(
        "days",
        _("Business days in each step, against the target"),
        _("On average, for closed opportunities that have left the step. The supplier’s own time to do the work is left out."),
        [_("Step"), _("Business days"), _("Target")],
        bars,
        unit="days",
    )  # fmt: skip

"""The charts of the measures' page: through the steps, days per step, value by quarter, time to pay.

The choosing side adds its own with `@charted`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from itertools import islice

from django.db.models import Case, Count, IntegerField, Max, Value, When
from django.utils.translation import gettext as _

from microacq import clock

from . import clocks
from .charts import Bar, Chart, money, number
from .measures import by_count, days_to_pay, requests
from .models import Contract, Event, Opportunity
from .periods import Period, quarter, quarter_label
from .states import ENDINGS, STATES, STEPS

AT_ONCE = 500
PAY_EDGES = (0, 8, 16, 32)
"""Days: within a week as the pilot aimed, within half of the ordinary time, within the ordinary time, longer."""

CHARTED: list[tuple[int, Callable[[Period, datetime], Chart]]] = []


def charted(order: int):
    """Decorator: the function takes (period, now) and gives a chart."""

    def keep(function):
        CHARTED.append((order, function))
        CHARTED.sort(key=lambda pair: pair[0])
        return function

    return keep


def charts(period: Period, now: datetime) -> list[Chart]:
    """Every chart of the page, in order."""
    return [function(period, now) for _order, function in CHARTED]


def step_label(step: int) -> str:
    return f"{step}. {STEPS[step]}"


@charted(10)
def through_the_steps(period: Period, now: datetime) -> Chart:
    """How many of the period's requests reached each step, and how many stand there."""
    entered = [
        When(target=name, then=Value(state.step)) for name, state in STATES.items() if not state.is_ending
    ]
    reached = (
        Event.objects.filter(opportunity__in=requests(period))
        .order_by()
        .values("opportunity")
        .annotate(step=Max(Case(*entered, default=Value(1), output_field=IntegerField())))
        .values_list("step", flat=True)
    )
    furthest = Counter(reached)
    there: Counter[int] = Counter()
    standing = Opportunity.objects.filter(pk__in=requests(period)).exclude(state__in=ENDINGS).order_by()
    for state, count in standing.values_list("state").annotate(Count("pk")):
        there[STATES[state].step] += count
    bars = [
        Bar(step_label(step), sum(furthest[n] for n in range(step, 10)), more=[number(there[step])])
        for step in STEPS
    ]
    return Chart(
        "steps",
        _("Opportunities through the steps"),
        _(
            "Of the needs first submitted in the period: how many reached each step, and how many stand there now."
        ),
        [_("Step"), _("Reached it"), _("There now")],
        bars,
        unit="count",
    )


def days_in_steps(opportunities, now: datetime) -> dict[int, tuple[float, int]]:
    """{step: (business days on average, how many passed it)} of the opportunities that left the step.

    `opportunities`: a queryset. The supplier's own time, which is agreed in a contract, is left out.
    """
    days: dict[int, int] = defaultdict(int)
    number_of: Counter[int] = Counter()
    found = opportunities.only("pk", "created_at").order_by("pk").iterator(chunk_size=AT_ONCE)
    while batch := list(islice(found, AT_ONCE)):
        for told in clocks.for_many(batch, now).values():
            spent: Counter[int] = Counter()
            still = {stay.state.step for stay in told.stays if stay.until is None}
            for stay in told.stays:
                if stay.state.name != clocks.WORK:
                    spent[stay.state.step] += stay.days
            for step, total in spent.items():
                if step not in still:
                    days[step] += total
                    number_of[step] += 1
    return {step: (days[step] / count, count) for step, count in number_of.items()}


@charted(20)
def days_per_step(period: Period, now: datetime) -> Chart:
    """Business days in each step, on average, against the guide's target."""
    found = days_in_steps(Opportunity.objects.filter(pk__in=requests(period)), now)
    bars = []
    for step in STEPS:
        mean, count = found.get(step, (0, 0))
        target = clocks.STEP_TARGETS.get(step)
        bars.append(
            Bar(
                step_label(step),
                mean,
                number(mean, 1) if count else _("Nothing yet"),
                target,
                number(target) if target else "",
                [number(count)],
            )
        )
    return Chart(
        "days",
        _("Business days in each step, against the target"),
        _("On average, for the needs first submitted in the period that have left the step. The supplier’s own time to do the work is left out."),
        [_("Step"), _("Business days"), _("Target"), _("Opportunities")],
        bars,
        unit="days",
    )  # fmt: skip


def value_of_quarters(period: Period) -> dict[tuple[int, int], tuple[int, Decimal]]:
    """{(fiscal year, quarter): (contracts, their fixed prices)} of the contracts signed in the period, in order of time."""
    found: dict[tuple[int, int], tuple[int, Decimal]] = {}
    signed = Contract.objects.filter(period.moments("signed_at")).order_by("signed_at")
    for moment, price in signed.values_list("signed_at", "price").iterator():
        key = quarter(moment.astimezone(clock.EASTERN).date())
        count, value = found.get(key, (0, Decimal(0)))
        found[key] = (count + 1, value + price)
    return found


@charted(40)
def value_by_quarter(period: Period, now: datetime) -> Chart:
    """The fixed prices of the contracts signed in each quarter."""
    found = value_of_quarters(period)
    bars = [
        Bar(quarter_label(*key), value, money(value), more=[number(count)])
        for key, (count, value) in found.items()
    ]
    value = sum((value for _count, value in found.values()), Decimal(0))
    total = Bar(
        _("Total"), value, money(value), more=[number(sum(count for count, _value in found.values()))]
    )
    return Chart(
        "value",
        _("Value by quarter"),
        _("Fixed prices, before taxes, of the contracts signed in each quarter of the fiscal year."),
        [_("Quarter"), _("Value"), _("Contracts")],
        bars,
        total,
        unit="dollars",
    )


def pay_labels() -> list[str]:
    return [_("Within 7 days"), _("8 to 15 days"), _("16 to 31 days"), _("More than 31 days")]


@charted(50)
def time_to_pay(period: Period, now: datetime) -> Chart:
    """How many payments came within how many days."""
    counts = by_count(days_to_pay(period), PAY_EDGES)
    return Chart(
        "pay",
        _("Time to pay"),
        _(
            "Calendar days from the certified invoice to the payment. The pilot aimed at 7; ordinary procurement took 31."
        ),
        [_("Time"), _("Payments")],
        [Bar(label, count) for label, count in zip(pay_labels(), counts, strict=True)],
        Bar(_("Total"), sum(counts)),
        unit="count",
    )

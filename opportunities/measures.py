"""The measures of success: each with its target, its figure, and how it is counted (the pilot's list of measures).

Counts what is on record; the choosing side adds its own measures with `@counted` (evaluations/measures.py). Each
function takes the period and the time, and asks the same few queries whatever there is.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, OuterRef, Subquery, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from microacq import clock

from .charts import money, not_shown, number, percent
from .models import (
    Assessment,
    Contract,
    Event,
    HandRecord,
    Opportunity,
    Payment,
    RegistryEntry,
    Screening,
    SplittingDecision,
    SplittingFlag,
)
from .periods import Period

ORDINARY_DAYS_TO_PAY = 31
"""Calendar days from invoice to payment in ordinary procurement, as the pilot found."""


@dataclass(frozen=True)
class Target:
    """What a measure should reach: `how` is "more" (than), "least" (at least) or "most" (at most)."""

    how: str
    value: Decimal

    def met(self, value: Decimal) -> bool:
        """Whether a value reaches it."""
        return {"more": value > self.value, "least": value >= self.value, "most": value <= self.value}[
            self.how
        ]


UNITS: dict[str, Callable[[Any], str]] = {
    "count": number,
    "mean": lambda value: number(value, 1),
    "share": percent,
    "money": money,
    "hours": lambda value: _("%(number)s hours") % {"number": number(value, 1)},
    "days": lambda value: _("%(number)s days") % {"number": number(value, 1)},
}


@dataclass(frozen=True)
class Measure:
    """One measure. `value` None: nothing to count yet, or, with `withheld`, too few to be shown.

    `value` is a count, a mean, a share (0 to 1), dollars, hours or days, as `unit` says; `basis` says of how many.
    """

    order: int
    key: str
    label: Any
    unit: str
    value: Any
    how: Any
    target: Target | None = None
    basis: str = ""
    withheld: bool = False

    @property
    def shown(self) -> str:
        """The figure as the reader writes it."""
        if self.value is None:
            return not_shown() if self.withheld else _("Nothing yet")
        return UNITS[self.unit](self.value)

    @property
    def target_shown(self) -> str:
        if not self.target:
            return ""
        words = {
            "more": _("more than %(value)s"),
            "least": _("at least %(value)s"),
            "most": _("at most %(value)s"),
        }[self.target.how]
        places = self.target.value == self.target.value.to_integral_value()
        unit = "count" if self.unit == "mean" and places else self.unit
        return words % {"value": UNITS[unit](self.target.value)}

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None when there is none, or no figure."""
        if self.value is None or self.target is None:
            return None
        return self.target.met(Decimal(self.value))


COUNTED: list[Callable[[Period, datetime], Iterable[Measure]]] = []


def counted(function):
    """Decorator: the function takes (period, now) and gives measures."""
    COUNTED.append(function)
    return function


def measures(period: Period, now: datetime) -> list[Measure]:
    """Every measure, in the order of the pilot's list."""
    found = [measure for function in COUNTED for measure in function(period, now)]
    return sorted(found, key=lambda measure: measure.order)


def more_than(value: int | str) -> Target:
    return Target("more", Decimal(value))


def at_least(value: int | str) -> Target:
    return Target("least", Decimal(value))


def ratio(part: int, whole: int) -> Decimal | None:
    """The share, 0 to 1; None of nothing."""
    return Decimal(part) / whole if whole else None


def of(part: int, whole: int) -> str:
    """What a share is of, in words."""
    return _("%(part)s of %(whole)s") % {"part": number(part), "whole": number(whole)}


def requests(period: Period):
    """The keys of the needs first submitted in the period."""
    firsts = (
        Event.objects.filter(transition="submit").order_by().values("opportunity").annotate(first=Min("at"))
    )
    return firsts.filter(period.moments("first")).values("opportunity")


@counted
def needs(period: Period, now: datetime) -> Iterable[Measure]:
    """Requests, share eligible, posted; and what was found to be contract splitting."""
    asked = requests(period).count()
    yield Measure(
        30,
        "requests",
        gettext_lazy("Requests"),
        "count",
        asked,
        gettext_lazy("Needs submitted to the team for the first time in the period."),
    )
    last = (
        Screening.objects.exclude(decision=Screening.Decision.RETURNED)
        .filter(opportunity=OuterRef("opportunity"))
        .order_by("-decided_at", "-pk")
    )
    decided = Screening.objects.filter(period.moments("decided_at"), pk=Subquery(last.values("pk")[:1]))
    by_decision = dict(decided.order_by().values_list("decision").annotate(Count("pk")))
    every = sum(by_decision.values())
    eligible = every - by_decision.get(Screening.Decision.DECLINED, 0)
    yield Measure(
        40,
        "eligible",
        gettext_lazy("Share of requests found eligible"),
        "share",
        ratio(eligible, every),
        gettext_lazy(
            "Needs accepted or waitlisted, of those accepted, waitlisted or declined in the period; the latest decision on each counts."
        ),
        basis=of(eligible, every),
    )
    posted = Opportunity.objects.filter(period.moments("posted_at")).count()
    yield Measure(
        50,
        "posted",
        gettext_lazy("Opportunities posted"),
        "count",
        posted,
        gettext_lazy("Opportunities made public in the period, those run again among them."),
        at_least(10),
    )
    latest = SplittingDecision.objects.filter(flag=OuterRef("flag")).order_by("-pk")
    splitting = SplittingDecision.objects.filter(
        pk=Subquery(latest.values("pk")[:1]),
        answer=SplittingDecision.Answer.SPLITTING,
        flag__opportunity__in=requests(period),
    )
    found = splitting.values("flag__opportunity").distinct().count()
    flagged = (
        SplittingFlag.objects.filter(opportunity__in=requests(period))
        .values("opportunity")
        .distinct()
        .count()
    )
    basis = _("%(number)s found to be splitting; %(flagged)s looked alike and were compared") % {
        "number": number(found),
        "flagged": number(flagged),
    }
    yield Measure(100, "splitting", gettext_lazy("Flagged as contract splitting"), "share", ratio(found, asked), gettext_lazy("Requests of the period that a person of the team decided are contract splitting, of all requests of the period. What the site compared and a person found not to be splitting does not count."), Target("most", Decimal(0)), basis)  # fmt: skip


@counted
def contracts(period: Period, now: datetime) -> Iterable[Measure]:
    """From the terms signed to the code in the registry."""
    signed = Contract.objects.filter(period.moments("signed_at")).aggregate(
        number=Count("pk"), value=Sum("price")
    )
    without = Opportunity.objects.filter(period.moments("state_since"), state="no_award").count()
    chosen = signed["number"]
    yield Measure(
        60,
        "chosen",
        gettext_lazy("Supplier chosen and terms signed"),
        "share",
        ratio(chosen, chosen + without),
        gettext_lazy(
            "Contracts signed in the period, of these and of the opportunities that closed without a supplier in it. Cancelled ones are left out."
        ),
        at_least(1),
        of(chosen, chosen + without),
    )
    accepted = Assessment.objects.filter(period.moments("assessed_at"), accepted=True)
    code = accepted.values_list(
        "delivery__opportunity",
        "delivery__opportunity__repository",
        "delivery__opportunity__contracts__repository",
    )
    delivered = list(code.distinct())
    ended = Contract.objects.filter(period.moments("ended_at")).count()
    done = len(delivered)
    yield Measure(
        70,
        "delivered",
        gettext_lazy("Work delivered"),
        "share",
        ratio(done, done + ended),
        gettext_lazy("Work accepted in the period, of that and of the contracts ended early in it."),
        at_least(1),
        of(done, done + ended),
    )
    yield Measure(
        110,
        "value",
        gettext_lazy("Total value"),
        "money",
        signed["value"] or Decimal(0),
        gettext_lazy("Fixed prices, before taxes, of the contracts signed in the period."),
    )
    new = {
        _address(now_in)
        for _key, before, now_in in delivered
        if now_in and _address(now_in) != _address(before)
    }
    yield Measure(
        160,
        "repositories",
        gettext_lazy("New repositories"),
        "count",
        len(new),
        gettext_lazy(
            "Different open repositories of the work accepted in the period, without those that the need named as existing."
        ),
        more_than(5),
    )
    entries = RegistryEntry.objects.filter(period.days("merged_on")).count()
    yield Measure(
        170,
        "entries",
        gettext_lazy("Entries in the Open Resource Exchange"),
        "count",
        entries,
        gettext_lazy("Entries merged in the period."),
        at_least(10),
    )
    by_hand = HandRecord.objects.filter(
        forks__isnull=False, opportunity__in=[key for key, *_rest in delivered]
    ).aggregate(forks=Sum("forks"), number=Count("pk"))
    yield Measure(180, "forks", gettext_lazy("Forks"), "count", by_hand["forks"], gettext_lazy("Forks of the repositories of the work accepted in the period. The site does not ask other sites: the team counts them and records the number with its day, on the page of each opportunity."), more_than(1), _("recorded for %(part)s of %(whole)s") % {"part": number(by_hand["number"]), "whole": number(done)})  # fmt: skip


def _address(url: str) -> str:
    return (url or "").rstrip("/").removesuffix(".git").casefold()


def days_to_pay(period: Period) -> list[int]:
    """Calendar days from each certified invoice to its payment, for payments of the period."""
    paid = Payment.objects.filter(period.days("paid_on")).order_by()
    moments = paid.values_list("paid_on", "certification__invoice__sent_at")
    return [(day - sent.astimezone(clock.EASTERN).date()).days for day, sent in moments]


@counted
def payment(period: Period, now: datetime) -> Iterable[Measure]:
    """How long a supplier waited for their money."""
    days = days_to_pay(period)
    mean = Decimal(sum(days)) / len(days) if days else None
    basis = ""
    if mean is not None:
        less = ORDINARY_DAYS_TO_PAY - mean
        words = _("%(share)s less than %(days)s days; payments: %(number)s") if less >= 0 else _("%(share)s more than %(days)s days; payments: %(number)s")  # fmt: skip
        basis = words % {
            "share": percent(abs(less) / ORDINARY_DAYS_TO_PAY),
            "days": ORDINARY_DAYS_TO_PAY,
            "number": number(len(days)),
        }
    how = gettext_lazy(
        "Calendar days from the invoice that was certified to its payment, on average. The target is half of the 31 days of ordinary procurement; the pilot aimed at 7."
    )
    yield Measure(200, "time_to_pay", gettext_lazy("Time to pay"), "days", mean, how, Target("most", Decimal("15.5")), basis)  # fmt: skip


def by_count(numbers: Iterable[int], edges: tuple[int, ...]) -> list[int]:
    """How many of the numbers lie from each edge to below the next; the last has no end."""
    found: Counter[int] = Counter()
    for value in numbers:
        found[max(index for index, edge in enumerate(edges) if value >= edge)] += 1
    return [found[index] for index in range(len(edges))]

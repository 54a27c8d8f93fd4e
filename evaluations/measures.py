"""The measures that need applications or the survey, for the team's page and for the public statistics.

Applications are counted only where the opportunity has closed. The survey's answers are counted over all years: those of
one year would often be few enough to tell who gave them, alone or by subtraction. Knows no person.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Avg, Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opportunities import disclosure, statistics
from opportunities.charts import Bar, Chart, number, percent
from opportunities.measures import Measure, at_least, by_count, counted, more_than, ratio
from opportunities.measures_charts import charted
from opportunities.periods import Period

from .models import Application, SurveyAnswer, SurveyInvitation
from .survey_models import Kind

EDGES = (0, 1, 2, 3, 5, 10)
"""Applications to one opportunity: none, 1, 2, 3 or 4, 5 to 9, 10 and more."""


def edge_labels() -> list[str]:
    return [_("No application"), "1", "2", _("3 or 4"), _("5 to 9"), _("10 or more")]


@dataclass(frozen=True)
class Received:
    """The applications to some closed opportunities: how many to each, and from how many suppliers."""

    per_opportunity: list[int]
    suppliers: int

    @property
    def mean(self) -> Decimal | None:
        return ratio(sum(self.per_opportunity), len(self.per_opportunity))


def received(opportunities) -> Received:
    """What was received by these opportunities, a queryset. Three queries."""
    found = Application.objects.received().filter(opportunity__in=opportunities.values("pk")).order_by()
    numbers = list(found.values("opportunity").annotate(number=Count("pk")).values_list("number", flat=True))
    none = opportunities.count() - len(numbers)
    return Received([0] * none + numbers, found.aggregate(n=Count("supplier", distinct=True))["n"])


@counted
def applications(period: Period, now: datetime) -> Iterable[Measure]:
    """How many applied."""
    found = received(statistics.closed(now).filter(period.moments("closing_at")))
    basis = _("applications: %(applications)s; opportunities: %(opportunities)s") % {
        "applications": number(sum(found.per_opportunity)),
        "opportunities": number(len(found.per_opportunity)),
    }
    yield Measure(
        10,
        "applications",
        gettext_lazy("Applications per opportunity"),
        "mean",
        found.mean,
        gettext_lazy(
            "Applications that were in at closing, on average, to the opportunities that closed in the period; cancelled ones are left out."
        ),
        more_than(1),
        basis,
    )
    yield Measure(20, "suppliers", gettext_lazy("Distinct suppliers"), "count", found.suppliers, gettext_lazy("Different suppliers who applied to the opportunities that closed in the period."), more_than(10))  # fmt: skip


@charted(30)
def applications_per_opportunity(period: Period, now: datetime) -> Chart:
    """How many closed opportunities had how many applications."""
    counts = by_count(
        received(statistics.closed(now).filter(period.moments("closing_at"))).per_opportunity, EDGES
    )
    bars = [Bar(label, count) for label, count in zip(edge_labels(), counts, strict=True)]
    note = _("Of the opportunities that closed in the period. Nothing is told of one that is open.")
    return Chart("applications", _("Applications per opportunity"), note, [_("Applications"), _("Opportunities")], bars, Bar(_("Total"), sum(counts)), unit="count")  # fmt: skip


# The National Capital Region by the first three characters of postal codes: Ottawa, Gatineau and Chelsea.
CAPITAL = Q(region__regex=r"^(K1|K2)") | Q(
    region__in="K4A K4B K4C K4M K4P J8L J8M J8P J8R J8T J8V J8X J8Y J8Z J9A J9B J9H J9J".split()
)
YES = SurveyAnswer.Choice.YES


@dataclass(frozen=True)
class Question:
    """One measure of the survey: whom it asks, which answers there are, and which of them count."""

    order: int
    key: str
    label: Any
    kind: str
    answered: Q
    part: Q
    target: int
    how: Any


QUESTIONS = (
    Question(80, "clients_again", gettext_lazy("Clients who would use it again"), Kind.CLIENT, ~Q(would_again=""), Q(would_again=YES), 80, gettext_lazy("Survey of clients: “yes”, of all who answered the question.")),
    Question(90, "suppliers_again", gettext_lazy("Suppliers who would apply again"), Kind.SUPPLIER, ~Q(would_again=""), Q(would_again=YES), 70, gettext_lazy("Survey of suppliers, selected or not: “yes”, of all who answered the question.")),
    Question(120, "new_to_government", gettext_lazy("Suppliers new to government"), Kind.SUPPLIER, ~Q(new_to_government=""), Q(new_to_government=YES), 80, gettext_lazy("Survey of suppliers: “yes”, of all who answered the question.")),
    Question(130, "outside_capital", gettext_lazy("Suppliers outside the National Capital Region"), Kind.SUPPLIER, ~Q(region=""), ~CAPITAL, 80, gettext_lazy("Survey of suppliers: the first three characters of the postal code are not those of Ottawa, Gatineau or Chelsea, of all who gave them.")),
    Question(140, "under_represented", gettext_lazy("Suppliers from under-represented groups"), Kind.SUPPLIER, ~Q(under_represented=""), Q(under_represented=YES), 80, gettext_lazy("Survey of suppliers: “yes”, of all who answered the question.")),
    Question(150, "small", gettext_lazy("Suppliers who are small or freelance"), Kind.SUPPLIER, ~Q(size=""), Q(size__in=("freelancer", "small")), 80, gettext_lazy("Survey of suppliers: alone, or fewer than 100 people, of all who answered the question.")),
)  # fmt: skip


class Survey:
    """What was answered, in sums alone. Two queries."""

    @cached_property
    def asked(self) -> Counter:
        """How many were asked, by kind: the links not used yet, and the answers, each of which used one up."""
        found: Counter = Counter()
        for model in (SurveyInvitation, SurveyAnswer):
            for kind, count in model.objects.order_by().values_list("kind").annotate(Count("pk")):
                found[kind] += count
        return found

    @cached_property
    def sums(self) -> dict[str, Any]:
        wanted: dict[str, Any] = {}
        for question in QUESTIONS:
            whole = Q(kind=question.kind) & question.answered
            wanted[f"{question.key}_whole"] = Count("pk", filter=whole)
            wanted[f"{question.key}_part"] = Count("pk", filter=whole & question.part)
        hours = Q(kind=Kind.CLIENT, hours_saved__isnull=False)
        return SurveyAnswer.objects.aggregate(
            **wanted, hours_whole=Count("pk", filter=hours), hours=Avg("hours_saved", filter=hours)
        )

    def share(self, question: Question) -> tuple[int, int, int, bool]:
        """(part, whole, asked, whether it may be shown)."""
        part, whole = self.sums[f"{question.key}_part"], self.sums[f"{question.key}_whole"]
        asked = self.asked[question.kind]
        return part, whole, asked, disclosure.may_share(part, whole, asked)

    @property
    def hours(self) -> tuple[Decimal | None, int, int, bool]:
        """(hours saved on average, how many answered, asked, whether it may be shown)."""
        whole = self.sums["hours_whole"]
        mean = None if self.sums["hours"] is None else round(Decimal(self.sums["hours"]), 1)
        return mean, whole, self.asked[Kind.CLIENT], disclosure.may_average(whole)


def answered_of(whole: int, asked: int) -> str:
    """How many answered of how many were asked."""
    return _("%(answered)s answered of %(asked)s asked") % {"answered": number(whole), "asked": number(asked)}


ALL_YEARS = gettext_lazy("All years together.")


@counted
def survey(period: Period, now: datetime) -> Iterable[Measure]:
    """What suppliers and clients say, whatever the period."""
    told = Survey()
    for q in QUESTIONS:
        part, whole, asked, may = told.share(q)
        value = ratio(part, whole) if may else None
        yield Measure(q.order, q.key, q.label, "share", value, f"{q.how} {ALL_YEARS}", at_least(f"0.{q.target}"), answered_of(whole, asked), withheld=not may and whole > 0)  # fmt: skip
    mean, whole, asked, may = told.hours
    how = _(
        "Survey of clients: hours that the micro-acquisition saved against ordinary procurement, on average."
    )
    yield Measure(190, "hours", gettext_lazy("Procurement hours saved, each"), "hours", mean if may else None, f"{how} {ALL_YEARS}", more_than(5), answered_of(whole, asked), withheld=not may and whole > 0)  # fmt: skip


@statistics.published(20)
def applied(now: datetime) -> Iterable[Chart]:
    """How many applied to closed opportunities. The total is that of the results, and is hidden with it."""
    if statistics.by_result(now).total.value is None:
        return
    found = received(statistics.closed(now))
    table = statistics.breakdown(
        "applications",
        _("Applications per opportunity"),
        _("How many closed opportunities had how many applications."),
        [_("Applications"), _("Opportunities")],
        edge_labels(),
        by_count(found.per_opportunity, EDGES),
    )
    yield table
    total = sum(found.per_opportunity)
    may = not disclosure.is_small(len(found.per_opportunity)) and not disclosure.is_small(found.suppliers)
    many = disclosure.Nested()
    bars = [
        Bar(_("Applications"), many.show(total) if may else None),
        Bar(_("Distinct suppliers"), many.show(found.suppliers) if may else None),
    ]
    yield Chart("applicants", _("Who applied"), _("To closed opportunities."), [_("What"), _("How many")], bars, drawn=False, unit="count")  # fmt: skip


@statistics.published(40)
def said(now: datetime) -> Iterable[Chart]:
    """The survey, in shares to the nearest five percent, of numbers rounded down to a multiple of five."""
    told, bars = Survey(), []
    for q in QUESTIONS:
        part, whole, asked, may = told.share(q)
        value = _nearest(Decimal(part) / whole) if may else None
        bars.append(Bar(str(q.label), value, percent(value) if value is not None else "", Decimal(q.target) / 100, percent(Decimal(q.target) / 100), [about(whole, asked)]))  # fmt: skip
    yield Chart(
        "survey",
        _("What suppliers and clients say"),
        _("A voluntary and anonymous survey. Shares are to the nearest five percent, and numbers of answers are rounded down to a multiple of five, so that nobody can be told apart."),
        [_("Question"), _("Share"), _("Target"), _("Answers")],
        bars,
        unit="share",
        more_unit="text",
    )  # fmt: skip


def _nearest(share: Decimal) -> Decimal:
    return round(share * 20) / Decimal(20)


def about(whole: int, asked: int) -> str:
    """How many answered of how many were asked, rounded down; nothing of fewer than five."""
    whole, asked = disclosure.rounded_down(whole), disclosure.rounded_down(asked)
    if not whole:
        return _("fewer than five")
    return _("%(answered)s or more of %(asked)s or more") % {
        "answered": number(whole),
        "asked": number(asked),
    }

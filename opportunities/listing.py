"""The public list: the status of an opportunity in plain words, what a visitor asked for, what is found, and the order.

Knows only what was posted. A status is decided by the time, never by whether a job has run. Whatever the list holds, it
takes the same few queries, which read the index `public_facts` and the search's, and the texts of one page alone.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Value, When
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from . import search
from .models import Opportunity, Skill

AWAITING_RESULT = ("opened", "evaluation", "review", "confirmed", "drawing", "selection")
UNDER_CONTRACT = ("work", "acceptance", "invoicing", "certification", "paying", "registry")


@dataclass(frozen=True)
class PublicStatus:
    """`key` for filters, the label that everyone reads, and the look of its tag."""

    key: str
    label: Any
    tag: str


OPEN = PublicStatus("open", pgettext_lazy("public status", "Open"), "gc-tag--open")
AWAITING = PublicStatus("result", pgettext_lazy("public status", "Closed, result to come"), "gc-tag--wait")
AWARDED = PublicStatus("awarded", pgettext_lazy("public status", "Supplier selected"), "gc-tag--done")
COMPLETE = PublicStatus("complete", pgettext_lazy("public status", "Complete"), "gc-tag--done")
NO_AWARD = PublicStatus(
    "no_award", pgettext_lazy("public status", "Closed without a supplier"), "gc-tag--quiet"
)
CANCELLED = PublicStatus("cancelled", pgettext_lazy("public status", "Cancelled"), "gc-tag--stop")
TERMINATED = PublicStatus(
    "terminated", pgettext_lazy("public status", "Contract ended early"), "gc-tag--stop"
)
ENDED = {"complete": COMPLETE, "no_award": NO_AWARD, "cancelled": CANCELLED, "terminated": TERMINATED}


def public_status(opportunity, now: datetime) -> PublicStatus:
    """The status of a posted opportunity, as everyone reads it."""
    if opportunity.is_open(now):
        return OPEN
    if opportunity.state in ENDED:
        return ENDED[opportunity.state]
    return AWARDED if opportunity.state in UNDER_CONTRACT else AWAITING


def is_open(now: datetime) -> Q:
    """The condition for those that suppliers can apply to."""
    return Q(state="posted", closing_at__gt=now)


def awaits_result(now: datetime) -> Q:
    """The condition for those that closed and have no result yet."""
    return Q(state__in=AWAITING_RESULT) | Q(state="posted", closing_at__lte=now)


# --- What can be asked for -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """One value of a filter: as in the address, as people read it, and its condition at a moment."""

    key: str
    label: Any
    condition: Any


STATUSES = (
    Choice("open", _("Open"), is_open),
    Choice("result", _("Closed, result to come"), awaits_result),
    Choice("closed", _("Closed, with a result"), lambda now: ~is_open(now) & ~awaits_result(now)),
)
PRICES = (
    Choice("2500", _("Up to $2,500"), lambda now: Q(fixed_price__lte=2500)),
    Choice("5000", _("From $2,500 to $5,000"), lambda now: Q(fixed_price__gt=2500, fixed_price__lte=5000)),
    Choice("more", _("More than $5,000"), lambda now: Q(fixed_price__gt=5000)),
)


def _closes_within(days: int):
    return lambda now: is_open(now) & Q(closing_at__lte=now + timedelta(days=days))


CLOSINGS = (
    Choice("3", _("Within 3 days"), _closes_within(3)),
    Choice("7", _("Within 7 days"), _closes_within(7)),
    Choice("14", _("Within 14 days"), _closes_within(14)),
    Choice("30", _("Within 30 days"), _closes_within(30)),
)
FILTERS = {"status": STATUSES, "price": PRICES, "closing": CLOSINGS}
SORTS = (
    ("", _("Best match")),
    ("closing", _("Closing date")),
    ("newest", _("Newest")),
    ("price-high", _("Highest price")),
    ("price-low", _("Lowest price")),
)
SIZES = (10, 20, 50, 100)


@dataclass(frozen=True)
class Asked:
    """What the visitor asked for, as the address says it. Empty means not asked for."""

    query: str = ""
    status: str = ""
    skill: str = ""
    price: str = ""
    closing: str = ""
    sort: str = ""
    size: int = 20

    @classmethod
    def in_address(cls, given) -> "Asked":
        """Read a query string. What cannot be understood is left aside."""

        def known(name: str, values) -> str:
            return value if (value := given.get(name, "")) in values else ""

        query, skill = search.clean(given.get("q", "")), given.get("skill", "")
        return cls(
            query=query,
            skill=skill if skill.isascii() and skill.isdigit() and len(skill) < 10 else "",
            sort=known("sort", [key for key, _label in SORTS]),
            size=int(known("size", map(str, SIZES)) or 20),
            **{name: known(name, [c.key for c in choices]) for name, choices in FILTERS.items()},
        )

    @property
    def sorts(self) -> list[tuple[str, Any]]:
        """The orders to choose from: empty is the best match when there are words, else the closing date."""
        return list(SORTS) if self.query else [("", SORTS[1][1]), *SORTS[2:]]

    @property
    def narrowed(self) -> bool:
        """Whether a filter is set, beside the words."""
        return bool(self.status or self.skill or self.price or self.closing)

    @property
    def address(self) -> str:
        """The query string of what is found, without its order and pages; empty when nothing was asked for."""
        return self._address("q", *FILTERS, "skill")

    def words_alone(self) -> "Asked":
        """The same without the filters."""
        return replace(self, status="", skill="", price="", closing="")

    def _address(self, *names: str) -> str:
        values = {name: self.query if name == "q" else getattr(self, name) for name in names}
        found = urlencode({name: value for name, value in values.items() if value})
        return f"?{found}" if found else ""

    def conditions(self, now: datetime, *, without: str = "") -> Q:
        """Status, price and closing as one condition, but for the filter named."""
        condition = Q()
        for name, choices in FILTERS.items():
            if name != without and (wanted := getattr(self, name)):
                condition &= next(c for c in choices if c.key == wanted).condition(now)
        return condition


# --- What is found ---------------------------------------------------------------------------------------------------

Facet = tuple[str, Any, int]
"""A value, as people read it, and how many it would leave."""

CARD_FIELDS = ["reference", "state", "closing_at", "fixed_price", "posted_at", "amended_at", "modified_at"]
CARD_FIELDS += [f"{name}_{language}" for name in ("title", "short_description") for language in ("en", "fr")]


def matching(asked: Asked, now: datetime):
    """Every posted opportunity that was asked for, in no order."""
    return _with_skill(_with_words(asked.query), asked.skill).filter(asked.conditions(now))


def _with_words(query: str):
    found = Opportunity.objects.public()
    return found.filter(search.matches(query)) if query else found


def _with_skill(queryset, skill: str):
    if not skill:
        return queryset
    through = Opportunity.skills.through.objects
    return queryset.filter(Exists(through.filter(opportunity=OuterRef("pk"), skill=int(skill))))


def in_order(queryset, now: datetime, sort: str = "", query: str = ""):
    """Open ones first, then those whose result is to come, then the closed ones; within these as asked.

    Unless asked otherwise: by fit when there are words, else those that close soonest, then the latest closed.
    """
    group = Case(
        When(is_open(now), then=Value(0)),
        When(awaits_result(now), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    soonest = Case(When(is_open(now), then=F("closing_at"))).asc(nulls_last=True)
    by_words = bool(query) and not search.REFERENCE.fullmatch(query)
    within: list[Any] = {
        "newest": [F("posted_at").desc()],
        "price-high": [F("fixed_price").desc()],
        "price-low": [F("fixed_price").asc()],
        "closing": [],
    }.get(sort, [search.rank(query).desc()] if by_words else [])
    return queryset.alias(group=group).order_by("group", *within, soonest, "-closing_at", "-pk")


def open_now(now: datetime, most: int) -> list[Opportunity]:
    """The first few that can be applied to, soonest to close first."""
    found = Opportunity.objects.public().filter(is_open(now)).order_by("closing_at", "-pk")
    return list(found.only(*CARD_FIELDS).prefetch_related("skills")[:most])


@dataclass
class Listing:
    """What was found at a moment: how many, how many each filter would leave, and the rows of a page."""

    asked: Asked
    now: datetime
    corrected_from: str = ""
    """The words as typed, when what is shown was found with corrected ones."""
    without_filters: int = 0
    """When nothing was found with the filters: how many have the words."""
    total: int = 0
    facets: dict[str, list[Facet]] = field(default_factory=dict)

    def rows(self, start: int, stop: int) -> list[Opportunity]:
        """The opportunities from `start` to before `stop`, with what a card shows."""
        ordered = in_order(matching(self.asked, self.now), self.now, self.asked.sort, self.asked.query)
        keys = list(ordered.values_list("pk", flat=True)[start:stop])
        shown = (
            Opportunity.objects.filter(pk__in=keys).order_by().only(*CARD_FIELDS).prefetch_related("skills")
        )
        by_key = {opportunity.pk: opportunity for opportunity in shown}
        return [by_key[key] for key in keys if key in by_key]

    @cached_property
    def skills(self) -> list[Facet]:
        """The skills of what was found, and of what another skill would find."""
        name = f"skill__name_{'fr' if (get_language() or '').startswith('fr') else 'en'}"
        found = _with_words(self.asked.query).filter(self.asked.conditions(self.now))
        through = Opportunity.skills.through.objects.filter(opportunity__in=found.values("pk"))
        counted = through.values_list("skill_id", name).annotate(Count("pk")).order_by(name)
        facets = [(str(key), label, number) for key, label, number in counted]
        if self.asked.skill and all(key != self.asked.skill for key, _label, _number in facets):
            chosen = Skill.objects.filter(pk=self.asked.skill).first()
            facets += [(self.asked.skill, chosen.name, 0)] if chosen else []
        return facets


def look(asked: Asked, now: datetime) -> Listing:
    """Find what was asked for. When no opportunity has the words, those that look like them are tried."""
    found = _counted(Listing(asked, now))
    if found.total or not asked.query:
        return found
    if asked.narrowed:
        found.without_filters = matching(asked.words_alone(), now).count()
    if not found.without_filters and (better := search.corrected(asked.query)):
        again = _counted(Listing(replace(asked, query=better), now, corrected_from=asked.query))
        if again.total:
            return again
    return found


def _counted(listing: Listing) -> Listing:
    """Count it all in one pass: each value of a filter is counted under the other filters."""
    asked, now = listing.asked, listing.now
    wanted = {"total": Count("pk", filter=asked.conditions(now) or None)}
    for name, choices in FILTERS.items():
        others = asked.conditions(now, without=name)
        for choice in choices:
            wanted[f"{name}_{choice.key}"] = Count("pk", filter=others & choice.condition(now))
    counted = _with_skill(_with_words(asked.query), asked.skill).aggregate(**wanted)
    listing.total = counted["total"]
    listing.facets = {
        name: [(c.key, c.label, counted[f"{name}_{c.key}"]) for c in choices]
        for name, choices in FILTERS.items()
    }
    return listing

"""The public list: what a visitor asked for, what is found, how many there are, and the order.

Knows only what was posted. Whatever the list holds, it takes the same few queries: the counts that the database keeps, or
what it counts in the index `public_facts` and the search's, and the texts of one page alone.
"""

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Value, When
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from microacq import clock

from . import posted_counts, search
from .facets import Facet, Skills, skills_left, skills_there, tally, uncounted
from .kept import Kept
from .models import Opportunity
from .public_status import AWAITING_RESULT, awaits_result, is_open
from .publishing.changes import State

# --- What can be asked for -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """One value of a filter: as in the address, as people read it, and its condition at a moment."""

    key: str
    label: Any
    condition: Any
    parts: tuple[int, ...]
    """The parts of `PARTS` that it covers."""


STATUSES = (
    Choice("open", _("Open"), is_open, (0,)),
    Choice("result", _("Closed, result to come"), awaits_result, (1,)),
    Choice("closed", _("Closed, with a result"), lambda now: ~is_open(now) & ~awaits_result(now), (2,)),
)
PRICES = (
    Choice("2500", _("Up to $2,500"), lambda now: Q(fixed_price__lte=2500), (0,)),
    Choice(
        "5000", _("From $2,500 to $5,000"), lambda now: Q(fixed_price__gt=2500, fixed_price__lte=5000), (1,)
    ),
    Choice("more", _("More than $5,000"), lambda now: Q(fixed_price__gt=5000), (2,)),
)


def _end_of_day(now: datetime, days: int) -> datetime:
    """The days as a visitor counts them: until the end of the day that is so many from today, in Eastern time."""
    day = now.astimezone(clock.EASTERN).date() + timedelta(days=days + 1)
    return datetime.combine(day, time(), tzinfo=clock.EASTERN)


def _closes_within(days: int):
    return lambda now: is_open(now) & Q(closing_at__lt=_end_of_day(now, days))


CLOSINGS = (
    Choice("3", _("Within 3 days"), _closes_within(3), (0,)),
    Choice("7", _("Within 7 days"), _closes_within(7), (0, 1)),
    Choice("14", _("Within 14 days"), _closes_within(14), (0, 1, 2)),
    Choice("30", _("Within 30 days"), _closes_within(30), (0, 1, 2, 3)),
)
PARTS = {
    "status": STATUSES[:2],
    "price": PRICES[:2],
    "closing": CLOSINGS,
}
"""What opportunities are counted by: the first condition of these that holds, else a last part for the rest."""
FILTERS = {"status": STATUSES, "price": PRICES, "closing": CLOSINGS}
SORTS = (
    ("", _("Best match")),
    ("closing", _("Closing date")),
    ("newest", _("Newest")),
    ("price-high", _("Highest price")),
    ("price-low", _("Lowest price")),
)
SIZES = (10, 25, 50, 100)
USUAL_SIZE = 25


@dataclass(frozen=True)
class Asked:
    """What the visitor asked for, as the address says it. Empty means not asked for."""

    query: str = ""
    status: str = ""
    skill: str = ""
    price: str = ""
    closing: str = ""
    sort: str = ""
    size: int = USUAL_SIZE

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
            size=int(known("size", map(str, SIZES)) or USUAL_SIZE),
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

    def of_any_order(self) -> "Asked":
        """The same in the usual order and size: what counts depend on."""
        return replace(self, sort="", size=USUAL_SIZE)

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

CARD_FIELDS = ["reference", "state", "closing_at", "fixed_price", "posted_at", "amended_at", "modified_at"]
CARD_FIELDS += [f"{name}_{language}" for name in ("title", "short_description") for language in ("en", "fr")]


def matching(asked: Asked, now: datetime):
    """Every posted opportunity that was asked for, in no order. Asks at once which have the words, when few do."""
    among = search.few(asked.query) if asked.query else None
    return _with_skill(_with_words(asked.query, among), asked.skill).filter(asked.conditions(now))


def _with_words(query: str, among: list[int] | None):
    found = Opportunity.objects.public()
    if among is not None:
        return found.filter(pk__in=among)
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
    within = _order(sort, query)
    soonest = Case(When(is_open(now), then=F("closing_at"))).asc(nulls_last=True)
    return queryset.alias(group=_part("status", now)).order_by(
        "group", *within, soonest, "-closing_at", "-pk"
    )


def _order(sort: str, query: str) -> list[Any]:
    """What is asked of the order, before the closing date."""
    by_words = bool(query) and not search.REFERENCE.fullmatch(query)
    orders: dict[str, list[Any]] = {
        "newest": [F("posted_at").desc()],
        "price-high": [F("fixed_price").desc()],
        "price-low": [F("fixed_price").asc()],
        "closing": [],
    }
    return orders.get(sort, [search.rank(query).desc()] if by_words else [])


def _parts_at(now: datetime):
    """The parts of `PARTS`, in their order, of what has a state, a part of the prices and a closing in seconds."""
    moment, waiting = now.timestamp(), {"posted", *AWAITING_RESULT}
    ends = [_end_of_day(now, int(choice.key)).timestamp() for choice in CLOSINGS]

    def parts(state: str, price: int, closing: float) -> tuple[int, ...]:
        if closing > moment:
            return 0, price, bisect_right(ends, closing)
        return 1 if state in waiting else 2, price, len(ends)

    return parts


def _part(name: str, now: datetime) -> Case:
    """Which part of `PARTS` an opportunity is in, as a number."""
    parts = PARTS[name]
    whens = [When(choice.condition(now), then=Value(number)) for number, choice in enumerate(parts)]
    return Case(*whens, default=Value(len(parts)), output_field=IntegerField())


def one_after_another(parts: list, *values: Any):
    """The values of what the querysets give, one queryset after the other, in one query; nothing for none."""
    rows = [part.values_list(*values) for part in parts]
    return rows[0].union(*rows[1:], all=True) if len(rows) > 1 else rows[0] if rows else ()


def open_now(now: datetime):
    """Those that can be applied to, soonest to close first."""
    return Opportunity.objects.public().filter(is_open(now)).order_by("closing_at", "-pk")


@dataclass
class Listing:
    """What was found at a moment: how many, how many each filter would leave, and the rows of a page."""

    asked: Asked
    now: datetime
    corrected_from: str = ""
    """The words as typed, when what is shown was found with corrected ones."""
    without_filters: int = 0
    """When nothing was found with the filters: how many have the words, `search.FEW` also for more."""
    total: int = 0
    facets: dict[str, list[Facet]] = field(default_factory=dict)
    among: list[int] | None = None
    """The keys of all that have the words, when they are few: what narrows them need not look at the others."""
    counted: bool = True
    """False when the words are so common that no filter is counted: `among` are then those that the filters leave."""
    found_skills: Skills | None = None

    @property
    def more(self) -> bool:
        """Whether there are more than `total`, which are then those that can be looked through."""
        return not self.counted and self.among is None

    @property
    def order(self) -> str:
        """The order within a status. To tell which fit best, all would have to be read: not of more than a few."""
        return self.asked.sort or ("closing" if self.more else "")

    def slice(self, start: int, stop: int) -> list:
        """The querysets that together give the opportunities from `start` to before `stop`, in order.

        One for each status that the slice holds, so that the database reads it from an index instead of sorting all.
        """
        found = _with_skill(_with_words(self.asked.query, self.among), self.asked.skill)
        found = found.filter(self.asked.conditions(self.now))
        within = _order(self.order, self.asked.query)
        parts, before = [], 0
        for choice, (_key, _label, number) in zip(STATUSES, self.facets["status"], strict=True):
            if self.asked.status in ("", choice.key):
                first, last = max(start - before, 0), stop
                if number is not None:
                    last = min(stop - before, number)
                    before += number
                if first < last:
                    soonest = "closing_at" if choice.key == "open" else "-closing_at"
                    part = found.filter(choice.condition(self.now)).order_by(*within, soonest, "-pk")
                    parts.append(part[:stop] if number is None else part[first:last])
        return parts if self.counted else _window(parts, start, stop)

    def rows(self, start: int, stop: int) -> list[Opportunity]:
        """The same as opportunities, with what data say of each."""
        keys = [key for (key,) in one_after_another(self.slice(start, stop), "pk")]
        shown = Opportunity.objects.filter(pk__in=keys).order_by().only(*CARD_FIELDS)
        by_key = {opportunity.pk: opportunity for opportunity in shown.prefetch_related("skills")}
        return [by_key[key] for key in keys if key in by_key]

    @property
    def skills(self) -> list[Facet]:
        """The skills of what was found, and of what another skill would find, by name in the reader's language."""
        if self.found_skills is None:
            narrowing = self.asked.conditions(self.now)
            found = _with_words(self.asked.query, self.among).filter(narrowing)
            left: Any = found.values_list("pk", flat=True)
            if self.among is not None:
                left = list(left) if narrowing else self.among
            self.found_skills = skills_left(left, self.asked.skill) if self.counted else skills_there()
        language = "fr" if (get_language() or "").startswith("fr") else "en"
        named = [(key, names[language], number) for key, names, number in self.found_skills]
        return sorted(named, key=lambda facet: search.plain(facet[1]))


def _window(parts: list, start: int, stop: int) -> list:
    """What querysets give from `start` to before `stop`, as one; the later ones are not read when the first are enough."""
    keys = [key for (key,) in one_after_another(parts, "pk")[start:stop]] if parts else []
    place = Case(*(When(pk=key, then=Value(number)) for number, key in enumerate(keys)), default=Value(0))
    return [Opportunity.objects.public().filter(pk__in=keys).order_by(place)] if keys else []


COUNTED = Kept()


def look(asked: Asked, now: datetime, posted: State | None = None) -> Listing:
    """Find what was asked for. When no opportunity has the words, those that look like them are tried.

    With `posted`, the state of what is posted now, what was counted is kept until that is another.
    """
    key = asked.of_any_order()
    kept = posted and COUNTED.get(key, now, lambda: posted.mark)
    if kept is None:
        kept = _look(key, now)
        if posted and kept.skills is not None:  # which counts them now, so that they are kept too
            COUNTED.put(key, posted.fresh(), kept)
    return replace(kept, asked=replace(kept.asked, sort=asked.sort, size=asked.size), now=now)


def _look(asked: Asked, now: datetime) -> Listing:
    found = _counted(Listing(asked, now))
    if found.total or not asked.query:
        return found
    if asked.narrowed:
        found.without_filters = bounded(matching(asked.words_alone(), now))
    if not found.without_filters and (better := search.corrected(asked.query)):
        again = _counted(Listing(replace(asked, query=better), now, corrected_from=asked.query))
        if again.total:
            return again
    return found


def bounded(found) -> int:
    """How many rows a queryset has, or `search.FEW` when there are more: no more than that are read."""
    return found.order_by().values("pk")[: search.FEW].count()


def _counted(listing: Listing) -> Listing:
    """Each value of a filter under the other filters: as the database keeps it, or with words or a skill counted in one
    pass; of common words only up to `search.FEW`."""
    asked, now = listing.asked, listing.now
    chosen = {name: getattr(asked, name) for name in FILTERS}
    if not asked.query and not asked.skill:
        kept = posted_counts.read()
        placed = ((*parts, number) for parts, number in kept.placed(_parts_at(now)).items())
        listing.total, listing.facets = tally(placed, list(PARTS), FILTERS, chosen)
        listing.found_skills = None if asked.narrowed else kept.skills
        return listing
    listing.among = search.few(asked.query) if asked.query else None
    found = _with_skill(_with_words(asked.query, listing.among), asked.skill)
    if asked.query and listing.among is None and not search.REFERENCE.fullmatch(asked.query):
        listing.counted, listing.facets = False, uncounted(FILTERS)
        if asked.narrowed:
            found = found.filter(asked.conditions(now)).order_by()
            left = list(found.values_list("pk", flat=True)[: search.FEW + 1])
            listing.among = left if len(left) <= search.FEW else None
        listing.total = search.FEW if listing.among is None else len(listing.among)
        return listing
    counted = (
        found.annotate(**{f"in_{name}": _part(name, now) for name in PARTS})
        .order_by()
        .values_list(*(f"in_{name}" for name in PARTS))
        .annotate(Count("pk"))
    )
    listing.total, listing.facets = tally(counted, list(PARTS), FILTERS, chosen)
    return listing

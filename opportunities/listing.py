"""What the public list shows of an opportunity: its status in plain words, the search, the filters, the order.

Knows only what was posted. A status is decided by the time, never by whether a job has run.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .models import Opportunity, Skill

AWAITING_RESULT = ("opened", "evaluation", "review", "confirmed", "drawing", "selection")
UNDER_CONTRACT = ("work", "acceptance", "invoicing", "certification", "paying", "registry")
MAX_QUERY = 200


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

FILTERS = (
    ("open", _("Open")),
    ("result", _("Closed, result to come")),
    ("closed", _("Closed, with a result")),
)


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


def listed(now: datetime):
    """Everything that was ever posted: open ones first, those that close soonest on top; then the latest closed."""
    group = Case(
        When(is_open(now), then=Value(0)),
        When(awaits_result(now), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    soonest = Case(When(is_open(now), then=F("closing_at")))
    return (
        Opportunity.objects.public()
        .alias(group=group)
        .order_by("group", soonest.asc(nulls_last=True), "-closing_at", "-pk")
        .prefetch_related("skills")
    )


def narrowed(queryset, now: datetime, *, query: str = "", status: str = "", skill: str = ""):
    """The list after what the visitor asked for. What cannot be understood is left aside."""
    if query:
        queryset = queryset.filter(_matches(query))
    if condition := {
        "open": is_open(now),
        "result": awaits_result(now),
        "closed": ~is_open(now) & ~awaits_result(now),
    }.get(status):
        queryset = queryset.filter(condition)
    if skill.isascii() and skill.isdigit() and len(skill) < 10:
        queryset = queryset.filter(
            Exists(Opportunity.skills.through.objects.filter(opportunity=OuterRef("pk"), skill=int(skill)))
        )
    return queryset


def _matches(query: str) -> Q:
    """Words in either language, as that language bends them; or a part of a title, a skill or a reference."""
    found = Q(reference__icontains=query)
    for language, config in (("en", "english"), ("fr", "french")):
        texts = [
            f"{name}_{language}"
            for name in ("title", "short_description", "background", "work", "deliverables")
        ]
        words = Opportunity.objects.annotate(words=SearchVector(*texts, config=config)).filter(
            pk=OuterRef("pk"), words=SearchQuery(query, config=config, search_type="websearch")
        )
        skills = Skill.objects.filter(opportunity=OuterRef("pk"), **{f"name_{language}__icontains": query})
        found |= Q(**{f"title_{language}__icontains": query}) | Q(Exists(words)) | Q(Exists(skills))
    return found

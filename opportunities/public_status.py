"""The status of a posted opportunity in plain words. It is decided by the time, never by whether a job has run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import pgettext_lazy

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
STATUSES = (OPEN, AWAITING, AWARDED, COMPLETE, NO_AWARD, CANCELLED, TERMINATED)
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

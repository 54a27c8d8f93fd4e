"""When anything that the public reads last changed, so that a reader who asks again is told "nothing new" at once.

Knows posted opportunities only. Every change of one goes through `lifecycle.perform()`, which notes the moment; the other
thing that changes what is read is the time itself, when an opportunity closes.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from ..models import Opportunity


@dataclass(frozen=True)
class State:
    """How much is posted, and when that last changed (None when nothing is)."""

    count: int
    changed_at: datetime | None


def last_change(now: datetime) -> State:
    """The state of everything posted, in one query that reads an index."""
    found = Opportunity.objects.public().aggregate(
        count=Count("pk"),
        modified=Max("modified_at"),
        closed=Max("closing_at", filter=Q(closing_at__lte=now)),
    )
    moments = [moment for moment in (found["modified"], found["closed"]) if moment]
    return State(found["count"], max(moments, default=None))

"""What waits, for whom and how late: the queues of the team's front page, drawn from the lifecycle's states.

Knows counts and ages, never the content of an application. The time is given.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from post_office.models import STATUS, Email

from microacq import business_days, clock

from .lifecycle import STATES, Role
from .models import Opportunity, Question


@dataclass(frozen=True)
class Queue:
    """One line of the front page. `days` are the business days that its oldest has waited."""

    label: Any
    count: int
    url: str
    waits_for: Any
    days: int = 0
    late: int = 0


def _midnight(day) -> datetime:
    return datetime.combine(day, time.min, clock.EASTERN)


def late(now: datetime) -> Q:
    """The condition for opportunities past their state's target: as `Opportunity.is_late`, for the database."""
    tomorrow = now.astimezone(clock.EASTERN).date() + timedelta(days=1)
    condition = Q(pk__in=())
    for days in {state.days for state in STATES.values() if state.days is not None}:
        names = [state.name for state in STATES.values() if state.days == days]
        condition |= Q(state__in=names, state_since__lt=_midnight(business_days.add(tomorrow, -(days + 1))))
    return condition


def days_since(moment: datetime, now: datetime) -> int:
    """Business days from the day of `moment` to today, in Eastern time."""
    return business_days.between(
        moment.astimezone(clock.EASTERN).date(), now.astimezone(clock.EASTERN).date()
    )


def listed(model: str, **filters: str) -> str:
    """The address of a filtered list of the admin."""
    return reverse(f"admin:opportunities_{model}_changelist") + (f"?{urlencode(filters)}" if filters else "")


def queues(user, now: datetime) -> dict[str, list[Queue]]:
    """The queues that hold something, for "team" and for "others", by step. Three queries, whatever they hold.

    "To screen" is there even when empty, so that the desk never looks broken.
    """
    seen = Opportunity.objects.visible_to(user)
    counted = {
        row["state"]: row
        for row in seen.order_by()
        .values("state")
        .annotate(count=Count("pk"), oldest=Min("state_since"), late=Count("pk", filter=late(now)))
    }
    team, others = [], []
    for state in sorted(STATES.values(), key=lambda state: state.step):
        row = counted.get(state.name)
        if state.is_ending or (row is None and state.name != "screening"):
            continue
        row = row or {"count": 0, "oldest": now, "late": 0}
        line = Queue(
            _("To screen") if state.name == "screening" else state.label,
            row["count"],
            listed("opportunity", state=state.name),
            state.waits_for.label,
            days_since(row["oldest"], now),
            row["late"],
        )
        (team if state.waits_for is Role.TEAM else others).append(line)
    # After closing nothing is published any more: what was not answered then is no work left to do.
    open_now = seen.filter(state="posted", closing_at__gt=now)
    asked = Question.objects.filter(opportunity__in=open_now, published_at=None, set_aside_at=None).aggregate(
        count=Count("pk"), oldest=Min("asked_at")
    )
    if asked["count"]:
        days = days_since(asked["oldest"], now)
        team.append(
            Queue(
                _("Questions to answer"),
                asked["count"],
                listed("question", status="waiting"),
                Role.TEAM.label,
                days,
            )
        )
    failed = Email.objects.filter(status=STATUS.failed).aggregate(count=Count("pk"), oldest=Min("created"))
    if failed["count"]:
        days = days_since(failed["oldest"], now)
        team.append(
            Queue(
                _("Emails that failed"),
                failed["count"],
                listed("sentmail", status=str(STATUS.failed)),
                Role.TEAM.label,
                days,
            )
        )
    return {"team": team, "others": others}

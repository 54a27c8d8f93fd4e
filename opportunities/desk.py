"""What waits, for whom and how late: the queues of the team's front page, drawn from the lifecycle's states.

Beside the states' own queues stand the signs: what a date or a record makes due. Each sign's condition serves the
queue and the list's filter, so that both say the same. Knows counts and ages, never the content of an application.
The time is given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Min, OuterRef, Q, Subquery
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from post_office.models import STATUS, Email

from microacq import business_days, clock

from . import splitting
from .capacity import IN_PROGRESS
from .lifecycle import BY_NAME, ENDINGS, STATES, Role
from .models import Assessment, Contract, Extension, Opportunity, Question
from .ownership import nobodys

SOON_DAYS = 2
"""Business days: what closes within them closes soon."""


@dataclass(frozen=True)
class Queue:
    """One line of the front page. `days` are the business days that its oldest has waited, None where age says nothing."""

    label: Any
    count: int
    url: str
    waits_for: Any
    days: int | None = 0
    late: int = 0


def _midnight(day) -> datetime:
    return datetime.combine(day, time.min, clock.EASTERN)


def today(now: datetime):
    """The day in Eastern time."""
    return now.astimezone(clock.EASTERN).date()


def since_before(days: int, now: datetime) -> Q:
    """The condition for opportunities that have been in their state for more than so many business days."""
    tomorrow = today(now) + timedelta(days=1)
    return Q(state_since__lt=_midnight(business_days.add(tomorrow, -(days + 1))))


def late(now: datetime) -> Q:
    """The condition for opportunities past their state's target: as `Opportunity.is_late`, for the database."""
    condition = Q(pk__in=())
    for days in {state.days for state in STATES.values() if state.days is not None}:
        names = [state.name for state in STATES.values() if state.days == days]
        condition |= Q(state__in=names) & since_before(days, now)
    return condition


def days_since(moment: datetime, now: datetime) -> int:
    """Business days from the day of `moment` to today, in Eastern time."""
    return business_days.between(today(moment), today(now))


def listed(model: str, **filters: str) -> str:
    """The address of a filtered list of the admin."""
    return reverse(f"admin:opportunities_{model}_changelist") + (f"?{urlencode(filters)}" if filters else "")


# signs: what a date or a record makes due


@dataclass(frozen=True)
class Sign:
    """Something that a state does not say. `condition` takes the time; `overdue` when its being there is being late."""

    name: str
    label: Any
    waits_for: Role
    condition: Callable[[datetime], Q]
    overdue: bool = False
    aged: bool = True
    """Whether the time in the state is its age."""


def _of(**conditions: Any) -> Q:
    """As a condition on the key, so that no join multiplies what is counted."""
    return Q(pk__in=Opportunity.objects.filter(**conditions).order_by().values("pk"))


def _closing(now: datetime) -> Q:
    end = _midnight(business_days.add(today(now), SOON_DAYS) + timedelta(days=1))
    return Q(state="posted", closing_at__gt=now, closing_at__lt=end)


def _evaluation_late(now: datetime) -> Q:
    return Q(state__in=[state.name for state in STATES.values() if state.step == 5]) & late(now)


def _draw_due(now: datetime) -> Q:
    return Q(state="drawing") & _of(
        pools__frozen_at__isnull=False, pools__voided_at=None, pools__round_at__lte=now
    )


def _offer_late(now: datetime) -> Q:
    return Q(state="selection") & _of(offers__status="open", offers__respond_by__lte=now)


def _delivery_late(now: datetime) -> Q:
    """Past the delivery date, or the later one that the last revision was given (`panels_work.due_date`)."""
    revision = Assessment.objects.filter(delivery__opportunity=OuterRef("opportunity")).order_by(
        "-delivery__number"
    )
    signed = Contract.objects.annotate(
        expected=Greatest("delivery_date", Subquery(revision.values("revise_by")[:1]))
    )
    return Q(state="work", pk__in=signed.filter(expected__lt=today(now)).values("opportunity"))


def _extension(now: datetime) -> Q:
    agreed = Extension.objects.filter(agreed_at__isnull=False, settled_at=None)
    return Q(state="work", pk__in=agreed.values("opportunity"))


def _splitting(now: datetime) -> Q:
    return Q(state__in=BY_NAME["decide_splitting"].sources) & splitting.undecided()


def _unowned(now: datetime) -> Q:
    return ~Q(state__in=("draft", *ENDINGS)) & Q(
        pk__in=Opportunity.objects.filter(nobodys(), state__in=UNDER_WAY).order_by().values("pk")
    )


SIGNS = {
    sign.name: sign
    for sign in (
        Sign("splitting", _("Contract splitting to decide"), Role.TEAM, _splitting),
        Sign("draw", _("Draws due"), Role.TEAM, _draw_due, overdue=True),
        Sign("extension", _("New delivery dates to approve"), Role.TEAM, _extension),
        Sign("unowned", _("Without an owner in the team"), Role.TEAM, _unowned, aged=False),
        Sign("closing", _("Closing within two business days"), Role.CLOCK, _closing, aged=False),
        Sign("evaluation", _("Evaluations late"), Role.CLIENT, _evaluation_late, overdue=True),
        Sign("offer", _("Offers past their date"), Role.CLOCK, _offer_late, overdue=True),
        Sign("delivery", _("Deliveries late"), Role.SUPPLIER, _delivery_late, overdue=True, aged=False),
    )
}
"""In the order of the front page. The list's filter `due` takes their names."""
QUEUE_LABELS = {
    "screening": _("To screen"),
    "reserved": _("To post"),
    "selection": _("Offers out"),
    "invoicing": _("Invoices to be sent"),
    "certification": _("Invoices to certify"),
    "paying": _("Invoices to pay"),
    "registry": _("Registry entries due"),
}
"""The states whose queue is always there, even empty, under its own name."""


UNDER_WAY = [state.name for state in STATES.values() if not state.is_ending]


def _state_line(state, row: dict | None, now: datetime) -> Queue:
    row = row or {"count": 0, "oldest": now, "late": 0}
    return Queue(
        QUEUE_LABELS.get(state.name, state.label),
        row["count"],
        listed("opportunity", state=state.name),
        state.waits_for.label,
        days_since(row["oldest"], now),
        row["late"],
    )


def _sign_lines(seen, now: datetime) -> list[tuple[Sign, Queue]]:
    asked = {}
    for sign in SIGNS.values():
        asked[f"{sign.name}_count"] = Count("pk", filter=sign.condition(now))
        asked[f"{sign.name}_oldest"] = Min("state_since", filter=sign.condition(now))
    found = seen.order_by().aggregate(**asked)
    lines = []
    for sign in SIGNS.values():
        count, oldest = found[f"{sign.name}_count"], found[f"{sign.name}_oldest"]
        days = (days_since(oldest, now) if oldest else 0) if sign.aged else None
        filters = {"due": sign.name}
        line = Queue(
            sign.label,
            count,
            listed("opportunity", **filters),
            sign.waits_for.label,
            days,
            count if sign.overdue else 0,
        )
        lines.append((sign, line))
    return lines


def _questions(seen, now: datetime) -> Queue:
    # After closing nothing is published any more: what was not answered then is no work left to do.
    open_now = seen.filter(state="posted", closing_at__gt=now)
    asked = Question.objects.filter(opportunity__in=open_now, published_at=None, set_aside_at=None)
    found = asked.aggregate(count=Count("pk"), oldest=Min("asked_at"))
    days = days_since(found["oldest"] or now, now)
    return Queue(
        _("Questions to answer"), found["count"], listed("question", status="waiting"), Role.TEAM.label, days
    )


def _failed_mail(now: datetime) -> Queue:
    found = Email.objects.filter(status=STATUS.failed).aggregate(count=Count("pk"), oldest=Min("created"))
    url = listed("sentmail", status=str(STATUS.failed))
    days = days_since(found["oldest"] or now, now)
    return Queue(_("Emails that failed"), found["count"], url, Role.TEAM.label, days, found["count"])


def queues(user, now: datetime) -> dict[str, list[Queue]]:
    """The queues, for "team" and for "others", by step. Four queries, whatever they hold.

    Those with a name of their own are there even when empty, so that each has its place; other states only when
    something is in them.
    """
    # What has ended is in no queue, and in time most have.
    seen = Opportunity.objects.visible_to(user).filter(state__in=UNDER_WAY)
    counted = {
        row["state"]: row
        for row in seen.order_by()
        .values("state")
        .annotate(count=Count("pk"), oldest=Min("state_since"), late=Count("pk", filter=late(now)))
    }
    taken = sum(row["count"] for name, row in counted.items() if name in IN_PROGRESS)
    # A place that is free makes one line of the waitlist; otherwise it is a state like the others.
    waiting = counted.pop("waitlisted", None) if taken < settings.CAPACITY else None
    team, others = [], []
    for state in sorted(STATES.values(), key=lambda state: state.step):
        row = counted.get(state.name)
        if state.name in UNDER_WAY and (row or state.name in QUEUE_LABELS):
            (team if state.waits_for is Role.TEAM else others).append(_state_line(state, row, now))
    if waiting:
        url, days = listed("opportunity", state="waitlisted"), days_since(waiting["oldest"], now)
        waitlist = Queue(_("Waitlisted, and a place is free"), waiting["count"], url, Role.TEAM.label, days)
        team.append(waitlist)
    team.append(_questions(seen, now))
    for sign, line in _sign_lines(seen, now):
        (team if sign.waits_for is Role.TEAM else others).append(line)
    team.append(_failed_mail(now))
    return {"team": team, "others": others}

"""What waits, for whom and how late: the queues of the team's front page, drawn from the lifecycle's states.

Beside the states' own queues stand the signs: what a date or a record makes due. Each sign's condition serves the
queue and the list's filter, so that both say the same. Knows counts and ages, never the content of an application.
The time is given.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import CharField, Count, Min, OuterRef, Q, Subquery, Value
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from post_office.models import STATUS, Email

from microacq import business_days, clock

from . import splitting
from .capacity import places_of
from .lifecycle import BY_NAME, STATES, Role
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


def late(now: datetime, among: Collection[str] = STATES) -> Q:
    """The condition for opportunities past their state's target: as `Opportunity.is_late`, for the database. `among`
    narrows it to some states."""
    targets = {state.name: state.days for state in STATES.values() if state.name in among}
    condition = Q(pk__in=())
    for days in set(targets.values()) - {None}:
        condition |= Q(state__in=[name for name in targets if targets[name] == days]) & since_before(
            days, now
        )
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
    states: Collection[str]
    """Those that it can be in: when nothing is in them, nothing is looked for."""
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
    return late(now, EVALUATED)


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
    return Q(state__in=DECIDED_IN) & splitting.undecided()


def _unowned(now: datetime) -> Q:
    return Q(state__in=OWNED) & nobodys()


UNDER_WAY = [state.name for state in STATES.values() if not state.is_ending]
OWNED = [name for name in UNDER_WAY if name != "draft"]
EVALUATED = [state.name for state in STATES.values() if state.step == 5]
DECIDED_IN = BY_NAME["decide_splitting"].sources
SIGNS = {
    sign.name: sign
    for sign in (
        Sign("splitting", _("Contract splitting to decide"), Role.TEAM, _splitting, DECIDED_IN),
        Sign("draw", _("Draws due"), Role.TEAM, _draw_due, ("drawing",), overdue=True),
        Sign("extension", _("New delivery dates to approve"), Role.TEAM, _extension, ("work",)),
        Sign("unowned", _("Without an owner in the team"), Role.TEAM, _unowned, OWNED, aged=False),
        Sign("closing", _("Closing within two business days"), Role.CLOCK, _closing, ("posted",), aged=False),
        Sign("evaluation", _("Evaluations late"), Role.CLIENT, _evaluation_late, EVALUATED, overdue=True),
        Sign("offer", _("Offers past their date"), Role.CLOCK, _offer_late, ("selection",), overdue=True),
        Sign(
            "delivery",
            _("Deliveries late"),
            Role.SUPPLIER,
            _delivery_late,
            ("work",),
            overdue=True,
            aged=False,
        ),
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


def _sign_line(sign: Sign, found: tuple | None, now: datetime) -> Queue:
    _name, count, oldest = found or (sign.name, 0, None)
    return Queue(
        sign.label,
        count,
        listed("opportunity", due=sign.name),
        sign.waits_for.label,
        days_since(oldest or now, now) if sign.aged else None,
        count if sign.overdue else 0,
    )


def _record_line(label, found: tuple, url: str, now: datetime, *, overdue: bool = False) -> Queue:
    _name, count, oldest = found
    days = days_since(oldest or now, now)
    return Queue(label, count, url, Role.TEAM.label, days, count if overdue else 0)


def _counted(rows, name: str, since: str):
    """How many rows, and since when the oldest: one part of a query that asks for several such pairs."""
    return rows.order_by().values_list(Value(name, CharField())).annotate(Count("pk"), Min(since))


def _found(seen, states, now: datetime) -> dict[str, tuple]:
    """(name, count, oldest) of each sign that may be there, of the questions and of the emails. One query, each part of
    which reads what its own index gives. `states` are those that something is in: elsewhere no sign is looked for."""
    # After closing nothing is published any more: what was not answered then is no work left to do.
    open_now = seen.filter(state="posted", closing_at__gt=now)
    asked = Question.objects.filter(opportunity__in=open_now, published_at=None, set_aside_at=None)
    parts = [
        _counted(asked, "questions", "asked_at"),
        *(
            _counted(seen.filter(sign.condition(now)), sign.name, "state_since")
            for sign in SIGNS.values()
            if states & set(sign.states)
        ),
    ]
    failed = _counted(Email.objects.filter(status=STATUS.failed), "failed", "created")
    return {row[0]: row for row in failed.union(*parts, all=True)}


def queues(user, now: datetime) -> dict[str, Any]:
    """The queues, for "team" and for "others", by step, and the "places" of the team. Two queries, whatever they hold.

    Those with a name of their own are there even when empty, so that each has its place; other states only when
    something is in them.
    """
    seen = Opportunity.objects.visible_to(user).order_by()
    # What has ended is in no queue, and in time most have.
    counted = {
        row["state"]: row
        for row in seen.filter(state__in=UNDER_WAY)
        .values("state")
        .annotate(count=Count("pk"), oldest=Min("state_since"), late=Count("pk", filter=late(now)))
    }
    found = _found(seen, counted.keys(), now)
    places = places_of({name: row["count"] for name, row in counted.items()})
    # A place that is free makes one line of the waitlist; otherwise it is a state like the others.
    waiting = counted.pop("waitlisted", None) if places["free"] else None
    team, others = [], []
    for state in sorted(STATES.values(), key=lambda state: state.step):
        row = counted.get(state.name)
        if state.name in UNDER_WAY and (row or state.name in QUEUE_LABELS):
            (team if state.waits_for is Role.TEAM else others).append(_state_line(state, row, now))
    if waiting:
        url, days = listed("opportunity", state="waitlisted"), days_since(waiting["oldest"], now)
        waitlist = Queue(_("Waitlisted, and a place is free"), waiting["count"], url, Role.TEAM.label, days)
        team.append(waitlist)
    unanswered = listed("question", status="waiting")
    team.append(_record_line(_("Questions to answer"), found["questions"], unanswered, now))
    for sign in SIGNS.values():
        (team if sign.waits_for is Role.TEAM else others).append(_sign_line(sign, found.get(sign.name), now))
    mails = listed("sentmail", status=str(STATUS.failed))
    team.append(_record_line(_("Emails that failed"), found["failed"], mails, now, overdue=True))
    return {"places": places, "team": team, "others": others}

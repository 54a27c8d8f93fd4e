"""The jobs that time makes due, each safe when several run at once. `manage.py tick` calls them in order.

The choosing side registers its own. A job claims what it works on with SELECT ... FOR UPDATE SKIP LOCKED.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Min
from django.db.models.functions import Coalesce

from microacq import outbox

from . import lifecycle
from .actions import act
from .models import Heartbeat, Opportunity

ROUND = "round"
JOBS: list[tuple[int, str, Callable[[datetime], int]]] = []


def job(name: str, order: int = 50):
    """Decorator: the function takes the time and gives how many things it did. Mail is sent last, at order 90."""

    def keep(function):
        JOBS.append((order, name, function))
        JOBS.sort(key=lambda row: row[0])
        return function

    return keep


def claimed(queryset):
    """One row of the queryset, locked, or None when nothing is left that nobody else holds. Call inside a transaction."""
    return queryset.select_for_update(skip_locked=True, of=("self",)).first()


@job("close", order=10)
def close(now: datetime) -> int:
    """Close what has reached its closing time, with or without applications."""
    done, seen = 0, 0
    while True:
        with transaction.atomic():
            due = claimed(
                Opportunity.objects.filter(state="posted", closing_at__lte=now, pk__gt=seen).order_by("pk")
            )
            if due is None:
                return done
            seen = due.pk
            name = "close" if due.applications.in_play().exists() else "close_empty"
            act(name, due, lifecycle.CLOCK, now=now)
            done += 1


@job("mail", order=90)
def send_mail(now: datetime) -> int:
    """Send what is queued, last, so that what the other jobs queued goes out in the same round."""
    return outbox.send_due(now)


DEADLINES: list[Callable[[datetime], datetime | None]] = []


def deadline(function):
    """Decorator: the function takes the time and gives the next moment at which one of its jobs has work, or None."""
    DEADLINES.append(function)
    return function


@deadline
def next_closing(now: datetime) -> datetime | None:
    return Opportunity.objects.filter(state="posted", closing_at__gt=now).aggregate(moment=Min("closing_at"))[
        "moment"
    ]


OVERDUE: list[Callable[[datetime], datetime | None]] = []


def overdue(function):
    """Decorator: the function takes the time and gives since when the oldest of its jobs' work is due, or None."""
    OVERDUE.append(function)
    return function


@overdue
def oldest_closing(now: datetime) -> datetime | None:
    return Opportunity.objects.filter(state="posted", closing_at__lte=now).aggregate(
        moment=Min("closing_at")
    )["moment"]


@overdue
def oldest_mail(now: datetime) -> datetime | None:
    mail = outbox.due(now).order_by().aggregate(moment=Min(Coalesce("scheduled_time", "created")))
    return mail["moment"]


def oldest_due(now: datetime) -> datetime | None:
    """Since when the oldest thing that is due and not done waits; None when nothing does."""
    moments = [moment for function in OVERDUE if (moment := function(now))]
    return min(moments, default=None)


def beat(now: datetime, failed: Iterable[str] = ()) -> None:
    """Record that a round of all the jobs was done, and which of them failed in it."""
    Heartbeat.objects.update_or_create(name=ROUND, defaults={"done_at": now})
    for name in failed:
        Heartbeat.objects.update_or_create(name=name, defaults={"failed_at": now})


def last_round() -> datetime | None:
    """When the jobs were last all gone through, here or on another machine."""
    return Heartbeat.objects.filter(name=ROUND).values_list("done_at", flat=True).first()


def next_due(now: datetime) -> datetime | None:
    """The next moment at which anything is due; None when nothing is."""
    moments = [moment for function in DEADLINES if (moment := function(now))]
    return min(moments, default=None)

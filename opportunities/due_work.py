"""Reminders of the delivery date: the supplier five business days before it and the day before, all three sides once late.

Each is sent once for a date: a new date, or a revision, begins anew. When two are missed, only the later one is sent.
None is sent in quiet hours.
"""

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Max

from microacq import business_days, clock, quiet_hours

from .due import claimed, deadline, job
from .models import Opportunity
from .notifications import AUDIENCES, mail_context, queue
from .panels_work import due_date

DAYS_BEFORE = (5, 1)
"""Business days."""
SOON, LATE = "delivery_soon", "delivery_late"
TOLD = {SOON: ("supplier",), LATE: ("supplier", "client", "team")}


def days_of(due: date) -> list[tuple[date, str]]:
    """The days on which a delivery date calls for a reminder, and which, in order."""
    return [*((business_days.add(due, -days), SOON) for days in DAYS_BEFORE), (due + timedelta(days=1), LATE)]


def reminder_due(opportunity, now: datetime) -> tuple[str, datetime]:
    """The reminder that the opportunity's delivery date calls for now, SOON, LATE or "", and since when."""
    called = [
        (moment, name)
        for day, name in days_of(due_date(opportunity, opportunity.contract))
        if (moment := _morning(day)) <= now
    ]
    moment, name = called[-1] if called else (now, "")
    return name, moment


def _morning(day: date) -> datetime:
    """From when people may be reminded that day, or on the next business day."""
    return quiet_hours.opens(datetime.combine(day, time.min, clock.EASTERN))


def already_sent(opportunity, template: str, called: datetime) -> bool:
    """Whether it went out since it was called for, and since the work, the revision or the present date began."""
    moved = opportunity.extensions.filter(approved=True).aggregate(moment=Max("settled_at"))["moment"]
    since = max(opportunity.state_since, moved or opportunity.state_since, called)
    return opportunity.notifications.filter(template=template, created_at__gte=since).exists()


@job("remind of deliveries", order=61)
def remind(now: datetime) -> int:
    """Remind those whom an expected delivery concerns; gives the number of mails."""
    done, seen = 0, 0
    if not quiet_hours.may_remind(now):
        return 0
    while True:
        with transaction.atomic():
            opportunity = claimed(Opportunity.objects.filter(state="work", pk__gt=seen).order_by("pk"))
            if opportunity is None:
                return done
            seen = opportunity.pk
            template, called = reminder_due(opportunity, now)
            if not template or already_sent(opportunity, template, called):
                continue
            context = mail_context(opportunity) | {"due": due_date(opportunity, opportunity.contract)}
            for name in TOLD[template]:
                for person in AUDIENCES[name](opportunity, None):
                    queue(template, person, context, opportunity=opportunity, audience_name=name)
                    done += 1


@deadline
def next_reminder(now: datetime) -> datetime | None:
    """When the next delivery date comes near or has passed: that morning."""
    dates = Opportunity.objects.filter(state="work", delivery_date__isnull=False).values_list(
        "delivery_date", flat=True
    )
    moments = [_morning(day) for due in dates for day, _name in days_of(due)]
    return min((moment for moment in moments if moment > now), default=None)

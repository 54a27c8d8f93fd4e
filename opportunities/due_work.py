"""Reminders of the delivery date: the supplier three business days before it, all three sides once it has passed.

Each is sent once for a date: a new date, or a revision, begins anew.
"""

from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Max

from microacq import business_days, clock

from .due import claimed, deadline, job
from .forms.parts import today
from .models import Opportunity
from .notifications import AUDIENCES, mail_context, queue
from .panels_work import due_date

DAYS_BEFORE = 3
SOON, LATE = "delivery_soon", "delivery_late"
TOLD = {SOON: ("supplier",), LATE: ("supplier", "client", "team")}


def reminder_due(opportunity, now: datetime) -> str:
    """The reminder that the opportunity's delivery date calls for now: SOON, LATE or ""."""
    due, day = due_date(opportunity, opportunity.contract), today(now)
    if day > due:
        return LATE
    return SOON if day >= business_days.add(due, -DAYS_BEFORE) else ""


def already_sent(opportunity, template: str) -> bool:
    """Whether it went out since the work, the revision or the present date began."""
    moved = opportunity.extensions.filter(approved=True).aggregate(moment=Max("settled_at"))["moment"]
    since = max(opportunity.state_since, moved or opportunity.state_since)
    return opportunity.notifications.filter(template=template, created_at__gt=since).exists()


@job("remind of deliveries", order=61)
def remind(now: datetime) -> int:
    """Remind those whom an expected delivery concerns; gives the number of mails."""
    done, seen = 0, 0
    while True:
        with transaction.atomic():
            opportunity = claimed(Opportunity.objects.filter(state="work", pk__gt=seen).order_by("pk"))
            if opportunity is None:
                return done
            seen = opportunity.pk
            template = reminder_due(opportunity, now)
            if not template or already_sent(opportunity, template):
                continue
            context = mail_context(opportunity) | {"due": due_date(opportunity, opportunity.contract)}
            for name in TOLD[template]:
                for person in AUDIENCES[name](opportunity, None):
                    queue(template, person, context, opportunity=opportunity, audience_name=name)
                    done += 1


@deadline
def next_reminder(now: datetime) -> datetime | None:
    """When the next delivery date comes near or has passed: at the first minute of that day."""
    dates = Opportunity.objects.filter(state="work", delivery_date__isnull=False).values_list(
        "delivery_date", flat=True
    )
    days = [day for due in dates for day in (business_days.add(due, -DAYS_BEFORE), due + timedelta(days=1))]
    moments = [datetime.combine(day, time.min, clock.EASTERN) for day in days]
    return min((moment for moment in moments if moment > now), default=None)

"""Applications to be confirmed after a change in what suppliers answer to: their suppliers are reminded before closing.

Which applications those are is said by `Application.objects.unconfirmed()`; who is told of the change, and at closing
of the consequence, by the lifecycle's table.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from microacq import business_days, clock, quiet_hours
from microacq.models import User
from opportunities.due import claimed, deadline, job
from opportunities.models import Notification, Opportunity
from opportunities.notifications import mail_context, queue

from .models import Application

DAYS_BEFORE = 1
"""Business days before closing when those who have not confirmed are reminded."""
REMINDER = "confirmation_reminder"


def reminded_from(opportunity) -> datetime:
    """From when they are reminded: one business day before closing, at the same time of day but for quiet hours."""
    local = opportunity.closing_at.astimezone(clock.EASTERN)
    day = business_days.add(local.date(), -DAYS_BEFORE)
    return quiet_hours.opens(datetime.combine(day, local.time(), clock.EASTERN))


def _to_confirm(now: datetime):
    """Open opportunities with applications to be confirmed."""
    waiting = Application.objects.unconfirmed().filter(opportunity=OuterRef("pk"))
    return Opportunity.objects.filter(Exists(waiting), state="posted", closing_at__gt=now)


@job("remind to confirm", order=62)
def remind(now: datetime) -> int:
    """Remind each supplier once before each closing date; gives the number of mails."""
    done, seen = 0, 0
    while True:
        with transaction.atomic():
            opportunity = claimed(_to_confirm(now).filter(pk__gt=seen).order_by("pk"))
            if opportunity is None:
                return done
            seen, start = opportunity.pk, reminded_from(opportunity)
            if now < start:
                continue
            reminded = Notification.objects.filter(
                opportunity=opportunity, recipient=OuterRef("pk"), template=REMINDER, created_at__gte=start
            )
            waiting = User.objects.filter(applications__in=opportunity.applications.unconfirmed())
            for supplier in waiting.filter(~Exists(reminded)).order_by("pk"):
                context = mail_context(opportunity)
                kept = queue(
                    REMINDER, supplier, context, opportunity=opportunity, audience_name="unconfirmed"
                )
                done += kept is not None


@deadline
def next_reminder(now: datetime) -> datetime | None:
    """When the next of them are reminded."""
    moments = [reminded_from(opportunity) for opportunity in _to_confirm(now)]
    return min((moment for moment in moments if moment > now), default=None)

"""Following an opportunity: told at once, or in one email a day, of what the lifecycle's table tells followers.

Knows who follows what and how; which events there are is said by the lifecycle alone.
"""

from collections import defaultdict
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from microacq import clock
from microacq.models import User

from . import notifications
from .due import claimed, deadline, job
from .lifecycle import LIFECYCLE
from .models import Event, Following, Notification

MORNING = time(8)
"""Eastern time up to which the day's email tells."""
SETTLED = timedelta(minutes=1)
"""After this long every event of an earlier moment is written."""
TOLD = tuple(row.name for row in LIFECYCLE if any(notice.audience == "followers" for notice in row.told))
WHILE = {state for row in LIFECYCLE if row.name in TOLD for state in row.sources}
NEWS = {
    "amend": _("It was updated. Its page shows what changed and why."),
    "extend_closing": _("The closing date was extended."),
    "publish_answers": _("Questions were answered."),
    "close_empty": _("It closed without applications."),
    "cancel": _("It was cancelled. The reason is on its page."),
    "no_award": _("It ended without a supplier. The reason is on its page."),
    "sign": _("A supplier was selected. The name and the price are on its page."),
}


def following_of(user, opportunity) -> Following | None:
    """How this person follows the opportunity; None when they do not."""
    return opportunity.followings.filter(user=user).first() if user.is_authenticated else None


def may_follow(opportunity) -> bool:
    """Whether anything is still to come that followers are told."""
    return opportunity.posted_at is not None and opportunity.state in WHILE


def follow(opportunity, user, *, digest: bool, now: datetime) -> Following:
    """Follow from now on, or change how. What waits for the day's email still comes in it."""
    kept, _new = Following.objects.update_or_create(
        opportunity=opportunity,
        user=user,
        defaults={"digest": digest},
        create_defaults={"digest": digest, "told_until": now},
    )
    return kept


def stop(opportunity, user) -> None:
    """Follow no longer."""
    Following.objects.filter(opportunity=opportunity, user=user).delete()


def _news(until: datetime) -> Exists:
    """Of the rows of Following: did anything happen that the day's email has not looked at?"""
    return Exists(
        Event.objects.filter(
            opportunity=OuterRef("opportunity"),
            transition__in=TOLD,
            at__gt=OuterRef("told_until"),
            at__lte=until,
        )
    )


def _morning(now: datetime) -> datetime:
    """The latest eight o'clock whose events are all written by now."""
    local = (now - SETTLED).astimezone(clock.EASTERN)
    day = local.date() if local.time() >= MORNING else local.date() - timedelta(days=1)
    return datetime.combine(day, MORNING, clock.EASTERN)


@job("digests", order=85)
def send_digests(now: datetime) -> int:
    """Send each follower one email with what happened until eight o'clock, once a day."""
    sent, seen, until = 0, 0, _morning(now)
    waiting = Following.objects.filter(_news(until))
    while True:
        with transaction.atomic():
            theirs = Exists(waiting.filter(user=OuterRef("pk")))
            user = claimed(User.objects.filter(theirs, pk__gt=seen).order_by("pk"))
            if user is None:
                return sent
            seen = user.pk
            # Read again now that the person is ours: another machine may have just written to them.
            followings = list(waiting.filter(user=user).select_related("opportunity").order_by("pk"))
            entries = news(user, followings, until)
            Following.objects.filter(pk__in=[kept.pk for kept in followings]).update(told_until=until)
            if entries:
                context = {"entries": entries, "contact": settings.CONTACT_EMAIL}
                sent += (
                    notifications.queue("followed_digest", user, context, audience_name="digest") is not None
                )


def news(user, followings, until: datetime) -> list[dict]:
    """What happened on each opportunity from when it was last told: {"opportunity", "url", "lines"}; own acts left out.

    What this person was told at once, as an applicant or before choosing one email a day, is not told again.
    """
    if not followings:
        return []
    events = Event.objects.filter(
        opportunity__in=[kept.opportunity_id for kept in followings],
        transition__in=TOLD,
        at__gt=min(kept.told_until for kept in followings),
        at__lte=until,
    )
    told = Notification.objects.filter(event=OuterRef("pk"), recipient=user)
    happened = defaultdict(list)
    for event in events.exclude(Exists(told)).order_by("at", "pk"):
        nothing_public = event.transition == "publish_answers" and not event.data["published"]
        if event.actor_id != user.pk and not nothing_public:
            happened[event.opportunity_id].append(event)
    entries = []
    with override(user.language):
        for kept in followings:
            lines = [
                {"words": str(NEWS[event.transition]), "at": event.at}
                for event in happened[kept.opportunity_id]
                if event.at > kept.told_until
            ]
            if lines:
                url = notifications.link("opportunity", kept.opportunity.reference)
                entries.append({"opportunity": kept.opportunity, "url": url, "lines": lines})
    return entries


@deadline
def next_digest(now: datetime) -> datetime | None:
    """When the next email of the day goes out, when it will have something to say."""
    if not Following.objects.filter(_news(now), digest=True).exists():
        return None
    tomorrow = _morning(now).date() + timedelta(days=1)
    return datetime.combine(tomorrow, MORNING, clock.EASTERN) + SETTLED

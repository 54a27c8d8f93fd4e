"""The mailing list: an address asks, its owner confirms, new opportunities are told, one click ends it.

Asking does the same work whatever the address, so that neither its words nor its time tell who is on the list.
Nothing personal is in an address of the site: links carry a random token, signed.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.utils.translation import override

from microacq import limits

from . import notifications
from .due import claimed, job
from .models import Announcement, Consent, Subscription, SubscriptionRequest

CONFIRM, MANAGE = "mailing list: confirm", "mailing list: manage"
CONSENT_VERSION = "1"
"""Raise it when the text of consent in forms/subscription.py changes."""
KEPT = timedelta(days=7)
"""How long the link to confirm works."""
ASKED_A_DAY = 3
"""How often one address may be sent the link to confirm."""
BATCH = 200
"""How many addresses an announcement is told in one transaction."""
BATCHES = 10
"""How many batches in one round, so that a long list does not keep the other jobs waiting."""


def key(kept: Subscription | SubscriptionRequest) -> str:
    """What a link carries."""
    return Signer(salt=CONFIRM if isinstance(kept, SubscriptionRequest) else MANAGE).sign(kept.token)


def _token(key: str, salt: str) -> str | None:
    try:
        return Signer(salt=salt).unsign(key)
    except BadSignature:
        return None


def asked(key: str, now: datetime) -> SubscriptionRequest | None:
    """The request that a link to confirm names, or None when it is wrong or too old."""
    token = _token(key, CONFIRM)
    return token and SubscriptionRequest.objects.filter(token=token, asked_at__gt=now - KEPT).first()


def subscription(key: str) -> Subscription | None:
    """The subscription that a link names, or None."""
    token = _token(key, MANAGE)
    return token and Subscription.objects.filter(token=token).first()


def ask(email: str, language: str, skills, consent_text: str, now: datetime) -> None:
    """Keep what was asked and send the link that confirms it; beyond a few a day, nothing. Does not look the address up."""
    email = email.strip().lower()
    if not limits.room("subscribe-address", email, ASKED_A_DAY, 24 * 60 * 60):
        return
    with transaction.atomic():
        request = SubscriptionRequest.objects.create(
            email=email,
            language=language,
            asked_at=now,
            consent_version=CONSENT_VERSION,
            consent_text=consent_text,
        )
        request.skills.set(skills)
        with override(language):
            context = {
                "confirm": notifications.link("confirm_subscription", key(request)),
                "until": now + KEPT,
                "contact": settings.CONTACT_EMAIL,
                "postal_address": settings.POSTAL_ADDRESS,
            }
        recipient = notifications.Recipient(email, language, context)
        notifications.queue("confirm_subscription", recipient, {}, audience_name="subscribers")


def confirm(request: SubscriptionRequest, now: datetime) -> Subscription:
    """Put the address on the list as asked, with the proof. Doing it again changes nothing."""
    with transaction.atomic():
        request = SubscriptionRequest.objects.select_for_update().get(pk=request.pk)
        wanted = {"language": request.language, "confirmed_at": now}
        kept, new = Subscription.objects.select_for_update().get_or_create(
            email=request.email, defaults=wanted
        )
        if request.confirmed_at:
            return kept
        if not new:
            again = {**wanted, "unsubscribed_at": None, "bounced_at": None}
            for name, value in again.items():
                setattr(kept, name, value)
            kept.save(update_fields=list(again))
        kept.skills.set(request.skills.all())
        Consent.objects.create(
            subscription=kept,
            kind=Consent.Kind.GIVEN,
            at=now,
            asked_at=request.asked_at,
            language=request.language,
            version=request.consent_version,
            text=request.consent_text,
        )
        request.confirmed_at = now
        request.save(update_fields=["confirmed_at"])
    return kept


def unsubscribe(kept: Subscription, now: datetime) -> None:
    """Take the address off the list, on record. Doing it again changes nothing."""
    with transaction.atomic():
        kept = Subscription.objects.select_for_update().get(pk=kept.pk)
        if kept.unsubscribed_at is None:
            kept.unsubscribed_at = now
            kept.save(update_fields=["unsubscribed_at"])
            Consent.objects.create(subscription=kept, kind=Consent.Kind.WITHDRAWN, at=now)


def recipient(kept: Subscription) -> notifications.Recipient:
    """The subscriber with the ways out that each mail must offer (RFC 8058)."""
    with override(kept.language):
        way_out = {
            "manage": notifications.link("subscription", key(kept)),
            "unsubscribe": notifications.link("unsubscribe", key(kept)),
        }
    return notifications.Recipient(
        kept.email,
        kept.language,
        {"way_out": way_out, "postal_address": settings.POSTAL_ADDRESS},
        {
            "List-Unsubscribe": f"<{way_out['unsubscribe']}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


@notifications.audience("subscribers", is_list=True)
def subscribers(opportunity, event):
    """Whoever chose one of its skills, or every opportunity."""
    return Subscription.objects.wanting(opportunity)


@job("announce", order=84)
def announce(now: datetime) -> int:
    """Tell the list what was announced, batch after batch; gives the number of mails.

    A batch and how far it came are one transaction: whatever stops it, each address is told once.
    """
    told = 0
    for _turn in range(BATCHES):
        with transaction.atomic():
            announcement = claimed(Announcement.objects.filter(done_at=None).order_by("pk"))
            if announcement is None:
                break
            told += _tell_batch(announcement, now)
    return told


def _tell_batch(announcement: Announcement, now: datetime) -> int:
    """Queue the mails of the next batch and note how far it came. What is over by now is told to nobody more."""
    event, opportunity = announcement.event, announcement.event.opportunity
    batch = []
    if opportunity.is_open(now):
        batch = list(
            subscribers(opportunity, event).filter(pk__gt=announcement.told_up_to).order_by("pk")[:BATCH]
        )
    context = notifications.mail_context(opportunity, event)
    for kept in batch:
        notifications.queue(
            announcement.template,
            recipient(kept),
            context,
            event=event,
            opportunity=opportunity,
            audience_name=announcement.audience,
        )
    if batch:
        announcement.told_up_to = batch[-1].pk
    if len(batch) < BATCH:
        announcement.done_at = now
    announcement.save(update_fields=["told_up_to", "done_at"])
    return len(batch)


@job("forget requests", order=80)
def forget(now: datetime) -> int:
    """Throw away what was asked and can no longer be confirmed."""
    _rows, by_model = SubscriptionRequest.objects.filter(asked_at__lte=now - KEPT).delete()
    return by_model.get(SubscriptionRequest._meta.label, 0)

"""The choosing side's jobs that time makes due: expired offers, the draw, and pools announced in time.

Each claims its rows with SELECT ... FOR UPDATE SKIP LOCKED, so several machines may run them at once; each passes
through the lifecycle, so doing one twice does nothing.
"""

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Min, QuerySet
from post_office.models import STATUS

from opportunities import lifecycle
from opportunities.actions import Invalid, act
from opportunities.due import claimed, deadline, job, overdue
from opportunities.models import Notification, Opportunity

from . import beacon, draw
from .models import Offer, Pool

log = logging.getLogger("evaluations.tick")
ANNOUNCEMENTS = ("in_the_pool", "not_passed")


def _lapsed(now: datetime) -> QuerySet:
    return Opportunity.objects.filter(
        state="selection", offers__status=Offer.Status.OPEN, offers__respond_by__lte=now
    )


def _waiting_for_round() -> QuerySet:
    """Pools frozen, not void, not drawn, of opportunities that wait for their draw."""
    return Pool.objects.filter(
        frozen_at__isnull=False, voided_at=None, draw=None, opportunity__state="drawing"
    )


@job("expire offers", order=30)
def expire_offers(now: datetime) -> int:
    """Expire the offers whose time has passed, and make the next."""
    done, seen = 0, 0
    while True:
        with transaction.atomic():
            opportunity = claimed(_lapsed(now).filter(pk__gt=seen).order_by("pk"))
            if opportunity is None:
                return done
            seen = opportunity.pk
            try:
                act("expire_offer", opportunity, lifecycle.CLOCK, now=now)
            except lifecycle.Refused:  # answered at the last moment
                continue
            done += 1


@job("draw", order=40)
def draw_pools(now: datetime) -> int:
    """Fetch the beacon's signature for the pools whose round has come, and draw."""
    done = 0
    for pool in _waiting_for_round().filter(round_at__lte=now).select_related("opportunity").order_by("pk"):
        if pool.announced_too_late(now):
            continue
        # Fetched before any row is locked: a relay may take its time.
        signature = beacon.fetch(settings.BEACON_RELAYS, draw.chain_by_hash(pool.chain_hash), pool.round)
        if not signature:
            log.warning(
                "The beacon's signature of round %d is not to be had yet; the draw waits.", pool.round
            )
            continue
        with transaction.atomic():
            opportunity = claimed(Opportunity.objects.filter(pk=pool.opportunity_id, state="drawing"))
            if opportunity is None:
                continue
            try:
                act("draw", opportunity, lifecycle.CLOCK, data={"signature_hex": signature}, now=now)
            except (lifecycle.Refused, Invalid) as problem:
                log.error("The draw of %s is refused: %s", opportunity.reference, problem)
                continue
            done += 1
    return done


@job("announce pools", order=95)
def announce_pools(now: datetime) -> int:
    """Record, after the mail has gone out, which pools every applicant has been told of."""
    done, seen = 0, 0
    while True:
        with transaction.atomic():
            pool = claimed(_waiting_for_round().filter(announced_at=None, pk__gt=seen).order_by("pk"))
            if pool is None:
                return done
            seen = pool.pk
            freeze = pool.opportunity.events.filter(transition="freeze", data__pool=pool.number).last()
            notices = Notification.objects.filter(event=freeze, template__in=ANNOUNCEMENTS)
            if freeze and not notices.exclude(email__status=STATUS.sent).exists():
                pool.announced_at = now
                pool.save(update_fields=["announced_at"])
                done += 1


@deadline
def next_answer(now: datetime) -> datetime | None:
    """When the next open offer expires."""
    offers = Offer.objects.filter(
        status=Offer.Status.OPEN, opportunity__state="selection", respond_by__gt=now
    )
    return offers.aggregate(moment=Min("respond_by"))["moment"]


@deadline
def next_round(now: datetime) -> datetime | None:
    """When the next round of a draw comes out."""
    return _waiting_for_round().filter(round_at__gt=now).aggregate(moment=Min("round_at"))["moment"]


@overdue
def oldest_answer(now: datetime) -> datetime | None:
    """Since when the oldest offer that nobody answered has lapsed."""
    offers = Offer.objects.filter(
        status=Offer.Status.OPEN, opportunity__state="selection", respond_by__lte=now
    )
    return offers.aggregate(moment=Min("respond_by"))["moment"]


@overdue
def oldest_round(now: datetime) -> datetime | None:
    """Since when the oldest draw has waited for its round's value."""
    return _waiting_for_round().filter(round_at__lte=now).aggregate(moment=Min("round_at"))["moment"]

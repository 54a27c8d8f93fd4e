"""The contract, offered to one supplier at a time, down the order that the draw gave.

Knows pools, draws and offers. Every function is called with the opportunity's row locked, inside `perform()`.
"""

from datetime import datetime, time

from django.conf import settings

from microacq import business_days, clock

from .models import Application, Draw, Offer

LAST_MINUTE = time(23, 59)


def respond_by(now: datetime) -> datetime:
    """The end of the last business day to answer an offer made now (aware, Eastern)."""
    day = business_days.add(now.astimezone(clock.EASTERN).date(), settings.OFFER_RESPONSE_DAYS)
    return datetime.combine(day, LAST_MINUTE, tzinfo=clock.EASTERN)


def make_offer(opportunity, application: Application, position: int, now: datetime) -> Offer:
    """Offer the contract to the supplier of this application, the `position`-th in the order (1 first)."""
    return Offer.objects.create(
        opportunity=opportunity,
        application=application,
        supplier=application.supplier,
        position=position,
        made_at=now,
        respond_by=respond_by(now),
    )


def order(opportunity) -> list[Application]:
    """The applications in the order drawn; the only one that passed where no draw was needed; else none."""
    passed = {application.receipt: application for application in opportunity.applications.passed()}
    drawn = Draw.objects.filter(pool__opportunity=opportunity, pool__voided_at=None).first()
    if drawn:
        return [passed[receipt] for receipt in drawn.order]
    return list(passed.values()) if len(passed) == 1 else []


def offer_next(opportunity, now: datetime) -> Offer | None:
    """Offer the contract to the first in the order who was never offered it; None when nobody is left."""
    offered = set(opportunity.offers.values_list("application_id", flat=True))
    for position, application in enumerate(order(opportunity), start=1):
        if application.pk not in offered:
            return make_offer(opportunity, application, position, now)
    return None


def facts(offer: Offer | None) -> dict:
    """What the event says of an offer: its place in the order and its date, not whose it is."""
    return {"position": offer.position, "respond_by": offer.respond_by} if offer else {}

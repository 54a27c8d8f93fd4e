"""What became of an application, in one word, as its supplier may know it.

Knows the order in which things are told. Reads relations whole, so that a list can fetch them beforehand.
"""

from .models import Offer, Pool

TO_FETCH = ("opportunity__pools__draw", "opportunity__offers", "opportunity__contracts")
"""What a list of applications fetches beforehand."""


def offer_of(application, opportunity) -> Offer | None:
    """The offer made to the application, or None."""
    return next((made for made in opportunity.offers.all() if made.application_id == application.pk), None)


def frozen_pool(opportunity) -> Pool | None:
    """The pool in force, once it is frozen."""
    return next((pool for pool in opportunity.pools.all() if pool.frozen_at and not pool.voided_at), None)


def outcome(application, opportunity) -> str:
    """One of: unconfirmed, set_aside, cancelled, waiting, no_award, failed, passed, next_in_order, not_drawn, or
    offer_ and the offer's status. For an application submitted to an opportunity that has closed.

    Give an application read `with_confirmation()`.
    """
    offer, pool = offer_of(application, opportunity), frozen_pool(opportunity)
    told = (
        any(pool.frozen_at for pool in opportunity.pools.all())
        or bool(opportunity.offers.all())
        or opportunity.state == "no_award"
    )
    if application.changed_since:
        return "unconfirmed"
    if application.set_aside_at and opportunity.state not in ("posted", "opened"):
        return "set_aside"
    if opportunity.state == "cancelled":
        return "cancelled"
    if not told or application.passed is None:
        return "waiting" if opportunity.state != "no_award" else "no_award"
    if not application.passed:
        return "failed"
    if offer:
        return f"offer_{offer.status}"
    if opportunity.state == "no_award":
        return "no_award"
    if opportunity.contracts.all():
        return "not_drawn"
    return "next_in_order" if pool and hasattr(pool, "draw") else "passed"

"""The audiences of the choosing side: applicants, those in the pool, those who did not pass, who holds the offer.

Knows applications; the words of the mails are in templates/emails/, and `opportunities.notifications` queues them.
"""

from django.db.models import Q

from microacq.models import User
from opportunities.notifications import audience

from .models import Application, Offer


def _suppliers(**conditions):
    return User.objects.filter(
        applications__in=Application.objects.filter(status=Application.Status.SUBMITTED, **conditions)
    ).distinct()


@audience("applicants")
def applicants(opportunity, event):
    """Everybody whose application is in play."""
    return User.objects.filter(applications__in=opportunity.applications.in_play())


@audience("to_confirm")
def to_confirm(opportunity, event):
    """After a change in what suppliers answer to: everybody who had sent an application, and must confirm it."""
    return unconfirmed(opportunity, event) if event.data["material"] else []


@audience("unconfirmed")
def unconfirmed(opportunity, event):
    """Whose application was not sent again after such a change."""
    return User.objects.filter(applications__in=opportunity.applications.unconfirmed())


@audience("set_aside")
def set_aside(opportunity, event):
    return _suppliers(opportunity=opportunity, set_aside_at__isnull=False)


@audience("pool")
def pool(opportunity, event):
    """Those whose application passed."""
    return _suppliers(opportunity=opportunity, set_aside_at=None, passed=True)


@audience("failed")
def failed(opportunity, event):
    return _suppliers(opportunity=opportunity, set_aside_at=None, passed=False)


@audience("offer")
def offer(opportunity, event):
    """Who holds the open offer."""
    return User.objects.filter(offers__opportunity=opportunity, offers__status=Offer.Status.OPEN)


@audience("lapsed")
def lapsed(opportunity, event):
    """Who let the latest offer pass."""
    last = opportunity.offers.filter(status=Offer.Status.EXPIRED).order_by("position").last()
    return [last.supplier] if last else []


@audience("others")
def others(opportunity, event):
    """Every applicant but the one selected, once the contract is signed."""
    return _suppliers(opportunity=opportunity).exclude(pk=opportunity.contract.supplier_id)


@audience("followers")
def followers(opportunity, event):
    """Who asked a question, began or sent an application, or follows it and wants to know at once.

    When questions were only set aside: who asked those. Who wants one email a day is told by `opportunities.following`.
    """
    if event.transition == "publish_answers" and not event.data["published"]:
        return User.objects.filter(questions_asked__in=event.data["set_aside"]).distinct()
    return User.objects.filter(
        Q(questions_asked__opportunity=opportunity)
        | Q(applications__opportunity=opportunity, applications__status__in=("draft", "submitted"))
        | Q(followings__opportunity=opportunity, followings__digest=False)
    ).distinct()


def listen() -> None:
    """The audiences are registered by importing this module."""

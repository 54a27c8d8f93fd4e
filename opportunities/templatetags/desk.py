"""The team's front page in the admin: its queues and its capacity."""

from django import template

from microacq import clock

from .. import capacity as team_capacity
from .. import desk

register = template.Library()


@register.simple_tag(takes_context=True)
def queues(context):
    """{"places", "team", "others"}: the team's places, and what waits, for whoever reads."""
    return desk.queues(context["request"].user, clock.now())


@register.simple_tag
def capacity():
    """{"taken", "all", "free", "waiting"}: the team's places."""
    return team_capacity.places()


@register.simple_tag
def waitlist():
    """The first needs of the waitlist, in order."""
    return team_capacity.waitlist().only("reference", "title_en", "title_fr")[: team_capacity.SHOWN]

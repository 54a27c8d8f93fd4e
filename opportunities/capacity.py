"""The team's places: how many opportunities are in progress, the waitlist in order, and the nudge when a place frees."""

from collections.abc import Mapping

from django.conf import settings
from django.db.models import Count

from . import notifications
from .lifecycle import performed
from .models import Opportunity
from .states import STATES

IN_PROGRESS = tuple(state.name for state in STATES.values() if not state.is_ending and state.step >= 3)
"""The states that take up one of the team's places: from the statement to the registry entry."""
SHOWN = 10
"""Needs of the waitlist that are named; the list holds the others."""


def places() -> dict[str, int]:
    """How many opportunities are in progress, out of how many places, and how many needs wait. One query."""
    counted = Opportunity.objects.filter(state__in=(*IN_PROGRESS, "waitlisted")).order_by()
    return places_of(dict(counted.values_list("state").annotate(Count("pk"))))


def places_of(counted: Mapping[str, int]) -> dict[str, int]:
    """The same, when it is known how many opportunities are in each state."""
    taken = sum(counted.get(state, 0) for state in IN_PROGRESS)
    return {
        "taken": taken,
        "all": settings.CAPACITY,
        "free": max(settings.CAPACITY - taken, 0),
        "waiting": counted.get("waitlisted", 0),
    }


def waitlist():
    """The needs on the waitlist, the longest waiting first."""
    return Opportunity.objects.filter(state="waitlisted").order_by("state_since", "pk")


class WaitlistLink:
    """The waitlist's address in the administration, in the language active where it is rendered."""

    def __str__(self) -> str:
        return notifications.link("admin:opportunities_opportunity_changelist") + "?state=waitlisted"


def nudge(sender, opportunity, event, transition, now, **kwargs) -> None:
    """Tell the team when an opportunity gives up its place and somebody waits for one."""
    if event.source not in IN_PROGRESS or event.target in IN_PROGRESS:
        return
    found = places()
    if not (found["free"] and found["waiting"]):
        return
    context = {
        "contact": settings.CONTACT_EMAIL,
        "free": found["free"],
        "waitlist": list(waitlist()[:SHOWN]),
        "waitlist_link": WaitlistLink(),
    }
    for person in notifications.AUDIENCES["team"](opportunity, event):
        notifications.queue("place_free", person, context, audience_name="team")


performed.connect(nudge, dispatch_uid="opportunities.capacity")

"""What the desk adds to the team's daily digest: signs of contract splitting to decide, and places that are free."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _

from microacq.models import User

from . import capacity
from .desk import SIGNS, days_since, listed
from .digest import Line, Morning, source, workspace_line
from .lifecycle import BY_NAME
from .models import Opportunity, SplittingFlag
from .standing import no_part_of


@source
def splitting(morning: Morning) -> Iterable[Line]:
    """To the team: needs that look like others, and nobody has decided."""
    if morning.person.role != User.Role.TEAM:
        return
    seen = Opportunity.objects.filter(
        no_part_of(morning.person), state__in=BY_NAME["decide_splitting"].sources
    )
    flags = SplittingFlag.objects.undecided().filter(
        raised_at__lte=morning.until, opportunity__in=seen.values("pk")
    )
    for flag in flags.select_related("opportunity").order_by("raised_at", "pk"):
        yield workspace_line(flag.opportunity, str(SIGNS["splitting"].label), flag.raised_at, morning.now)


@source
def free_place(morning: Morning) -> Iterable[Line]:
    """To the team: a place is free while a need waits for one."""
    if morning.person.role != User.Role.TEAM:
        return
    found, first = capacity.places(), capacity.waitlist().first()
    if found["free"] and first and first.state_since <= morning.until:
        url = settings.SITE_URL + listed("opportunity", state="waitlisted")
        yield Line(_("Waitlist"), _("A place is free"), url, days_since(first.state_since, morning.now))

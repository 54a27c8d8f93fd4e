"""What of the choosing side is in the daily digest: offers to answer, marks to hand in, debriefs to send."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from microacq.models import User
from microacq.templatetags.gc import eastern_text
from opportunities.digest import Line, Morning, source, workspace_line
from opportunities.models import Opportunity
from opportunities.standing import no_part_of

from .models import Debrief, Offer, Sheet


@source
def offers(morning: Morning) -> Iterable[Line]:
    """To the supplier: the open offer, with the time until which it can be answered."""
    waiting = Offer.objects.open().filter(
        supplier=morning.person,
        opportunity__state="selection",
        made_at__lte=morning.until,
        respond_by__gt=morning.now,
    )
    for offer in waiting.select_related("opportunity"):
        note = _("Answer by %(moment)s.") % {"moment": eastern_text(offer.respond_by)}
        yield workspace_line(offer.opportunity, _("Answer the offer"), offer.made_at, morning.now, note=note)


@source
def marks(morning: Morning) -> Iterable[Line]:
    """To the evaluators who have not handed in their marks. The client's own line is told by the state."""
    handed_in = Sheet.objects.filter(evaluator=morning.person).exclude(submitted_at=None, withdrawn_at=None)
    waiting = (
        Opportunity.objects.filter(
            evaluators=morning.person, state="evaluation", state_since__lte=morning.until
        )
        .exclude(client=morning.person)
        .exclude(pk__in=handed_in.values("opportunity"))
    )
    for opportunity in waiting.order_by("state_since", "pk"):
        yield workspace_line(
            opportunity,
            _("Evaluate the applications"),
            opportunity.state_since,
            morning.now,
            target=opportunity.status.days,
            late=opportunity.is_late(morning.now),
        )


@source
def debriefs(morning: Morning) -> Iterable[Line]:
    """To the team: debriefs asked for and not sent."""
    if morning.person.role != User.Role.TEAM:
        return
    opportunities = Opportunity.objects.filter(no_part_of(morning.person))
    asked = Debrief.objects.filter(
        sent_at=None, asked_at__lte=morning.until, application__opportunity__in=opportunities
    )
    for debrief in asked.select_related("application__opportunity"):
        yield workspace_line(
            debrief.application.opportunity, _("Send the debrief asked for"), debrief.asked_at, morning.now
        )

"""The choosing side's parts of an opportunity's page: the evaluation, one's own result, the draw, the offers.

Each part decides what its reader may see: evaluators and the client never a name before the contract is signed, the
team no name before the evaluation is confirmed, a supplier nothing of anybody else.
"""

from django.utils.translation import gettext_lazy as _

from opportunities.panels import Reader, panel
from opportunities.states import Role

from . import debriefs, outcomes, preparing, staffing
from .marking import Matrix
from .models import Debrief, Offer

CONFIRMED = (
    "confirmed",
    "drawing",
    "selection",
    "work",
    "acceptance",
    "invoicing",
    "certification",
    "paying",
    "registry",
    "complete",
    "terminated",
)


def was_confirmed(opportunity) -> bool:
    """Whether the team confirmed the evaluation, so that its members may see whose application is which."""
    return (
        opportunity.state in CONFIRMED
        or opportunity.applications.in_play().filter(passed__isnull=False).exists()
    )


@panel(50, "evaluations/panels/evaluation.html")
def evaluation(reader: Reader):
    """For the client, the evaluators and the team: how far it is, who still has to do what, and by when."""
    opportunity = reader.opportunity
    if not reader.is_any(Role.CLIENT, Role.EVALUATOR, Role.TEAM) or not opportunity.has_closed(reader.now):
        return None
    received = opportunity.applications.received().count()
    if not received:
        return None
    matrix = Matrix(opportunity)
    confirmed = was_confirmed(opportunity)
    preparations = list(opportunity.preparations.select_related("prepared_by"))
    people = []
    for sheet in matrix.sheets:
        if sheet.withdrawn_at or sheet.evaluator_id not in matrix.named:
            status = _("takes no part")
        elif sheet.submitted_at:
            status = _("marks handed in")
        elif sheet.declared_at:
            status = _("marking")
        else:
            status = _("has not begun")
        people.append((sheet.evaluator, status))
    names = reader.is_any(Role.TEAM) and confirmed
    return {
        "received": received, "released": sum(bool(a.label) for a in matrix.applications), "people": people,
        "preparations": preparations,
        "can_take_over": not preparing.why_not_take_over(opportunity, reader.user)[0],
        "is_team": reader.is_any(Role.TEAM), "confirmed": confirmed, "names": names,
        "results": [a for a in matrix.applications if a.label] if confirmed else [],
        "set_aside": opportunity.applications.filter(set_aside_at__isnull=False) if names else [],
        "can_change_people": not staffing.reasons_against(opportunity, reader.user)[0],
        "debriefs": Debrief.objects.filter(application__opportunity=opportunity).count() if names else 0,
        "readable": opportunity.evaluation_records.exists() and opportunity.state != "evaluation",
    }  # fmt: skip


@panel(55, "evaluations/panels/own_result.html")
def own_result(reader: Reader):
    """For an applicant: what became of their own application, and what happens next, with the date."""
    opportunity = reader.opportunity
    sent = opportunity.applications.of(reader.user) if reader.user.is_authenticated else None
    own = sent.with_confirmation().first() if sent is not None else None
    if not own or not opportunity.has_closed(reader.now):
        return None
    outcome, contract = outcomes.outcome(own, opportunity), opportunity.contract
    offer, pool = outcomes.offer_of(own, opportunity), outcomes.frozen_pool(opportunity)
    drawn = pool.draw.order if pool and hasattr(pool, "draw") else []
    return {
        "own": own, "outcome": outcome, "offer": offer, "pool": pool, "expected": opportunity.result_expected_by,
        "position": drawn.index(own.receipt) + 1 if own.receipt in drawn else None, "contract": contract,
        "can_be_debriefed": debriefs.own(opportunity, reader.user) is not None,
        "in_pool": bool(pool and own.receipt in pool.text.split("\n")),
    }  # fmt: skip


@panel(58, "evaluations/panels/draw.html")
def draw_facts(reader: Reader):
    """For everybody who reads the page: the pool and the draw, which are public."""
    opportunity = reader.opportunity
    pools = list(opportunity.pools.select_related("draw", "proposed_by"))
    frozen = [pool for pool in pools if pool.frozen_at]
    proposed = next((pool for pool in pools if not pool.frozen_at and not pool.voided_at), None)
    if not frozen and not (proposed and reader.is_any(Role.TEAM)):
        return None
    pool = frozen[-1] if frozen else None
    waiting = pool and not pool.voided_at and not hasattr(pool, "draw")
    return {
        "pool": pool, "drawn": getattr(pool, "draw", None), "proposed": proposed if reader.is_any(Role.TEAM) else None,
        "announce_by": pool.announce_by if waiting else None, "too_late": bool(waiting and pool.announced_too_late(reader.now)),
        "is_team": reader.is_any(Role.TEAM),
    }  # fmt: skip


@panel(60, "evaluations/panels/offers.html")
def offers(reader: Reader):
    """For who holds the open offer: the price, the date and the answer expected. For the team: every offer made."""
    opportunity = reader.opportunity
    mine = (
        opportunity.offers.open().filter(supplier=reader.user).select_related("application").first()
        if reader.user.is_authenticated
        else None
    )
    made = []
    if reader.is_any(Role.TEAM):
        made = list(opportunity.offers.select_related("application"))
    if not mine and not made:
        return None
    needs = [
        offer for offer in made if offer.status == Offer.Status.OPEN and offer.application.needs_sign_off
    ]
    return {
        "mine": mine,
        "made": made,
        "sign_off_of": needs[0] if needs else None,
    }

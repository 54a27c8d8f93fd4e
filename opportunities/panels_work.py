"""The parts of an opportunity's page on the work: the contract, its dates, deliveries, extension, dispute, early end (step 7).

Who has a part in the contract reads them; other applicants do not. Only the two sides and the team see how to reach each other.
"""

from datetime import date

from .forms.parts import today
from .lifecycle import UNDER_CONTRACT
from .models import Extension
from .models.delivery import views_by_delivery
from .panels import Reader, panel
from .states import Role

READERS = (Role.SUPPLIER, Role.CLIENT, Role.EVALUATOR, Role.MANAGER, Role.TEAM, Role.FINANCE)
SIDES = {Extension.Side.CLIENT: Role.CLIENT, Extension.Side.SUPPLIER: Role.SUPPLIER}


def contract_for(reader: Reader):
    """The signed contract, when this reader has a part in it; else None."""
    return reader.opportunity.contract if reader.is_any(*READERS) else None


def due_date(opportunity, contract) -> date:
    """When the code is expected: the delivery date, or the later date that the last revision was given."""
    last = opportunity.delivery
    assessment = getattr(last, "assessment", None) if last else None
    return max(contract.delivery_date, (assessment and assessment.revise_by) or contract.delivery_date)


@panel(70, "opportunities/panels/contract.html")
def contract(reader: Reader) -> dict | None:
    """Who, how much, by when; the days left while the code is expected."""
    signed, o = contract_for(reader), reader.opportunity
    if not signed:
        return None
    due = due_date(o, signed)
    return {
        "contract": signed,
        "contacts": reader.is_any(Role.SUPPLIER, Role.CLIENT, Role.TEAM),
        "pages": reader.is_any(Role.SUPPLIER, Role.CLIENT, Role.MANAGER, Role.TEAM, Role.FINANCE),
        "due": due,
        "days_left": (due - today(reader.now)).days if o.state == "work" else None,
        "days_late": max((today(reader.now) - due).days, 0),
        "moved": o.original_delivery_date if o.original_delivery_date != signed.delivery_date else None,
        "reservation": o.reservation,
        "countersigns": not signed.countersigned_at and reader.is_any(Role.TEAM, Role.FINANCE),
    }


@panel(72, "opportunities/panels/acceptance.html")
def acceptance(reader: Reader) -> dict | None:
    """The work acceptance criteria as a checklist, as last judged; then every delivery with its assessment."""
    signed, o = contract_for(reader), reader.opportunity
    if not signed:
        return None
    criteria = list(o.acceptance_criteria.all())
    inside = reader.is_any(Role.CLIENT, Role.EVALUATOR, Role.MANAGER, Role.TEAM)
    views = views_by_delivery(o, criteria) if inside else {}
    deliveries = [
        {
            "delivery": delivery,
            "views": views.get(delivery.pk, ()),
            "how_met": [
                (number, delivery.how_met.get(str(c.pk), "")) for number, c in enumerate(criteria, 1)
            ],
            "assessment": (judged := getattr(delivery, "assessment", None)),
            "results": list(judged.results.all()) if judged else [],
        }
        for delivery in o.deliveries.select_related("assessment").prefetch_related(
            "assessment__results__criterion"
        )
    ]
    judged = {result.criterion_id: result for row in deliveries for result in row["results"]}
    return {
        "checklist": [(criterion, judged.get(criterion.pk)) for criterion in criteria],
        "deliveries": deliveries[::-1],
        "assessing": o.state == "acceptance",
        "days": o.waiting_days(reader.now),
    }


@panel(74, "opportunities/panels/extensions.html")
def extensions(reader: Reader) -> dict | None:
    """Every new date asked for, and the one that waits for this reader's answer."""
    asked = list(reader.opportunity.extensions.all()) if contract_for(reader) else []
    if not asked:
        return None
    refusals = {
        event.data.get("extension"): event.data.get("remark")
        for event in reader.opportunity.events.filter(transition="extend_delivery")
    }
    words = {
        remark.pk: remark.text for remark in reader.opportunity.remarks.filter(transition="extend_delivery")
    }
    under_contract = reader.opportunity.state in UNDER_CONTRACT
    pending = next((e for e in asked if not e.settled_at and under_contract), None)
    other = pending and {Role.CLIENT, Role.SUPPLIER} - {SIDES[pending.side]}
    return {
        "extensions": [
            {"extension": e, "words": words.get(refusals.get(e.pk)), "pending": e is pending} for e in asked
        ],
        "answers": bool(pending and not pending.agreed_at and reader.roles & other),
    }


@panel(76, "opportunities/panels/disputes.html")
def disputes(reader: Reader) -> dict | None:
    raised = list(reader.opportunity.disputes.all()) if contract_for(reader) else []
    return {"disputes": raised} if raised else None


@panel(78, "opportunities/panels/early_end.html")
def early_end(reader: Reader) -> dict | None:
    signed = contract_for(reader)
    return {"contract": signed} if signed and signed.ended_at else None

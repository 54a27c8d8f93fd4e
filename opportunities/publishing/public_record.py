"""What is public of an opportunity, as data: in both languages at once, for machines, and its result for pages too.

Knows only what anybody may read: nothing of an application but, after closing, how many there were.
"""

from datetime import UTC, date, datetime
from typing import Any

from microacq import clock

from ..models.opportunity import RESULT_DAYS
from ..public_status import public_status
from .addresses import LANGUAGES, addresses
from .posted import TEXTS


def both(thing, name: str) -> dict[str, str]:
    """A translated field in both languages."""
    return {language: getattr(thing, f"{name}_{language}") or "" for language in LANGUAGES}


def department(opportunity) -> dict[str, str]:
    """The department's name in both languages; as it was written where we know no other."""
    return {language: opportunity.department_in(language) for language in LANGUAGES}


def moment(value: datetime | None) -> str | None:
    """A moment in Eastern time with its offset."""
    return value.astimezone(clock.EASTERN).isoformat(timespec="seconds") if value else None


def day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def summary(opportunity, now: datetime) -> dict[str, Any]:
    """What the list says of one. Amounts are in Canadian dollars, before taxes."""
    return {
        "reference": opportunity.reference,
        "url": addresses("opportunity", opportunity.reference),
        "json": addresses("opportunity_json", opportunity.reference)["en"],
        "title": both(opportunity, "title"),
        "short_description": both(opportunity, "short_description"),
        "status": public_status(opportunity, now).key,
        "fixed_price": f"{opportunity.fixed_price:.2f}",
        "currency": "CAD",
        "taxes_included": False,
        "skills": [both(skill, "name") for skill in opportunity.skills.all()],
        "posted_at": moment(opportunity.posted_at),
        "updated_at": moment(opportunity.amended_at),
        "closing_at": moment(opportunity.closing_at),
    }


def whole(opportunity, now: datetime) -> dict[str, Any]:
    """Everything on the public page of one."""
    rerun_of = opportunity.rerun_of
    record = summary(opportunity, now) | {
        "department": department(opportunity),
        "licence": opportunity.licence,
        "repository": opportunity.repository or None,
        "weekly_hours_at_most": f"{opportunity.weekly_hours:.1f}",
        "questions_until": moment(opportunity.questions_until),
        "first_closing_at": moment(opportunity.original_closing_at),
        "selection_date": day(opportunity.selection_date),
        "delivery_date": day(opportunity.delivery_date),
        **{name: both(opportunity, name) for name in TEXTS},
        "evaluation_criteria": [
            both(criterion, "text") | {"similar_skills_count": criterion.similar_skills_count}
            for criterion in opportunity.evaluation_criteria.all()
        ],
        "acceptance_criteria": [
            both(criterion, "text") | {"kind": criterion.kind}
            for criterion in opportunity.acceptance_criteria.all()
        ],
        "amendments": [
            {
                "number": amendment.number,
                "kind": amendment.kind,
                "at": moment(amendment.amended_at),
                "material": amendment.material,
                "reason": both(amendment, "reason"),
                "changes": amendment.changes,
            }
            for amendment in opportunity.amendments.all()
        ],
        "questions": [
            {
                "published_at": moment(question.published_at),
                "question": both(question, "public_question"),
                "answer": both(question, "answer"),
            }
            for question in answered(opportunity)
        ],
        "rerun_of": rerun_of.reference if rerun_of and rerun_of.posted_at else None,
        "result": None,
    }
    if opportunity.has_closed(now):
        record["result"] = _result_as_data(opportunity)
    return record


def answered(opportunity):
    """The published questions, in the order of their answers."""
    return opportunity.questions.filter(published_at__isnull=False).order_by("published_at", "pk")


def result(opportunity) -> dict[str, Any]:
    """What is public once closed: how many applied, the draw, who was selected, and the code."""
    contract = opportunity.contract
    pools = list(opportunity.pools.filter(frozen_at__isnull=False))
    latest = opportunity.deliveries.select_related("assessment").order_by("number").last()
    accepted = latest and getattr(latest, "assessment", None) and latest.assessment.accepted
    entry = getattr(opportunity, "registry_entry", None)
    signed = opportunity.offers.filter(status="signed").first()
    told = bool(pools) or opportunity.offers.exists() or opportunity.state == "no_award"
    return {
        "closed": True,
        "applications_count": opportunity.applications.received().count(),
        "passed_count": opportunity.applications.passed().count() if told else None,
        "selected_at": signed.made_at if signed else None,
        "selection_days": opportunity.days_after_closing(signed.made_at) if signed else None,
        "result_days": RESULT_DAYS,
        "contract": contract,
        "drawn": any(not pool.voided_at for pool in pools),
        "pools": pools,
        "single": contract is not None and not pools,
        "delivered": latest if accepted else None,
        "registry_entry": entry if entry and entry.pull_request_url else None,
        "rerun": opportunity.reruns.filter(posted_at__isnull=False).first(),
    }


def _result_as_data(opportunity) -> dict[str, Any]:
    found = result(opportunity)
    contract, delivered, entry, rerun = (
        found["contract"],
        found["delivered"],
        found["registry_entry"],
        found["rerun"],
    )
    return {
        "applications": found["applications_count"],
        "passed": found["passed_count"],
        "selected_on": day(found["selected_at"].astimezone(clock.EASTERN).date())
        if found["selected_at"]
        else None,
        "business_days_from_closing_to_selection": found["selection_days"],
        "reason": both(opportunity, "ending_reason") if opportunity.status.is_ending else None,
        "supplier": contract.supplier_name if contract else None,
        "price": f"{contract.price:.2f}" if contract else None,
        "signed_on": day(contract.signed_at.astimezone(clock.EASTERN).date()) if contract else None,
        "repository": (contract.repository or None) if contract else None,
        "ended_early": (contract.ended or None) if contract else None,
        "draw": addresses("draw_page", opportunity.reference) if found["pools"] else None,
        "delivered_code": (
            {"url": delivered.url, "revision": delivered.revision, "licence": delivered.licence}
            if delivered
            else None
        ),
        "registry_entry": entry.pull_request_url if entry else None,
        "run_again_as": rerun.reference if rerun else None,
    }


def timestamp(value: datetime | None) -> int | None:
    """Whole seconds since 1970, as HTTP dates have it."""
    return int(value.astimezone(UTC).timestamp()) if value else None

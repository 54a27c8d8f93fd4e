"""Posted opportunities in the Open Contracting Data Standard (OCDS 1.1): one release for each thing that happened in public.

A release is made again, the same, each time it is asked for, from records that never change; a later one never changes an
earlier one. Built from what an anonymous visitor may read alone, so nothing that is sealed can be in it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, Prefetch, Subquery
from django.db.models.functions import Coalesce

from microacq.pieces import pieces

from ..models import Delivery, Event, Opportunity, Question
from . import ocds_parts as parts
from .addresses import address
from .public_record import moment

VERSION = "1.1"
LICENCE = "https://open.canada.ca/en/open-government-licence-canada"
DEPARTMENT = "Employment and Social Development Canada"
AT_ONCE = 100
ENDS = ("close_empty", "no_award")
PUBLIC_EVENTS = (*ENDS, "record_pull_request", "complete")
"""The events whose moment a release bears."""


@dataclass(frozen=True)
class Happening:
    """Something that everyone could see happen: when, its own name among the releases, their tags, and what it says."""

    at: datetime
    name: str
    tags: tuple[str, ...]
    says: dict[str, Any] = field(default_factory=dict)


def published():
    """The posted opportunities with all that their releases are made of, in a constant number of queries a hundred."""
    return (
        Opportunity.objects.public()
        .select_related("rerun_of", "registry_entry")
        .annotate(applied=_received())
        .prefetch_related(
            "amendments",
            "evaluation_criteria",
            "acceptance_criteria",
            "contracts",
            "extensions",
            "pools",
            Prefetch(
                "deliveries", Delivery.objects.filter(assessment__accepted=True).select_related("assessment")
            ),
            Prefetch(
                "questions",
                Question.objects.filter(published_at__isnull=False).only("opportunity", "published_at"),
            ),
            Prefetch("events", Event.objects.filter(transition__in=PUBLIC_EVENTS).order_by("number")),
        )
        .order_by("posted_at", "pk")
    )


def _received():
    """How many applications the page counts once closed, asked for with the opportunity itself."""
    counted = Opportunity.applications.rel.related_model.objects.received().filter(opportunity=OuterRef("pk"))
    number = counted.order_by().values("opportunity").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number), 0)


# --- releases


def ocid(opportunity) -> str:
    """The id of the contracting process, the same for ever."""
    return f"{settings.OCID_PREFIX}-{opportunity.reference}"


def releases(opportunity, now: datetime) -> list[dict[str, Any]]:
    """Every release of one opportunity until `now`, the earliest first. Give one of `published()`."""
    found: list[dict[str, Any]] = []
    posted = parts.Posted(opportunity)
    happened = sorted((h for h in happenings(opportunity) if h.at <= now), key=lambda h: h.at)
    for happening in happened:
        release_id = f"{ocid(opportunity)}-{happening.name}"
        says = dict(happening.says)
        if "tender" in says:
            says["tender"] = parts.tender(opportunity, posted.at(happening.at), **says["tender"])
        if amended := says.pop("amendment", None):
            says["tender"]["amendments"] = [parts.amendment(amended, release_id, found[-1]["id"])]
        release = {
            "ocid": ocid(opportunity),
            "id": release_id,
            "date": moment(happening.at),
            "tag": list(happening.tags),
            "initiationType": "tender",
            "language": "en",
            "parties": [parts.buyer(opportunity)],
            "buyer": parts.buyer_reference(opportunity),
            **says,
        }
        if "awards" in says:
            release["parties"].append(parts.supplier(opportunity, opportunity.contracts.all()[0]))
        if opportunity.rerun_of and opportunity.rerun_of.posted_at and happening.name == "tender":
            release["relatedProcesses"] = [_follows(opportunity.rerun_of)]
        found.append(parts.tidy(release))
    return found


def _follows(earlier) -> dict[str, Any]:
    return {
        "id": "1",
        "relationship": ["unsuccessfulProcess"],
        "scheme": "ocid",
        "identifier": ocid(earlier),
        **({"title": earlier.title_en} if earlier.title_en else {}),
        "uri": address("opportunity_ocds", earlier.reference, language="en"),
    }


def happenings(opportunity) -> Iterator[Happening]:
    """What happened in public, in no order."""
    yield Happening(opportunity.posted_at, "tender", ("tender",), {"tender": {"status": "active"}})
    yield from _until_closing(opportunity)
    yield from _without_supplier(opportunity)
    for signed in opportunity.contracts.all():
        yield from _under_contract(opportunity, signed)


def _until_closing(opportunity) -> Iterator[Happening]:
    cancelled_at = None
    for amendment in opportunity.amendments.all():
        if amendment.kind == amendment.Kind.CANCEL:
            cancelled_at = amendment.amended_at
            says = {"tender": {"status": "cancelled"}, "amendment": amendment}
            yield Happening(amendment.amended_at, "cancellation", ("tenderCancellation",), says)
        else:
            says = {"tender": {"status": "active"}, "amendment": amendment}
            yield Happening(amendment.amended_at, f"amendment-{amendment.number}", ("tenderUpdate",), says)
    # Those answered together were published at one moment.
    for number, when in enumerate(
        sorted({question.published_at for question in opportunity.questions.all()}), 1
    ):
        says = {"tender": {"status": "active", "hasEnquiries": True}}
        yield Happening(when, f"answers-{number}", ("tenderUpdate",), says)
    if cancelled_at is None or opportunity.closing_at <= cancelled_at:
        says = {"tender": {"status": "active", "numberOfTenderers": opportunity.applied}}
        yield Happening(opportunity.closing_at, "closing", ("tenderUpdate",), says)


def _without_supplier(opportunity) -> Iterator[Happening]:
    for event in opportunity.events.all():
        if event.transition in ENDS:
            yield Happening(
                event.at, "unsuccessful", ("tenderUpdate",), {"tender": {"status": "unsuccessful"}}
            )


def _under_contract(opportunity, signed) -> Iterator[Happening]:
    moved = [extension for extension in opportunity.extensions.all() if extension.approved]
    first_date = moved[0].old_date if moved else signed.delivery_date
    drawn = any(pool.frozen_at and not pool.voided_at for pool in opportunity.pools.all())
    says = {
        "tender": {"status": "complete", "numberOfTenderers": opportunity.applied},
        "awards": [parts.award(opportunity, signed, drawn)],
        "contracts": [parts.contract_whole(opportunity, signed, first_date)],
    }
    yield Happening(signed.signed_at, "award", ("award", "contract"), says)
    for number, extension in enumerate(moved, 1):
        period = {"startDate": moment(signed.signed_at), "endDate": parts.end_of(extension.new_date)}
        says = {"contracts": [parts.contract_part(opportunity, status="active", period=period)]}
        yield Happening(extension.settled_at, f"extension-{number}", ("contractAmendment",), says)
    for delivery in opportunity.deliveries.all():
        yield Happening(
            delivery.assessment.assessed_at,
            "delivery",
            ("implementation",),
            _delivered(opportunity, signed, delivery),
        )
    if signed.ended_at:
        told = parts.twice("description", parts.WORDS[signed.ended])
        says = {"contracts": [parts.contract_part(opportunity, status="terminated", **told)]}
        yield Happening(signed.ended_at, "early-end", ("contractTermination",), says)
    yield from _in_registry(opportunity)


def _delivered(opportunity, signed, delivery) -> dict[str, Any]:
    when = delivery.assessment.assessed_at
    milestone = {
        "id": "delivery",
        "type": "delivery",
        **parts.twice("title", parts.WORDS["delivery"]),
        "dueDate": parts.end_of(signed.delivery_date),
        "dateMet": moment(when),
        "status": "met",
    }
    code = parts.document("code", delivery.url, when, description=f"{delivery.revision} ({delivery.licence})")
    done = {"milestones": [milestone], "documents": [code]}
    return {"contracts": [parts.contract_part(opportunity, status="active", implementation=done)]}


def _in_registry(opportunity) -> Iterator[Happening]:
    number = 0
    for event in opportunity.events.all():
        if event.transition == "record_pull_request":
            number += 1
            entry = parts.document("registry", event.data["pull_request"], event.at)
            contract = parts.contract_part(
                opportunity, status="active", implementation={"documents": [entry]}
            )
            yield Happening(event.at, f"registry-{number}", ("implementation",), {"contracts": [contract]})
        elif event.transition == "complete":
            told = parts.twice("description", parts.WORDS["complete"])
            contract = parts.contract_part(opportunity, status="terminated", **told)
            yield Happening(event.at, "complete", ("contractTermination",), {"contracts": [contract]})


# --- packages


def _package(uri: str, published_at: datetime | str) -> dict[str, Any]:
    """A release package without its releases."""
    return {
        "uri": uri,
        "version": VERSION,
        "publishedDate": published_at if isinstance(published_at, str) else moment(published_at),
        "publisher": {"name": DEPARTMENT, "uri": f"{settings.SITE_URL}/"},
        "license": LICENCE,
        "publicationPolicy": address("open_data", language="en"),
    }


def package(opportunity, now: datetime) -> dict[str, Any]:
    """The release package of one opportunity. Give one of `published()`."""
    found = releases(opportunity, now)
    uri = address("opportunity_ocds", opportunity.reference, language="en")
    return _package(uri, found[-1]["date"]) | {"releases": found}


def bulk(changed_at: datetime, now: datetime) -> Iterator[str]:
    """The release package of everything posted, as pieces of JSON: never more than a hundred opportunities in memory."""
    head = json.dumps(
        _package(address("opportunities_ocds", language="en"), changed_at),
        ensure_ascii=False,
        separators=(",", ":"),
    )
    yield f'{head[:-1]},"releases":['
    between = ""
    for some in pieces(published(), AT_ONCE):
        for release in (release for opportunity in some for release in releases(opportunity, now)):
            yield between + json.dumps(release, ensure_ascii=False, separators=(",", ":"))
            between = ",\n"
    yield "]}\n"

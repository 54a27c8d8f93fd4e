"""Everything that was delivered and accepted: what the public finds, reads of it and is told is new.

Knows only what the public pages say. Whatever the list holds, it takes the same few queries.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q, Subquery

from . import search
from .models import Contract, Delivery, Opportunity


@dataclass(frozen=True)
class Code:
    """One piece of delivered code, in the reader's language."""

    opportunity: Any
    title: str
    what_it_does: str
    address: str
    revision: str
    licence: str
    supplier: str
    price: Decimal
    accepted_at: datetime
    registry_url: str


def found(query: str = ""):
    """The opportunities whose code was accepted, the latest first, that have the words or that supplier."""
    accepted = Delivery.objects.filter(opportunity=OuterRef("pk"), assessment__accepted=True)
    listed = Opportunity.objects.public().filter(Exists(accepted))
    if query:
        contracts = Contract.objects.filter(opportunity=OuterRef("pk"), supplier_name__icontains=query)
        licences = accepted.filter(licence__iexact=query)
        entry = Q(registry_entry__pull_request_url__gt="") & (
            Q(registry_entry__what_it_does_en__icontains=query)
            | Q(registry_entry__what_it_does_fr__icontains=query)
        )
        listed = listed.filter(search.matches(query) | entry | Exists(contracts) | Exists(licences))
    return listed.annotate(accepted_at=Subquery(accepted.values("assessment__assessed_at")[:1])).order_by(
        F("accepted_at").desc(), "-pk"
    )


def rows(opportunities) -> list[Code]:
    """What is said of each. Give a slice of `found()`."""
    accepted = Delivery.objects.filter(assessment__accepted=True).select_related("assessment")
    shown = opportunities.select_related("registry_entry").prefetch_related(
        "contracts", Prefetch("deliveries", accepted, to_attr="accepted")
    )
    return [code(opportunity) for opportunity in shown]


def code(opportunity) -> Code:
    delivery, contract = opportunity.accepted[0], opportunity.contracts.all()[0]
    entry = getattr(opportunity, "registry_entry", None)
    listed = entry if entry and entry.pull_request_url else None
    return Code(
        opportunity=opportunity,
        title=opportunity.title,
        what_it_does=listed.what_it_does if listed else opportunity.short_description,
        address=contract.repository or delivery.url,
        revision=delivery.revision,
        licence=delivery.licence,
        supplier=contract.supplier_name,
        price=contract.price,
        accepted_at=opportunity.accepted_at,
        registry_url=listed.pull_request_url if listed else "",
    )

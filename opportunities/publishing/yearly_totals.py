"""What was bought in each calendar year, in the shape of the federal publication of contracts under $10,000.

The columns are those of the Government of Canada's "Proactive Publication - Contracts" data set for aggregated contracts
(open.canada.ca). A micro-acquisition is a service. Contract values are before taxes, as posted; what was paid by
acquisition card has its taxes. Totals only: no supplier, no opportunity.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO

from microacq import clock

from ..models import Contract, Extension, Payment
from ..models.opportunity import DEPARTMENTS_FR
from .ore import ADMIN_CODE

KINDS = ("goods", "service", "construction")
COLUMNS = (
    "year",
    *(
        column
        for kind in KINDS
        for column in (
            f"contract_{kind}_number_of",
            f"contracts_{kind}_original_value",
            f"contracts_{kind}_amendment_value",
        )
    ),
    "acquisition_card_transactions_number_of",
    "acquisition_card_transactions_total_value",
    "owner_org",
    "owner_org_title",
)
TITLE = " | ".join(next(iter(DEPARTMENTS_FR.items())))
NOTHING = Decimal("0.00")


@dataclass
class Year:
    """One calendar year, in Eastern time. Amounts are in Canadian dollars."""

    year: int
    signed: int = 0
    original_value: Decimal = NOTHING
    amendments: int = 0
    amendment_value: Decimal = NOTHING
    card_payments: int = 0
    card_value: Decimal = NOTHING
    contracts: int = 0
    """Contracts entered into or amended: each counts once."""


def years() -> list[Year]:
    """Every year in which something happened, the latest first. The same few queries, whatever there is."""
    found: dict[int, Year] = {}
    touched: dict[int, set[int]] = defaultdict(set)

    def at(year: int) -> Year:
        return found.setdefault(year, Year(year))

    def amended(moment, opportunity_id: int, value: Decimal) -> None:
        year = at(_year(moment))
        year.amendments += 1
        year.amendment_value += value
        touched[year.year].add(opportunity_id)

    for contract in Contract.objects.only(
        "opportunity_id", "signed_at", "price", "ended", "ended_at", "share_done"
    ):
        year = at(_year(contract.signed_at))
        year.signed += 1
        year.original_value += contract.price
        touched[year.year].add(contract.opportunity_id)
        if contract.ended_at:
            amended(contract.ended_at, contract.opportunity_id, contract.amount_due - contract.price)
    for extension in Extension.objects.filter(approved=True).only("opportunity_id", "settled_at"):
        amended(extension.settled_at, extension.opportunity_id, NOTHING)
    for payment in Payment.objects.filter(means=Payment.Means.CARD).only("paid_on", "amount"):
        year = at(payment.paid_on.year)
        year.card_payments += 1
        year.card_value += payment.amount
    for year in found.values():
        year.contracts = len(touched[year.year])
    return sorted(found.values(), key=lambda year: -year.year)


def _year(moment) -> int:
    return moment.astimezone(clock.EASTERN).year


def lines() -> Iterator[str]:
    """The publication as CSV, UTF-8 with a byte-order mark, the latest year first."""
    yield "\ufeff" + _line(COLUMNS)
    for year in years():
        none = (0, "0.00", "0.00")
        service = (year.contracts, year.original_value, year.amendment_value)
        yield _line(
            (year.year, *none, *service, *none, year.card_payments, year.card_value, ADMIN_CODE, TITLE)
        )


def _line(cells) -> str:
    written = StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()

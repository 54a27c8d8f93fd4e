"""Posted opportunities as CSV under the column names of CanadaBuys' tender notices, so that the two can be read together.

Columns that say nothing of a micro-acquisition stay empty. Written for spreadsheets: UTF-8 with a byte-order mark, and no
cell that one would take for a formula.
"""

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Count

from microacq import clock, money
from microacq.pieces import pieces

from .. import listing
from ..models import Opportunity
from ..public_status import public_status
from .addresses import LANGUAGES, addresses
from .public_record import both, department
from .sheets import Line, safe

COLUMNS = json.loads(
    (Path(__file__).parent / "data/canadabuys/tender-columns.json").read_text(encoding="utf-8")
)
AT_ONCE = 500

STATUSES = {
    "open": ("Open", "Ouvert"),
    "result": ("Closed", "Fermé"),
    "awarded": ("Awarded", "Attribué"),
    "complete": ("Awarded", "Attribué"),
    "terminated": ("Awarded", "Attribué"),
    "no_award": ("Closed", "Fermé"),
    "cancelled": ("Cancelled", "Annulé"),
}
SELECTION = (
    "Every application evaluation criterion is passed; a public random draw among those that pass",
    "Tous les critères d’évaluation de la demande sont satisfaits; tirage au sort public parmi les demandes retenues",
)
ALWAYS = {
    "procurementCategory-categorieApprovisionnement": "*SRV",
    "noticeType-avisType-eng": "Micro-acquisition",
    "noticeType-avisType-fra": "Micro-acquisition",
    "procurementMethod-methodeApprovisionnement-eng": "Competitive – Open Bidding",
    "procurementMethod-methodeApprovisionnement-fra": "Concurrentielle – Appel d’offres ouvert",
    "selectionCriteria-criteresSelection-eng": SELECTION[0],
    "selectionCriteria-criteresSelection-fra": SELECTION[1],
    "regionsOfOpportunity-regionAppelOffres-eng": "*Canada",
    "regionsOfOpportunity-regionAppelOffres-fra": "*Canada",
    "regionsOfDelivery-regionsLivraison-eng": "*Canada",
    "regionsOfDelivery-regionsLivraison-fra": "*Canada",
    "contractingEntityAddressCountry-entiteContractanteAdressePays-eng": "Canada",
    "contractingEntityAddressCountry-entiteContractanteAdressePays-fra": "Canada",
    "contactInfoName-informationsContactNom": "Micro-acquisition",
    "contactInfoCountry-contactInfoPays-eng": "Canada",
    "contactInfoCountry-contactInfoPays-fra": "Canada",
}
PRICE = {"en": "Fixed price, before taxes: {}.", "fr": "Prix fixe, avant taxes : {}."}


def lines(asked: listing.Asked, now: datetime) -> Iterator[str]:
    """The file of what was asked for, line by line, newest first."""
    writer = csv.writer(Line())
    yield "\ufeff" + writer.writerow(COLUMNS)
    found = Opportunity.objects.filter(pk__in=listing.matching(asked, now).values("pk"))
    found = found.only(*listing.CARD_FIELDS, "department", "selection_date", "delivery_date")
    newest = found.annotate(changes=Count("amendments")).order_by("-posted_at", "-pk")
    for some in pieces(newest, AT_ONCE):
        for values in (row(opportunity, now) for opportunity in some):
            yield writer.writerow([safe(values.get(column, "")) for column in COLUMNS])


def row(opportunity, now: datetime) -> dict[str, str]:
    """The columns that one posted opportunity fills. Times are Eastern."""
    title, short, name = (
        both(opportunity, "title"),
        both(opportunity, "short_description"),
        department(opportunity),
    )
    pages = addresses("opportunity", opportunity.reference)
    status = STATUSES[public_status(opportunity, now).key]
    description = {
        language: f"{PRICE[language].format(money.display(opportunity.fixed_price, language))}\n{short[language]}"
        for language in LANGUAGES
    }
    return ALWAYS | {
        "title-titre-eng": title["en"],
        "title-titre-fra": title["fr"],
        "referenceNumber-numeroReference": opportunity.reference,
        "amendmentNumber-numeroModification": f"{opportunity.changes:03d}",
        "solicitationNumber-numeroSollicitation": opportunity.reference,
        "publicationDate-datePublication": _local(opportunity.posted_at)[:10],
        "tenderClosingDate-appelOffresDateCloture": _local(opportunity.closing_at),
        "amendmentDate-dateModification": _local(opportunity.amended_at)[:10],
        "expectedContractStartDate-dateDebutContratPrevue": _iso(opportunity.selection_date),
        "expectedContractEndDate-dateFinContratPrevue": _iso(opportunity.delivery_date),
        "tenderStatus-appelOffresStatut-eng": status[0],
        "tenderStatus-appelOffresStatut-fra": status[1],
        "contractingEntityName-nomEntitContractante-eng": name["en"],
        "contractingEntityName-nomEntitContractante-fra": name["fr"],
        "endUserEntitiesName-nomEntitesUtilisateurFinal-eng": name["en"],
        "endUserEntitiesName-nomEntitesUtilisateurFinal-fra": name["fr"],
        "contactInfoEmail-informationsContactCourriel": settings.CONTACT_EMAIL,
        "noticeURL-URLavis-eng": pages["en"],
        "noticeURL-URLavis-fra": pages["fr"],
        "tenderDescription-descriptionAppelOffres-eng": description["en"],
        "tenderDescription-descriptionAppelOffres-fra": description["fr"],
    }


def _local(moment: datetime | None) -> str:
    return moment.astimezone(clock.EASTERN).strftime("%Y-%m-%dT%H:%M:%S") if moment else ""


def _iso(day) -> str:
    return day.isoformat() if day else ""

"""The building blocks of OCDS releases: the tender as it stood at each moment, the parties, the award, the contract.

Knows only what the public page of an opportunity says. What was posted first is found again by taking back, one by one,
the amendments that everyone can read. A text has its French twin under `_fr` only where the standard allows one.
"""

import copy
from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.utils.encoding import iri_to_uri
from django.utils.text import slugify

from microacq import clock

from ..models import Opportunity
from ..models.opportunity import DEPARTMENT
from .addresses import LANGUAGES, addresses
from .ore import ADMIN_CODE
from .posted import TEXTS
from .public_record import both, department, moment

WORDS = {
    "rationale": {
        "en": "The need is small, stand-alone, unclassified code at a fixed price of at most $10,000, taxes included, so anyone in Canada may apply.",
        "fr": "Le besoin est un petit code autonome et non classifié, à un prix fixe d’au plus 10 000 $, taxes comprises : quiconque au Canada peut poser sa candidature.",
    },
    "award": {
        "en": "Every application evaluation criterion must be passed. When several applications pass, a public random draw selects one. The criteria:",
        "fr": "Tous les critères d’évaluation de la demande doivent être satisfaits. Si plusieurs candidatures le sont, un tirage au sort public en choisit une. Les critères :",
    },
    "submission": {
        "en": "Online, on the page of the opportunity, before it closes.",
        "fr": "En ligne, sur la page de l’opportunité, avant sa fermeture.",
    },
    "eligibility": {
        "en": "A supplier has reached the age of majority and is able to contract, and is Canadian, First Nations, Métis, Inuit or a permanent resident of Canada, or a foreign worker or student with the permits to work.",
        "fr": "Le fournisseur a atteint l’âge de la majorité et peut conclure un contrat; il est canadien, membre d’une Première Nation, Métis, Inuit ou résident permanent du Canada, ou travailleur ou étudiant étranger avec les permis de travail.",
    },
    "notice": {"en": "The opportunity in English", "fr": "L’opportunité en français"},
    "programming": {
        "en": "Application programming services",
        "fr": "Services de programmation d’applications",
    },
    "draw": {"en": "The public draw", "fr": "Le tirage au sort public"},
    "delivery": {"en": "The code is delivered and accepted", "fr": "Le code est livré et accepté"},
    "code": {"en": "The delivered code", "fr": "Le code livré"},
    "registry": {
        "en": "The entry in the Open Resource Exchange",
        "fr": "L’inscription à l’Échange de ressources ouvert",
    },
    "complete": {
        "en": "The work was accepted and the code is in the public registry.",
        "fr": "Les travaux ont été acceptés et le code se trouve dans le registre public.",
    },
    "default": {
        "en": "The contract was ended early for default: nothing is paid.",
        "fr": "Le contrat a été résilié pour manquement : rien n’est payé.",
    },
    "convenience": {
        "en": "The contract was ended early for convenience: the share of the work done is paid.",
        "fr": "Le contrat a été résilié pour des raisons de commodité : la part des travaux faits est payée.",
    },
}
"""What a release says in both languages at once."""

METHOD = "Micro-acquisition"


def twice(name: str, texts: dict[str, str]) -> dict[str, str]:
    """A text under its name, and its French twin under `name_fr`."""
    return {name: texts["en"] or texts["fr"], f"{name}_fr": texts["fr"]}


def tidy(value: Any) -> Any:
    """Without what is empty: the standard wants a field filled or absent."""
    if isinstance(value, dict):
        kept = {name: tidy(part) for name, part in value.items()}
        return {name: part for name, part in kept.items() if part not in (None, "", [], {})}
    return [tidy(part) for part in value] if isinstance(value, list) else value


def end_of(day: date) -> str:
    """The last second of a day in Eastern time."""
    return moment(datetime.combine(day, time(23, 59, 59), tzinfo=clock.EASTERN))


def money(amount) -> dict[str, Any]:
    return {"amount": float(amount), "currency": "CAD"}


# --- who


def buyer_reference(opportunity) -> dict[str, str]:
    name = opportunity.department
    return {"id": ADMIN_CODE if name == DEPARTMENT else slugify(name) or ADMIN_CODE, "name": name}


def buyer(opportunity) -> dict[str, Any]:
    """The department, as a party."""
    return {
        "id": buyer_reference(opportunity)["id"],
        **twice("name", department(opportunity)),
        "address": {"countryName": "Canada"},
        "contactPoint": {
            "name": "Micro-acquisition",
            "name_fr": "Micro-acquisition",
            "email": settings.CONTACT_EMAIL,
        },
        "roles": ["buyer", "procuringEntity"],
    }


def supplier_reference(opportunity, contract) -> dict[str, str]:
    return {"id": f"{opportunity.reference}-supplier", "name": contract.supplier_name}


def supplier(opportunity, contract) -> dict[str, Any]:
    """The supplier under the name that the public page gives."""
    return {**supplier_reference(opportunity, contract), "roles": ["supplier"]}


# --- what is asked for


class Posted:
    """The words and dates of an opportunity as they stood at each moment since it was posted."""

    def __init__(self, opportunity):
        self.opportunity = opportunity
        self.now = {
            f"{name}_{language}": both(opportunity, name)[language]
            for name in TEXTS
            for language in LANGUAGES
        }
        for kind, criteria in (
            ("evaluation", opportunity.evaluation_criteria),
            ("acceptance", opportunity.acceptance_criteria),
        ):
            for criterion in criteria.all():
                texts = both(criterion, "text")
                self.now |= {f"{kind}_{criterion.pk}_{language}": texts[language] for language in LANGUAGES}
        moved = [extension for extension in opportunity.extensions.all() if extension.approved]
        self.now |= {
            "closing_at": opportunity.closing_at,
            "selection_date": opportunity.selection_date,
            "delivery_date": moved[0].old_date if moved else opportunity.delivery_date,
        }
        self.changes = [a for a in opportunity.amendments.all() if a.changes]

    def at(self, when: datetime) -> dict[str, Any]:
        """What was posted at a moment: later amendments are taken back."""
        values = copy.copy(self.now)
        for amendment in reversed(self.changes):
            if amendment.amended_at <= when:
                break
            for row in amendment.changes:
                name = f"{row['field']}_{row['language']}" if row["language"] else row["field"]
                values[name] = _read(row["field"], row["old"])
        return values


def _read(field: str, written: str) -> Any:
    if field == "closing_at":
        return datetime.fromisoformat(written)
    return date.fromisoformat(written) if field.endswith("_date") else written


def tender(opportunity, values: dict[str, Any], **more) -> dict[str, Any]:
    """The tender with what was posted at a moment."""

    def texts(name: str) -> dict[str, str]:
        return {language: values[f"{name}_{language}"] for language in LANGUAGES}

    criteria = {
        language: "\n".join(
            [WORDS["award"][language]]
            + [
                f"{n}. {values[f'evaluation_{c.pk}_{language}']}"
                for n, c in enumerate(opportunity.evaluation_criteria.all(), 1)
            ]
        )
        for language in LANGUAGES
    }
    shown = addresses("opportunity", opportunity.reference)
    return {
        "id": opportunity.reference,
        **twice("title", texts("title")),
        **twice("description", texts("short_description")),
        "procuringEntity": buyer_reference(opportunity),
        "items": [
            {
                "id": "1",
                **twice("description", texts("title")),
                "classification": {
                    "scheme": "UNSPSC",
                    "id": "81111504",
                    **twice("description", WORDS["programming"]),
                },
            }
        ],
        "value": money(opportunity.fixed_price),
        "procurementMethod": "open",
        "procurementMethodDetails": METHOD,
        **twice("procurementMethodRationale", WORDS["rationale"]),
        "mainProcurementCategory": "services",
        **twice("awardCriteriaDetails", criteria),
        "submissionMethod": ["electronicSubmission"],
        **twice("submissionMethodDetails", WORDS["submission"]),
        **twice("eligibilityCriteria", WORDS["eligibility"]),
        "tenderPeriod": {"startDate": moment(opportunity.posted_at), "endDate": moment(values["closing_at"])},
        "enquiryPeriod": {
            "startDate": moment(opportunity.posted_at),
            "endDate": moment(Opportunity(closing_at=values["closing_at"]).questions_until),
        },
        "awardPeriod": {
            "startDate": moment(values["closing_at"]),
            "endDate": end_of(values["selection_date"]),
        },
        "contractPeriod": {"endDate": end_of(values["delivery_date"])},
        "documents": [
            {
                "id": f"notice-{language}",
                "documentType": "tenderNotice",
                "title": WORDS["notice"][language],
                "url": shown[language],
                "datePublished": moment(opportunity.posted_at),
                "format": "text/html",
                "language": language,
            }
            for language in LANGUAGES
        ],
        **more,
    }


def amendment(record, release_id: str, earlier_id: str) -> dict[str, Any]:
    """A public change as the standard's amendment, with its reason."""
    return {
        "id": str(record.number),
        "date": moment(record.amended_at),
        **twice("rationale", both(record, "reason")),
        "amendsReleaseID": earlier_id,
        "releaseID": release_id,
    }


# --- what was agreed


def award(opportunity, contract, drawn: bool) -> dict[str, Any]:
    """The supplier selected, at the fixed price; and the draw, where there was one."""
    shown = addresses("draw_page", opportunity.reference)
    return {
        "id": f"{opportunity.reference}-award",
        **twice("title", both(opportunity, "title")),
        "status": "active",
        "date": moment(contract.signed_at),
        "value": money(contract.price),
        "suppliers": [supplier_reference(opportunity, contract)],
        "documents": [
            {
                "id": f"draw-{language}",
                "documentType": "evaluationReports",
                "title": WORDS["draw"][language],
                "url": shown[language],
                "format": "text/html",
                "language": language,
            }
            for language in LANGUAGES
            if drawn
        ],
    }


def contract_part(opportunity, **more) -> dict[str, Any]:
    """The contract, named, with what a release says of it."""
    return {"id": f"{opportunity.reference}-contract", "awardID": f"{opportunity.reference}-award", **more}


def contract_whole(opportunity, contract, delivery_date: date) -> dict[str, Any]:
    """The contract as it was signed."""
    return contract_part(
        opportunity,
        **twice("title", both(opportunity, "title")),
        status="active",
        value=money(contract.price),
        dateSigned=moment(contract.signed_at),
        period={"startDate": moment(contract.signed_at), "endDate": end_of(delivery_date)},
    )


def document(name: str, url: str, when: datetime, **more) -> dict[str, Any]:
    """A link to what came of the contract, its address in the signs that the standard takes."""
    return {
        "id": name,
        **twice("title", WORDS[name]),
        "url": iri_to_uri(url),
        "datePublished": moment(when),
        **more,
    }

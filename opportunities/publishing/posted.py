"""What exactly was posted: the statement's facts in both languages, and their SHA-256.

Two people who read the same statement get the same hash. Knows no reader and no page.
"""

import hashlib
import json
from datetime import UTC
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

LANGUAGES = ("en", "fr")
TEXTS = ("title", "short_description", "background", "work", "deliverables")


def statement_facts(opportunity) -> dict[str, Any]:
    """Every word, date and amount that suppliers answer to."""

    def both(thing, name: str) -> dict[str, str]:
        return {language: getattr(thing, f"{name}_{language}") or "" for language in LANGUAGES}

    return {
        "reference": opportunity.reference,
        **{name: both(opportunity, name) for name in TEXTS},
        "skills": [both(skill, "name") for skill in opportunity.skills.order_by("pk")],
        "licence": opportunity.licence,
        "repository": opportunity.repository,
        "fixed_price": f"{opportunity.fixed_price:.2f}",
        "weekly_hours": f"{opportunity.weekly_hours:.1f}",
        "closing_at": opportunity.closing_at.astimezone(UTC),
        "selection_date": opportunity.selection_date,
        "delivery_date": opportunity.delivery_date,
        "evaluation_criteria": [
            both(criterion, "text") for criterion in opportunity.evaluation_criteria.all()
        ],
        "acceptance_criteria": [
            both(criterion, "text") for criterion in opportunity.acceptance_criteria.all()
        ],
    }


def statement_sha256(opportunity) -> str:
    """SHA-256, in hex, of the statement as canonical JSON."""
    text = json.dumps(
        statement_facts(opportunity),
        cls=DjangoJSONEncoder,
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()

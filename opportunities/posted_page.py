"""An opportunity with all that stands on its public page, in the reader's language: one query, whatever there is of it.

Knows only what was posted; not its result, which publishing/public_record.py has.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import get_language

from .models import Amendment, Opportunity

TEXTS = ("title", "short_description", "background", "work", "deliverables", "ending_reason")
WANTED = (
    "id reference state client_id manager_id rerun_of_id posted_at amended_at modified_at closing_at original_closing_at"
    " selection_date delivery_date original_delivery_date fixed_price estimated_hours weekly_hours licence repository"
    " department"
).split() + [f"{name}_{language}" for name in TEXTS for language in ("en", "fr")]
FIELDS = [field.attname for field in Opportunity._meta.concrete_fields if field.attname in WANTED]
POSTED = f"""
SELECT {", ".join(f"posted.{name}" for name in FIELDS)},
       ARRAY(SELECT coalesce(nullif(skill.name_{{here}}, ''), skill.name_{{other}})
             FROM opportunities_opportunity_skills through JOIN opportunities_skill skill ON skill.id = through.skill_id
             WHERE through.opportunity_id = posted.id ORDER BY skill.name_en),
       (SELECT json_agg(json_build_object(
                   'text', coalesce(nullif(text_{{here}}, ''), text_{{other}}),
                   'similar_skills_count', similar_skills_count) ORDER BY "order", id)
        FROM opportunities_evaluationcriterion WHERE opportunity_id = posted.id),
       (SELECT json_agg(json_build_object('text', coalesce(nullif(text_{{here}}, ''), text_{{other}})) ORDER BY "order", id)
        FROM opportunities_acceptancecriterion WHERE opportunity_id = posted.id),
       (SELECT json_agg(amendment ORDER BY number)
        FROM opportunities_amendment amendment WHERE opportunity_id = posted.id),
       (SELECT json_agg(json_build_object(
                   'public_question', coalesce(nullif(public_question_{{here}}, ''), public_question_{{other}}),
                   'answer', coalesce(nullif(answer_{{here}}, ''), answer_{{other}}),
                   'published_at', published_at) ORDER BY published_at, id)
        FROM opportunities_question WHERE opportunity_id = posted.id AND published_at IS NOT NULL)
FROM opportunities_opportunity posted WHERE posted.reference = %s AND posted.posted_at IS NOT NULL
"""  # noqa: S608 - only names of columns, written above


@dataclass(frozen=True)
class PostedPage:
    """The opportunity, whose other fields are read when they are asked for, and what belongs to it."""

    opportunity: Opportunity
    skills: list[str]
    evaluation_criteria: list[dict[str, Any]]
    acceptance_criteria: list[dict[str, Any]]
    amendments: list[Amendment]
    answered: list[dict[str, Any]]


def read(reference: str) -> PostedPage | None:
    """The page of what was posted under a reference; None when nothing was."""
    here, other = ("fr", "en") if (get_language() or "en").startswith("fr") else ("en", "fr")
    with connection.cursor() as cursor:
        cursor.execute(POSTED.format(here=here, other=other), [reference])
        if (found := cursor.fetchone()) is None:
            return None
    skills, evaluated_on, accepted_on, amendments, answered = found[len(FIELDS) :]
    return PostedPage(
        Opportunity.from_db(connection.alias, FIELDS, found[: len(FIELDS)]),
        [name for name in skills if name],
        evaluated_on or [],
        accepted_on or [],
        [Amendment(**_with_moment(row, "amended_at")) for row in amendments or []],
        [_with_moment(row, "published_at") for row in answered or []],
    )


def _with_moment(row: dict[str, Any], name: str) -> dict[str, Any]:
    return row | {name: datetime.fromisoformat(row[name])}

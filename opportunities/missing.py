"""What an opportunity's texts still lack: the inquiry before it is submitted, the statement before it goes on.

Said once, for the guards, the pages and the commands. Knows the fields and the criteria; judges no date and no price; imports no
model.
"""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from microacq.forms import LANGUAGE_NAMES

INQUIRY = ("need", "reason", "team_name", "branch", "department")
WORDS = ("title", "short_description", "background", "work", "deliverables")
DECLARATIONS = ("unclassified", "stand_alone", "no_internal_capacity", "remote_and_open")


def _label(opportunity, name: str) -> Any:
    return opportunity._meta.get_field(name).verbose_name


def from_inquiry(opportunity) -> list[Any]:
    """The names of what is to be filled in before submitting."""
    gaps = [_label(opportunity, name) for name in INQUIRY if not getattr(opportunity, name).strip()]
    if not (opportunity.title_en or opportunity.title_fr):
        gaps.insert(0, _label(opportunity, "title"))
    return gaps


def words(opportunity, language: str, names: Iterable[str] = WORDS) -> list[str]:
    """The names of the texts that are not written yet in this language."""
    return [name for name in names if not (getattr(opportunity, f"{name}_{language}") or "").strip()]


def from_statement(opportunity) -> dict[str, list[Any]]:
    """What the public page still lacks, by section of the statement, as words of the reader's language; [] when done."""
    evaluation, acceptance = (
        list(opportunity.evaluation_criteria.all()),
        list(opportunity.acceptance_criteria.all()),
    )
    kinds = {criterion.kind for criterion in acceptance}
    return {
        "title": _texts(opportunity, "title", "short_description"),
        "background": _texts(opportunity, "background"),
        "work": _texts(opportunity, "work"),
        "deliverables": _texts(opportunity, "deliverables"),
        "skills": _gaps(
            (opportunity.skills.exists(), _("at least one skill")), (opportunity.licence, _("licence"))
        ),
        "evaluation": _gaps(
            (evaluation, _("an evaluation criterion")),
            (_in_both_languages(evaluation), _("each evaluation criterion in both languages")),
        ),
        "acceptance": _gaps(
            ("licence" in kinds, _("the acceptance criterion on the licence file")),
            ("requirements" in kinds, _("the acceptance criterion on the requirements")),
            (_in_both_languages(acceptance), _("each acceptance criterion in both languages")),
        ),
    }


def declarations(opportunity) -> list[str]:
    """The declarations that are not made yet, as sentences."""
    return [f"“{_label(opportunity, name)}”" for name in DECLARATIONS if not getattr(opportunity, name)]


def _gaps(*wanted: tuple[Any, Any]) -> list[Any]:
    return [label for there, label in wanted if not there]


def _in_both_languages(criteria: list) -> bool:
    return all(criterion.text_en and criterion.text_fr for criterion in criteria)


def _texts(opportunity, *names: str) -> list[Any]:
    return [
        _("%(what)s (%(language)s)")
        % {"what": _label(opportunity, name), "language": LANGUAGE_NAMES[language]}
        for name in names
        for language in LANGUAGE_NAMES
        if words(opportunity, language, [name])
    ]

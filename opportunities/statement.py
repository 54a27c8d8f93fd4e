"""The statement as a whole: its sections, what each still lacks, filling and copying it, the texts it is offered.

Knows the opportunity's fields and the guards that judge them; knows no form and no page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import get_language, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from microacq import business_days, clock
from microacq.text import date_words

from . import guards as g
from . import missing
from .lifecycle import Refused
from .missing import DECLARATIONS, WORDS
from .models import AcceptanceCriterion, EvaluationCriterion, Opportunity, Skill
from .models.opportunity import LANGUAGES

Pair = dict[str, str]  # {"en": ..., "fr": ...}

DATES = ("closing_at", "selection_date", "delivery_date")
PRICE = ("fixed_price", "hourly_rate", "estimated_hours", "weekly_hours")
NEED = (
    "need",
    "reason",
    "repository",
    "department",
    "branch",
    "team_name",
    "budget",
    "wanted_date",
    "heard_from",
)

# Offered ready to use, so they are data in both languages, whatever the language of the page.
STANDARD_CRITERION: Pair = {
    "en": (
        "Write a statement of at most 250 words that shows that you have the required skills ({skills}), or "
        "similar ones. Say when you gained these skills, what you did and how you did it. Examples: paid work, "
        "school work, civic technology projects."
    ),
    "fr": (
        "Rédigez un énoncé d’au plus 250 mots qui démontre que vous possédez les compétences requises ({skills}) "
        "ou des compétences semblables. Dites quand vous les avez acquises, ce que vous avez fait et comment. "
        "Exemples : travail rémunéré, travaux scolaires, projets de technologie civique."
    ),
}
SKILLS_LISTED: Pair = {"en": "listed in this opportunity", "fr": "énumérées dans cette opportunité"}
STANDARD_ACCEPTANCE: dict[str, Pair] = {
    "licence": {
        "en": "The repository holds a licence file with the text of the licence named in this opportunity.",
        "fr": "Le dépôt contient un fichier de licence avec le texte de la licence nommée dans cette opportunité.",
    },
    "requirements": {
        "en": "The code meets every requirement described in this opportunity, and every deliverable is provided.",
        "fr": "Le code répond à toutes les exigences décrites dans cette opportunité, et tous les livrables sont fournis.",
    },
}


@dataclass(frozen=True)
class Section:
    """One page of the statement: `key` names its form and URL."""

    key: str
    label: Any
    slug: Any


SECTIONS = (
    Section("title", _("Title and short description"), pgettext_lazy("slug", "title")),
    Section("background", _("Background"), pgettext_lazy("slug", "background")),
    Section("work", _("The work"), pgettext_lazy("slug", "work")),
    Section("deliverables", _("Deliverables"), pgettext_lazy("slug", "deliverables")),
    Section("skills", _("Skills and licence"), pgettext_lazy("slug", "skills")),
    Section("evaluation", _("Application evaluation criteria"), pgettext_lazy("slug", "evaluation-criteria")),
    Section("acceptance", _("Work acceptance criteria"), pgettext_lazy("slug", "acceptance-criteria")),
    Section("dates", _("Dates"), pgettext_lazy("slug", "dates")),
    Section("price", _("Fixed price"), pgettext_lazy("slug", "price")),
    Section("people", _("Manager and evaluators"), pgettext_lazy("slug", "people")),
    Section("declarations", _("Declarations"), pgettext_lazy("slug", "declarations")),
)
SECTION = {section.key: section for section in SECTIONS}


# what is missing


def _missing_declarations(opportunity) -> list[Any]:
    left = len(missing.declarations(opportunity))
    return (
        [ngettext("%(number)d declaration", "%(number)d declarations", left) % {"number": left}]
        if left
        else []
    )


def missing_by_section(opportunity: Opportunity, now: datetime) -> dict[str, list[Any]]:
    """What each section still lacks, as words or sentences of the reader's language; [] when it is done."""
    facts = g.Facts(opportunity, None, now)

    def judged(*guards) -> list[Any]:
        return [sentence for guard in guards if (sentence := guard(facts))]

    gaps = missing.from_statement(opportunity) | {
        "dates": judged(g.dates_in_order) or judged(lambda _facts: closes_too_soon(opportunity, now)),
        "price": judged(g.price_within_ceiling),
        "people": judged(g.people_named),
        "declarations": _missing_declarations(opportunity),
    }
    if short := too_few_hours(opportunity):
        gaps["price"].append(short)
    return gaps


def earliest_closing(now: datetime) -> date:
    """The first day on which an opportunity posted now may close."""
    return business_days.add(now.astimezone(clock.EASTERN).date(), g.MIN_BUSINESS_DAYS_OPEN)


def closes_too_soon(opportunity: Opportunity, now: datetime) -> Any:
    """Why the closing date leaves suppliers too little time, as a sentence; None when it does not."""
    if not g.five_business_days_open(g.Facts(opportunity, None, now)):
        return None
    return _(
        "Suppliers need at least five business days to apply. Posted today, the opportunity could close on %(day)s at the earliest."
    ) % {"day": date_words(earliest_closing(now), (get_language() or "en")[:2])}


def too_few_hours(opportunity: Opportunity) -> Any:
    """Why the estimated hours do not fit between selection and delivery, as a sentence; None when they do."""
    o = opportunity
    if None in (o.selection_date, o.delivery_date, o.estimated_hours, o.weekly_hours):
        return None
    days = business_days.between(o.selection_date, o.delivery_date)
    hours = (o.weekly_hours * days / 5).quantize(Decimal("0.1"))
    if o.estimated_hours <= hours:
        return None
    return _(
        "From selection to delivery there are %(days)d business days, or %(hours)s hours at %(weekly)s hours a week, and "
        "the estimate is %(estimate)s hours. Give more time, or ask for less work."
    ) % {
        "days": days,
        "hours": _number(hours),
        "weekly": _number(o.weekly_hours),
        "estimate": _number(o.estimated_hours),
    }


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


# the texts offered


def standard_criterion(opportunity: Opportunity) -> Pair:
    """The standard evaluation criterion in both languages, naming the opportunity's skills."""
    skills = list(opportunity.skills.all())
    named = {
        language: [getattr(skill, f"name_{language}") or "" for skill in skills] for language in LANGUAGES
    }
    return {
        language: STANDARD_CRITERION[language].format(
            skills=", ".join(filter(None, named[language])) or SKILLS_LISTED[language]
        )
        for language in LANGUAGES
    }


# writing it


def skill(names: Pair) -> Skill:
    """The skill with these names in both languages, made when there is none. Case does not tell two apart."""
    english, french = names["en"].strip(), names["fr"].strip()
    found = Skill.objects.filter(name_en__iexact=english, name_fr__iexact=french).first()
    return found or Skill.objects.create(name_en=english, name_fr=french)


FILLABLE = {
    *WORDS, *DATES, *PRICE, "skills", "licence", "repository", "evaluation_criteria", "acceptance_criteria",
    "manager", "evaluators", "declarations",
}  # fmt: skip


def fill_statement(
    opportunity: Opportunity, data: dict[str, Any], *, now: datetime | None = None
) -> Opportunity:
    """Write what `data` holds into the statement and leave the rest; the version goes up by one.

    Keys, each optional: `title`, `short_description`, `background`, `work`, `deliverables` as {"en": ..., "fr": ...};
    `skills` as a list of such pairs; `licence` (SPDX); `repository`; `evaluation_criteria` as a list of pairs, with
    `similar_skills_count` if it does not hold; `acceptance_criteria` as a list of pairs with `kind`; `closing_at`
    (aware), `selection_date`, `delivery_date`; `fixed_price`, `hourly_rate`, `estimated_hours`, `weekly_hours`
    (Decimal); `manager` (user), `evaluators` (users); `declarations`: True for all four, or {name: bool}.
    Lists replace what was there. Refreshes `opportunity` and gives it back.

    Raises Refused outside the states `draft` and `preparing`, ValueError for a key it does not know, and
    ValidationError for what the fields refuse (a title of 101 characters, the client as manager...).
    """
    if unknown := set(data) - FILLABLE:
        raise ValueError(f"The statement has no {', '.join(sorted(unknown))}.")
    with transaction.atomic():
        target = opportunity.locked()
        if target.state not in ("draft", "preparing"):
            raise Refused("state", [_("The statement can be changed only while it is in preparation.")])
        _set_fields(target, data)
        target.full_clean(exclude=["reference"])
        target.version += 1
        target.modified_at = now or clock.now()
        target.save()
        if "skills" in data:
            target.skills.set([skill(names) for names in data["skills"]])
        if "evaluators" in data:
            target.evaluators.set(data["evaluators"])
        _replace_criteria(target, data)
    opportunity.refresh_from_db()
    return opportunity


def _set_fields(target: Opportunity, data: dict[str, Any]) -> None:
    for name in WORDS:
        for language in LANGUAGES:
            if language in data.get(name, {}):
                setattr(target, f"{name}_{language}", data[name][language])
    for name in (*DATES, *PRICE, "licence", "repository", "manager"):
        if name in data:
            setattr(target, name, data[name])
    made = data.get("declarations", {})
    for name, value in (dict.fromkeys(DECLARATIONS, True) if made is True else made).items():
        if name not in DECLARATIONS:
            raise ValueError(f"The statement has no declaration {name}.")
        setattr(target, name, value)


def _replace_criteria(target: Opportunity, data: dict[str, Any]) -> None:
    if "evaluation_criteria" in data:
        target.evaluation_criteria.all().delete()
        for order, row in enumerate(data["evaluation_criteria"], start=1):
            EvaluationCriterion.objects.create(
                opportunity=target,
                order=order,
                text_en=row["en"],
                text_fr=row["fr"],
                similar_skills_count=row.get("similar_skills_count", True),
            )
    if "acceptance_criteria" in data:
        target.acceptance_criteria.all().delete()
        for order, row in enumerate(data["acceptance_criteria"], start=1):
            AcceptanceCriterion.objects.create(
                opportunity=target, order=order, kind=row["kind"], text_en=row["en"], text_fr=row["fr"]
            )


def copy_as_draft(source: Opportunity, now: datetime) -> Opportunity:
    """A new draft with the need and the statement of `source`, linked back to it. Dates that have passed stay empty."""
    today = now.astimezone(clock.EASTERN).date()
    new = Opportunity(client=source.client, rerun_of=source, created_at=now, modified_at=now, state_since=now)
    for name in (*NEED, *PRICE, *DATES, *DECLARATIONS, "licence", "manager"):
        value = getattr(source, name)
        setattr(new, name, None if _is_past(value, now, today) else value)
    for name in WORDS:
        for language in LANGUAGES:
            setattr(new, f"{name}_{language}", getattr(source, f"{name}_{language}"))
    new.save()
    new.skills.set(source.skills.all())
    new.evaluators.set(source.evaluators.all())
    for row in source.excluded_suppliers.all():
        row.pk, row.opportunity = None, new
        row._state.adding = True
        row.save()
    criteria: list[Any] = [*source.evaluation_criteria.all(), *source.acceptance_criteria.all()]
    for criterion in criteria:
        criterion.pk, criterion.opportunity = None, new
        criterion._state.adding = True
        criterion.save()
    return new


def _is_past(value: Any, now: datetime, today: date) -> bool:
    if isinstance(value, datetime):
        return value <= now
    return isinstance(value, date) and value <= today

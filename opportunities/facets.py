"""How many opportunities each value of a filter would leave, under the other filters; or only which values there are.

Knows what was counted and the choices that it is given; neither the order of the list nor what was asked in words.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef

from .models import Opportunity, Skill

Facet = tuple[str, Any, int | None]
"""A value, as people read it, and how many it would leave; None when that was not counted."""
Skills = list[tuple[str, dict[str, str], int | None]]


def tally(
    counted: Iterable[tuple[int, ...]],
    parts: Sequence[str],
    filters: Mapping[str, Sequence[Any]],
    chosen: Mapping[str, str],
) -> tuple[int, dict[str, list[Facet]]]:
    """How many fit all that was chosen, and the facets of each filter.

    `counted` has the number of the part that rows are in, for each name in `parts`, and how many there are.
    """
    wanted = {
        name: next((c.parts for c in choices if c.key == chosen[name]), None)
        for name, choices in filters.items()
    }
    total, numbers = 0, {name: {choice.key: 0 for choice in choices} for name, choices in filters.items()}
    for *places, number in counted:
        part = dict(zip(parts, places, strict=True))
        fits = {name: covered is None or part[name] in covered for name, covered in wanted.items()}
        total += number if all(fits.values()) else 0
        for name, choices in filters.items():
            if all(fits[other] for other in filters if other != name):
                for choice in choices:
                    numbers[name][choice.key] += number if part[name] in choice.parts else 0
    facets: dict[str, list[Facet]] = {
        name: [(choice.key, choice.label, numbers[name][choice.key]) for choice in choices]
        for name, choices in filters.items()
    }
    return total, facets


def uncounted(filters: Mapping[str, Sequence[Any]]) -> dict[str, list[Facet]]:
    """The facets of each filter without how many they would leave."""
    return {
        name: [(choice.key, choice.label, None) for choice in choices] for name, choices in filters.items()
    }


def skills_left(opportunities, chosen: str) -> Skills:
    """The skills of these opportunities, a list of keys or a query of them, and the one chosen: key, names, how many.

    Of a few give a list: the database then need not look at every opportunity's skills.
    """
    through = Opportunity.skills.through.objects.filter(opportunity__in=opportunities)
    counts = dict(through.values_list("skill_id").annotate(Count("pk")).order_by())
    if chosen:
        counts.setdefault(int(chosen), 0)
    return _named(Skill.objects.filter(pk__in=counts), counts)


def skills_there() -> Skills:
    """Every skill that an opportunity asks for, without how many do."""
    through = Opportunity.skills.through.objects.filter(skill=OuterRef("pk"))
    return _named(Skill.objects.filter(Exists(through)), {})


def _named(known, counts: Mapping[int, int]) -> Skills:
    names = known.values_list("pk", "name_en", "name_fr")
    return [(str(key), {"en": en, "fr": fr or en}, counts.get(key)) for key, en, fr in names]

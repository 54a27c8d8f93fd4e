"""Opportunities in any state, made through the program's own functions (evaluations/demo/journey.py)."""

from datetime import datetime, timedelta
from decimal import Decimal

from evaluations.demo.journey import Journey, People, Words, closing_for
from microacq import clock

from . import worlds

NEED = {
    "title_en": "Count visits to the benefits pages",
    "need": "A small script that counts visits to each page and writes a table.",
    "reason": "We guess today, and translate pages that nobody reads.",
    "team_name": "Benefits Web",
    "branch": "IITB",
}
STATEMENT = {
    "title": {
        "en": "Count visits to the benefits pages",
        "fr": "Compter les visites des pages sur les prestations",
    },
    "short_description": {
        "en": "Write a script that counts visits to pages.",
        "fr": "Écrire un script qui compte les visites des pages.",
    },
    "background": {"en": "The logs are public.", "fr": "Les journaux sont publics."},
    "work": {"en": "Read the logs and write a table.", "fr": "Lire les journaux et écrire un tableau."},
    "deliverables": {"en": "A script and its tests.", "fr": "Un script et ses tests."},
    "skills": [{"en": "Python", "fr": "Python"}, {"en": "Statistics", "fr": "Statistique"}],
    "licence": "MIT",
    "repository": "https://gitlab.com/esdc-edsc/visits",
    "evaluation_criteria": [
        {
            "en": "Show that you have the required skills, or similar ones.",
            "fr": "Montrez que vous avez les compétences requises, ou semblables.",
        }
    ],
    "acceptance_criteria": [
        {
            "kind": "licence",
            "en": "The repository holds the licence file.",
            "fr": "Le dépôt contient le fichier de licence.",
        },
        {
            "kind": "requirements",
            "en": "The script meets every requirement.",
            "fr": "Le script répond à toutes les exigences.",
        },
    ],
    "fixed_price": Decimal("6500.00"),
    "hourly_rate": Decimal("80"),
    "estimated_hours": Decimal("40"),
}


def people(cast, suppliers=None, evaluators=None) -> People:
    """Amara buys, Mona commits and certifies, Tess prepares, Tom confirms and freezes, Fin pays; Li passes, Sam does not."""
    return People(
        client=cast.amara,
        manager=cast.mona,
        team=[cast.tess, cast.tom, cast.tia],
        finance=cast.fin,
        suppliers=suppliers if suppliers is not None else [cast.li, cast.sam],
        evaluators=evaluators or [],
    )


class KnownJourney(Journey):
    """A journey that is gone once, and known from then on."""

    def to(self, state: str):
        return worlds.reach(self, state, go=lambda: super(KnownJourney, self).to(state))


def journey(
    cast,
    *,
    closing: datetime | None = None,
    now: datetime | None = None,
    state: str = "opened",
    suppliers=None,
    passing=None,
    evaluators=None,
) -> Journey:
    """A journey not yet begun. Give `closing`, or the `state` to be reached shortly before `now`."""
    closing = closing or closing_for(state, now or clock.now(), timedelta(minutes=5))
    return KnownJourney(people(cast, suppliers, evaluators), Words(NEED, STATEMENT), closing, passing)


def at(state: str, cast, **options):
    """The opportunity in a state. By default two apply and the first passes; for a draw give `passing`."""
    if state == "drawing":
        options.setdefault("passing", [True, True])
    if state == "no_award":
        options.setdefault("passing", [False, False])
    return journey(cast, state=state, **options).to(state)

"""A need and a complete statement to start from, made through the same doors as in life."""

import datetime as dt
from decimal import Decimal

from microacq.clock import EASTERN
from opportunities.actions import act
from opportunities.models import Opportunity
from opportunities.models.screening import Criterion
from opportunities.statement import STANDARD_ACCEPTANCE, fill_statement, standard_criterion

NOW = dt.datetime(2027, 1, 12, 10, 0, tzinfo=EASTERN)  # a Tuesday


def statement_data(manager, evaluators=()) -> dict:
    """Everything a statement needs, with dates that follow NOW."""
    return {
        "title": {"en": "Sort the queue", "fr": "Trier la file"},
        "short_description": {"en": "A script that sorts.", "fr": "Un script qui trie."},
        "background": {"en": "Our queue is long.", "fr": "Notre file est longue."},
        "work": {"en": "- Sort it", "fr": "- La trier"},
        "deliverables": {"en": "A pull request", "fr": "Une demande de tirage"},
        "skills": [{"en": "Python", "fr": "Python"}, {"en": "Testing", "fr": "Essais"}],
        "licence": "MIT",
        "evaluation_criteria": [{"en": "Show your skills.", "fr": "Montrez vos compétences."}],
        "acceptance_criteria": [{"kind": kind, **texts} for kind, texts in STANDARD_ACCEPTANCE.items()],
        "closing_at": dt.datetime(2027, 1, 25, 14, 0, tzinfo=EASTERN),
        "selection_date": dt.date(2027, 1, 27),
        "delivery_date": dt.date(2027, 2, 10),
        "fixed_price": Decimal("6500.00"),
        "hourly_rate": Decimal("80.00"),
        "estimated_hours": Decimal("70"),
        "manager": manager,
        "evaluators": list(evaluators),
        "declarations": True,
    }


def a_draft(client, **fields) -> Opportunity:
    """A draft inquiry that may be submitted."""
    told = {
        "title_en": "Sort the queue",
        "need": "Sort it.",
        "reason": "It is long.",
        "team_name": "Intake",
        "branch": "Benefits",
    } | fields
    return Opportunity.objects.create(client=client, created_at=NOW, modified_at=NOW, state_since=NOW, **told)


ALL_MET = {f"met_{criterion.value}": "yes" for criterion in Criterion} | {"reason": "It fits."}


def in_preparation(cast, **data) -> Opportunity:
    """Amara's need, accepted by Tess; with `data`, its statement filled."""
    need = a_draft(cast.amara)
    act("submit", need, cast.amara, now=NOW)
    need.refresh_from_db()
    if need.splitting_flags.exists():  # the test's other needs look like this one
        act(
            "decide_splitting", need, cast.tess, data={"answer": "not_splitting", "reason": "Apart."}, now=NOW
        )
    act("accept", need, cast.tess, data=ALL_MET, now=NOW)
    need.refresh_from_db()
    return fill_statement(need, data, now=NOW) if data else need


def in_commitment(cast) -> Opportunity:
    """A complete statement that waits for Mona."""
    need = in_preparation(cast, **statement_data(cast.mona, [cast.eve]))
    act("statement_ready", need, cast.amara, now=NOW)
    need.refresh_from_db()
    return need


__all__ = [
    "ALL_MET",
    "NOW",
    "a_draft",
    "in_commitment",
    "in_preparation",
    "standard_criterion",
    "statement_data",
]

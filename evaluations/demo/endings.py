"""The ways off the straight way: the waitlist and the endings other than complete. Used by `journey.py`."""

from datetime import timedelta
from typing import Any

from microacq import clock
from opportunities.models.screening import Criterion


def met_all() -> dict[str, str]:
    """The screening's data when every criterion is met."""
    return {f"met_{criterion.value}": "yes" for criterion in Criterion} | {
        "reason": "The need meets every criterion. Thank you for describing it so clearly."
    }


def _waitlisted(journey: Any) -> None:
    data = met_all() | {"reason": "The team is at capacity. Your need is taken up when a place is free."}
    journey.act("waitlist", journey.people.team[0], journey.moment("waitlisted"), **data)


def _declined(journey: Any) -> None:
    data = met_all() | {
        "met_code": "no",
        "note_code": "The need is a licence for a product.",
        "reason": "What you need is a product licence, not code. The procurement service desk can help.",
    }
    journey.act("decline", journey.people.team[0], journey.moment("declined"), **data)


def _withdrawn(journey: Any) -> None:
    journey.act(
        "withdraw",
        journey.people.client,
        journey.moment("withdrawn"),
        reason="A colleague found existing code that does this.",
    )


def _cancelled(journey: Any) -> None:
    words = {
        "reason_en": "The program that needed this code has ended.",
        "reason_fr": "Le programme qui avait besoin de ce code a pris fin.",
    }
    journey.act("cancel", journey.people.team[0], journey.moment("cancelled"), **words)


def _no_award(journey: Any) -> None:
    words = {
        "reason_en": "No application passed every evaluation criterion.",
        "reason_fr": "Aucune candidature n’a satisfait à tous les critères d’évaluation.",
    }
    journey.act("no_award", journey.people.team[1], journey.moment("no_award"), **words)


def _terminated(journey: Any) -> None:
    late = journey.moment("terminated")
    day = late.astimezone(clock.EASTERN).date()
    journey.act(
        "terminate_default", journey.people.team[0], late, notice_given_on=(day - timedelta(days=10)).isoformat(),
        last_date=(day - timedelta(days=3)).isoformat(), reason="Nothing was delivered by the last date given in writing.",
    )  # fmt: skip


OFF_THE_WAY = {
    "waitlisted": ("screening", _waitlisted),
    "declined": ("screening", _declined),
    "withdrawn": ("committing", _withdrawn),
    "cancelled": ("posted", _cancelled),
    "no_award": ("confirmed", _no_award),
    "terminated": ("work", _terminated),
}
"""State off the way: the state that it is reached from, and how."""

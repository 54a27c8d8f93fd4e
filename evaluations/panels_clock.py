"""The result clock: how long applicants have waited since closing, for who waits and for who is waited for."""

from opportunities.models.opportunity import RESULT_DAYS
from opportunities.panels import Reader, panel
from opportunities.states import STATES, Role

WAITING = ("opened", "evaluation", "review", "confirmed")
"""States in which applicants have not heard whether they passed."""


@panel(49, "evaluations/panels/clock.html")
def result_clock(reader: Reader):
    """For the client, the evaluators, the team, and the applicants whose application is in play."""
    opportunity = reader.opportunity
    if opportunity.state not in WAITING or opportunity.pools.filter(frozen_at__isnull=False).exists():
        return None
    if not reader.is_any(Role.CLIENT, Role.EVALUATOR, Role.TEAM):
        own = (
            opportunity.applications.in_play() if opportunity.state != "opened" else opportunity.applications
        )
        if not reader.is_any(Role.APPLICANT) or not own.filter(supplier=reader.user).exists():
            return None
    days = opportunity.days_after_closing(reader.now)
    return {
        "closed_at": opportunity.closing_at,
        "expected": opportunity.result_expected_by,
        "target": RESULT_DAYS,
        "days": days,
        "left": RESULT_DAYS - days,
        "late": days - RESULT_DAYS,
        "waits_for": STATES[opportunity.state].waits_for.label,
    }

"""The parts about the posting on an opportunity's page in the workspace: how many applied, the questions, what changed.

The number of applications is for the team alone, until closing. Questions as asked are for the team and who asked.
"""

from microacq import business_days, clock

from .panels import panel
from .states import Role


@panel(40, "opportunities/panels/posting.html")
def posting(reader):
    """For the team: how many applied, and when it closes."""
    opportunity = reader.opportunity
    if not opportunity.posted_at or not reader.is_any(Role.TEAM):
        return None
    return {
        "applications_count": opportunity.applications.received().count(),
        "open": opportunity.is_open(reader.now),
    }


@panel(41, "opportunities/panels/questions.html")
def questions(reader):
    """For the team: every question with its age. For a supplier: their own."""
    opportunity = reader.opportunity
    if not opportunity.posted_at:
        return None
    is_team = reader.is_any(Role.TEAM)
    found = opportunity.questions.all() if is_team else opportunity.questions.filter(asker=reader.user)
    today, is_open = reader.now.astimezone(clock.EASTERN).date(), opportunity.is_open(reader.now)
    rows = [
        {
            "question": question,
            "waits": is_open and not question.published_at and not question.set_aside_at,
            "age": business_days.between(question.asked_at.astimezone(clock.EASTERN).date(), today),
        }
        for question in found
    ]
    if not rows and not is_team:
        return None
    return {
        "rows": rows,
        "is_team": is_team,
        "waiting": sum(row["waits"] for row in rows),
        "open": opportunity.is_open(reader.now),
    }

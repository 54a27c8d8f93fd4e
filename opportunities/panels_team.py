"""The parts of an opportunity's page that only the team reads: signs of contract splitting, the owner, internal notes.

Who is of the team but has another part in the need does not read them: they would tell a side what the team thinks.
"""

from . import splitting
from .forms.team import NoteForm
from .lifecycle import BY_NAME
from .models import Opportunity, SplittingLikeness
from .panels import Reader, panel
from .states import Role


@panel(22, "opportunities/panels/splitting.html")
def signs(reader: Reader) -> dict | None:
    """Each time it looked like other needs, why, and what was decided; and the needs that were flagged for this one."""
    if not reader.is_any(Role.TEAM):
        return None
    flags = splitting.flags(reader.opportunity)
    named = SplittingLikeness.objects.filter(other=reader.opportunity).values("flag__opportunity")
    elsewhere = list(Opportunity.objects.filter(pk__in=named).order_by("pk"))
    if not flags and not elsewhere:
        return None
    decide = reader.opportunity.state in BY_NAME["decide_splitting"].sources
    return {"flags": flags[::-1], "elsewhere": elsewhere, "may_decide": decide}


@panel(94, "opportunities/panels/team.html")
def within_the_team(reader: Reader) -> dict | None:
    """Who owns it, how that changed, and the notes with a form for a new one."""
    if not reader.is_any(Role.TEAM):
        return None
    opportunity = reader.opportunity
    return {
        "owner": opportunity.owner,
        "handovers": list(opportunity.handovers.select_related("former", "owner", "by")),
        "internal_notes": list(opportunity.internal_notes.select_related("author")),
        "note_form": NoteForm(prefix="note"),
    }

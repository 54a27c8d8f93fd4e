"""The supplier's own application, on the opportunity's page in the workspace. Nobody else is shown this part."""

from opportunities.panels import panel

from .desk import Desk


@panel(42, "evaluations/panels/application.html")
def application(reader):
    """The reader's own application, or what they began to write. Once closed, what was sent is told by its result."""
    if not reader.opportunity.posted_at:
        return None
    desk = Desk(reader.opportunity, reader.user, reader.now)
    if not desk.begun or (desk.closed and desk.submitted):
        return None
    return {"desk": desk, "application": desk.application}

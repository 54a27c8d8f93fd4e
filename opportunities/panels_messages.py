"""The part of an opportunity's page where the client and the team write to each other."""

from .forms import canned
from .forms.message import MessageForm
from .panels import Reader, panel
from .states import Role


@panel(95, "opportunities/panels/messages.html")
def thread(reader: Reader) -> dict | None:
    if not reader.is_any(Role.CLIENT, Role.TEAM):
        return None
    form = MessageForm()
    return {
        "thread": reader.opportunity.messages.select_related("author"),
        "form": form,
        "replies": canned.offered(form, reader.roles),
    }

"""The history of an opportunity on its workspace page: every event in words, with the reason given."""

from . import lifecycle
from .models import Remark
from .panels import Reader, panel
from .states import STATES, Role

BEFORE_NAMES = {"release", "evaluated", "return_evaluation", "confirm"}


@panel(99, "opportunities/panels/history.html")
def history(reader: Reader) -> dict | None:
    """Shown to who has a part in the need; suppliers and the public read the public page."""
    if not reader.is_any(Role.CLIENT, Role.MANAGER, Role.EVALUATOR, Role.TEAM, Role.FINANCE):
        return None
    remarks = {remark.pk: remark.text for remark in Remark.objects.filter(opportunity=reader.opportunity)}
    entries = []
    for event in reader.opportunity.events.order_by("-number"):
        row = lifecycle.BY_NAME.get(event.transition)
        entries.append(
            {
                "when": event.at,
                "title": row.label if row else event.transition,
                "who": lifecycle.Role(event.role).label,
                "text": remarks.get(event.data.get("remark"), ""),
                "state": STATES[event.target].label,
            }
        )
    return {"entries": entries, "head": reader.opportunity.events.order_by("number").last()}

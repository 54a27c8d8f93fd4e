"""The part of an opportunity's page with what the team records by hand, for the team alone."""

from .models import HandRecord
from .panels import Reader, panel
from .states import Role


@panel(97, "opportunities/panels/by_hand.html")
def by_hand(reader: Reader) -> dict | None:
    if not reader.is_any(Role.TEAM):
        return None
    return {"record": HandRecord.objects.filter(opportunity=reader.opportunity).first()}

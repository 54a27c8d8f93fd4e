"""The clocks of an opportunity on its workspace page, for those who have a part in the need."""

from . import clocks
from .panels import Reader, panel
from .states import Role


@panel(98, "opportunities/panels/clocks.html")
def time_spent(reader: Reader) -> dict | None:
    """Not for suppliers: their dates are on their own pages."""
    if not reader.is_any(Role.CLIENT, Role.MANAGER, Role.EVALUATOR, Role.TEAM, Role.FINANCE):
        return None
    return {"clocks": clocks.of(reader.opportunity, reader.now)}

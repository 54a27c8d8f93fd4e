"""The part of an opportunity's page on the registry: the entry, the pull request, and when it was merged (step 9)."""

from django.utils.translation import get_language

from .panels import Reader, panel
from .publishing import ore
from .states import Role

READERS = (Role.SUPPLIER, Role.CLIENT, Role.EVALUATOR, Role.MANAGER, Role.TEAM, Role.FINANCE)


@panel(90, "opportunities/panels/registry.html")
def registry(reader: Reader) -> dict | None:
    o = reader.opportunity
    if not reader.is_any(*READERS) or o.state not in ("registry", "complete"):
        return None
    entry = getattr(o, "registry_entry", None)
    return {
        "entry": entry,
        "category": dict(ore.categories((get_language() or "en")[:2])).get(entry.category) if entry else "",
        "entry_yaml": ore.entry_block(entry.as_entry()) if entry else "",
        "writes": reader.is_any(Role.CLIENT, Role.TEAM),
        "open": o.state == "registry",
    }

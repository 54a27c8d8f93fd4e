"""The parts of an opportunity's page on the need, its eligibility, the statement and the funds (steps 1 to 3)."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from microacq import money
from microacq.templatetags.gc import eastern, eastern_date

from .models import Opportunity
from .panels import Reader, panel
from .states import STATES, Role
from .views.statement import PREVIEWERS, tasks


def amount(value) -> str:
    """Dollars in the reader's language; a dash for none."""
    return "—" if value is None else money.display(value, (get_language() or "en")[:2])


@panel(10, "opportunities/panels/inquiry.html")
def inquiry(reader: Reader) -> dict | None:
    if not reader.roles & PREVIEWERS:
        return None
    o = reader.opportunity
    named = [(name, getattr(o, name) or "—") for name in ("repository", "team_name", "branch")]
    named.append(("department", o.department_name or "—"))
    named += [
        ("budget", amount(o.budget)),
        ("wanted_date", eastern_date(o.wanted_date) or "—"),
        ("heard_from", o.heard_from or "—"),
    ]
    items = [{"label": _("Client"), "value": o.client}]
    items += [
        {"label": Opportunity._meta.get_field(name).verbose_name.capitalize(), "value": value}
        for name, value in named
    ]
    own = reader.is_any(Role.CLIENT, Role.TEAM)
    rerun = o.reruns.first() if own else None
    return {
        "items": items,
        "unfold": STATES[o.state].step <= 2,
        "withdrawn": o.remarks.filter(transition="withdraw").last()
        if own and o.state == "withdrawn"
        else None,
        "rerun": rerun,
        "excluded": o.excluded_suppliers.all() if own else (),
        "excluded_there": rerun.excluded_suppliers.all() if rerun else (),
    }


@panel(72, "opportunities/panels/excluded.html")
def excluded(reader: Reader) -> dict | None:
    """For a supplier whose contract ended for default: where they may not apply, and why."""
    if not reader.is_any(Role.SUPPLIER):
        return None
    rerun = reader.opportunity.reruns.filter(posted_at__isnull=False).first()
    row = rerun and rerun.excluded_suppliers.filter(supplier=reader.user).first()
    return {"excluded": row, "rerun": rerun} if row else None


@panel(20, "opportunities/panels/screenings.html")
def screenings(reader: Reader) -> dict | None:
    if not reader.is_any(Role.CLIENT, Role.TEAM):
        return None
    decisions = list(reader.opportunity.screenings.prefetch_related("results"))
    return {"screenings": decisions} if decisions else None


@panel(30, "opportunities/panels/statement.html")
def statement(reader: Reader) -> dict | None:
    o = reader.opportunity
    if not reader.roles & PREVIEWERS or o.state in ("draft", "screening", "waitlisted", "declined"):
        return None
    items = [
        {"label": _("Fixed price, before taxes"), "value": amount(o.fixed_price)},
        {"label": _("Closes"), "value": eastern(o.closing_at) or "—"},
        {"label": _("Anticipated supplier selection date"), "value": eastern_date(o.selection_date) or "—"},
        {"label": _("Work delivery date"), "value": eastern_date(o.delivery_date) or "—"},
        {"label": _("Manager"), "value": o.manager or "—"},
        {"label": _("Evaluators"), "value": ", ".join(str(person) for person in o.evaluators.all()) or "—"},
    ]
    writing = o.state == "preparing" and reader.is_any(Role.CLIENT, Role.TEAM)
    listed = tasks(o, reader.now) if writing else []
    todo = [task for task in listed if not task["done"]]
    return {
        "items": items,
        "writing": writing,
        "tasks": todo,
        "done": len(listed) - len(todo),
        "all": len(listed),
    }


@panel(35, "opportunities/panels/funds.html")
def funds(reader: Reader) -> dict | None:
    """Commitments, reservations and returns, in the order they happened."""
    o = reader.opportunity
    if not reader.is_any(Role.CLIENT, Role.TEAM, Role.MANAGER, Role.FINANCE):
        return None
    entries = [
        {
            "when": row.committed_at,
            "title": _("Funds committed (section 32): %(amount)s") % {"amount": amount(row.amount)},
            "who": row.committed_by,
            "text": f"{row.get_source_display()}. "
            + (_("PIF number: %(number)s.") % {"number": row.pif_number} if row.pif_number else ""),
        }
        for row in o.commitments.select_related("committed_by")
    ]
    entries += [
        {
            "when": row.reserved_at,
            "title": _("Funds reserved: %(amount)s") % {"amount": amount(row.amount)},
            "who": row.reserved_by,
            "text": _("Fund reservation number: %(number)s.") % {"number": row.number},
        }
        for row in o.reservations.select_related("reserved_by")
    ]
    titles = {
        "return_statement": _("The manager returned the statement"),
        "return_reservation": _("Finance returned the statement without reserving"),
        "reopen_statement": _("The team reopened the statement"),
    }
    entries += [
        {"when": row.at, "title": titles[row.transition], "text": row.text}
        for row in o.remarks.all()
        if row.transition in titles
    ]
    if not entries and o.state not in ("committing", "reserving"):
        return None
    return {"entries": sorted(entries, key=lambda entry: entry["when"])}

"""The parts of an opportunity's page on the money: the invoice in its versions, its certification, the payment (step 8)."""

from .forms.parts import today
from .forms.payment import days_to_payment
from .panels import Reader, panel
from .states import STATES, Role

READERS = (Role.SUPPLIER, Role.CLIENT, Role.MANAGER, Role.TEAM, Role.FINANCE)
TARGET_DAYS, ORDINARY_DAYS = 7, 31


@panel(80, "opportunities/panels/invoices.html")
def invoices(reader: Reader) -> dict | None:
    """Every version of the invoice, latest first, with why the earlier ones came back."""
    o = reader.opportunity
    if not reader.is_any(*READERS) or not o.contract or STATES[o.state].step < 8 and o.state != "terminated":
        return None
    sent = list(o.invoices.order_by("-version"))
    if not sent and o.state != "invoicing":
        return None
    returned = list(o.remarks.filter(transition="return_invoice"))
    # Each version but the last came back once, in order; so did the last one while a corrected invoice is expected.
    reasons = dict(zip(range(1, len(sent) + 1), returned, strict=False))
    reservation = o.reservation
    return {
        "invoices": [(invoice, reasons.get(invoice.version)) for invoice in sent],
        "expected": o.state == "invoicing",
        "amount": o.contract.amount_due,
        "reservation": reservation,
    }


@panel(82, "opportunities/panels/payment.html")
def payment(reader: Reader) -> dict | None:
    """The certification and the payment: who, when, how, and how many days it took."""
    o = reader.opportunity
    if not reader.is_any(*READERS) or not o.contract or not o.latest_invoice:
        return None
    paid = o.payment
    invoice = o.latest_invoice
    return {
        "invoice": invoice,
        "certification": o.certification,
        "payment": paid,
        "days": days_to_payment(paid) if paid else (today(reader.now) - today(invoice.sent_at)).days,
        "target": TARGET_DAYS,
        "ordinary": ORDINARY_DAYS,
        "inside": reader.is_any(Role.MANAGER, Role.TEAM, Role.FINANCE),
        "waiting": o.state in ("certification", "paying"),
        "confirmation": getattr(paid, "confirmation", None),
        "confirms": bool(paid) and reader.is_any(Role.SUPPLIER),
    }

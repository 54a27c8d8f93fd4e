"""A supplier's whole side in lines: applications, questions, offers, contracts and invoices, each with its state,
the next thing to do, and its date.

Knows how each is said to its supplier. Asks the database a constant number of questions, whatever there is to show.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from opportunities.models import Invoice
from opportunities.panels import workspace_section
from opportunities.standing import Action, likely_action
from opportunities.states import ENDINGS, Role

from . import outcomes
from .models import Application, Offer

IN_WORKSPACE = 5


@dataclass(frozen=True)
class Line:
    """One row: what it is about, its state, what to do next (or None), and a date with what the date means."""

    opportunity: Any
    state: Any
    action: Action | None = None
    date_means: Any = ""
    moment: datetime | None = None
    day: date | None = None
    more: Any = ""


OUTCOMES = {
    "unconfirmed": _("Not evaluated: not confirmed after a change"),
    "set_aside": _("Set aside, and not evaluated"),
    "cancelled": _("The opportunity was cancelled"),
    "waiting": _("Being evaluated, without your name"),
    "no_award": _("Closed without a supplier"),
    "failed": _("Did not pass every criterion"),
    "passed": _("Passed every criterion"),
    "next_in_order": _("Passed, and waiting in the order of the draw"),
    "not_drawn": _("Passed; another supplier was selected"),
    "offer_open": _("Selected: the contract is offered to you"),
    "offer_signed": _("Selected, and signed"),
    "offer_declined": _("Offered to you, and declined"),
    "offer_expired": _("Offered to you, and not answered in time"),
    "offer_cancelled": _("The offer was cancelled"),
}
CLOSES = _("Closes")


def applications(user):
    """The user's applications, last written first, with what `application_lines` reads."""
    return (
        Application.objects.filter(supplier=user)
        .with_confirmation()
        .select_related("opportunity")
        .prefetch_related(*outcomes.TO_FETCH)
        .order_by("-saved_at", "-pk")
    )


def application_lines(found, now: datetime) -> list[Line]:
    """Each application as a line."""
    return [_application_line(application, application.opportunity, now) for application in found]


def _application_line(application, opportunity, now: datetime) -> Line:
    apply = reverse("apply", args=[opportunity.reference])
    if opportunity.is_open(now):
        closing = {"date_means": CLOSES, "moment": opportunity.closing_at}
        if application.status == Application.Status.DRAFT:
            return Line(opportunity, _("Draft, not sent"), Action(_("Continue"), apply), **closing)
        if application.status == Application.Status.WITHDRAWN:
            return Line(opportunity, _("Withdrawn"), Action(_("Send it again"), apply), **closing)
        if application.changed_since:
            check = Action(_("Confirm it"), reverse("apply_check", args=[opportunity.reference]))
            return Line(opportunity, _("To confirm: the opportunity changed"), check, **closing)
        change = Action(_("Change or withdraw it"), apply)
        return Line(opportunity, _("Received and sealed"), change, **closing)
    if application.status == Application.Status.DRAFT:
        return Line(opportunity, _("Draft, not sent before closing"))
    if application.status == Application.Status.WITHDRAWN:
        return Line(opportunity, _("Withdrawn"))
    return _closed_line(application, opportunity)


def _closed_line(application, opportunity) -> Line:
    what = outcomes.outcome(application, opportunity)
    words, work = OUTCOMES[what], reverse("workspace_opportunity", args=[opportunity.reference])
    offer, pool = outcomes.offer_of(application, opportunity), outcomes.frozen_pool(opportunity)
    if what == "waiting":
        return Line(opportunity, words, None, _("Result expected by"), day=opportunity.result_expected_by)
    if what == "passed" and pool:
        return Line(opportunity, words, None, _("The draw"), moment=pool.round_at)
    if what == "offer_open":
        answer = Action(_("Answer the offer"), work)
        return Line(opportunity, words, answer, _("Answer by"), moment=offer.respond_by)
    if what in ("failed", "not_drawn"):
        return Line(
            opportunity, words, Action(_("Debrief"), reverse("debrief", args=[opportunity.reference]))
        )
    return Line(opportunity, words, more=application.set_aside_reason if what == "set_aside" else "")


def question_lines(user, now: datetime) -> list[Line]:
    """Each question that the user asked, the newest first; `more` holds its words."""
    lines = []
    for question in user.questions_asked.select_related("opportunity").order_by("-asked_at", "-pk"):
        opportunity = question.opportunity
        read = Action(_("Read the answer"), reverse("opportunity", args=[opportunity.reference]))
        if question.published_at:
            state, action, moment = _("Answered"), read, question.published_at
        elif question.set_aside_at:
            state, action, moment = _("Not published"), None, question.set_aside_at
        elif opportunity.is_open(now):
            state, action, moment = _("With the team"), None, question.asked_at
        else:
            state, action, moment = _("Not answered before closing"), None, question.asked_at
        means = _("Asked") if moment == question.asked_at else _("Answered on")
        lines.append(Line(opportunity, state, action, means, moment=moment, more=question.text))
    return lines


def offer_lines(user) -> list[Line]:
    """Each contract that was offered to the user."""
    lines = []
    for offer in user.offers.select_related("opportunity").order_by("-made_at", "-pk"):
        work = reverse("workspace_opportunity", args=[offer.opportunity.reference])
        if offer.status == Offer.Status.OPEN:
            action, means, moment = (
                Action(_("Answer the offer"), work),
                _("Answer by"),
                offer.respond_by,
            )
        else:
            action, means, moment = None, _("Answered on"), offer.answered_at
        lines.append(Line(offer.opportunity, offer.get_status_display(), action, means, moment=moment))
    return lines


def contract_lines(user) -> list[Line]:
    """Each contract that the user signed."""
    lines = []
    contracts = user.contracts.select_related("opportunity").order_by("-signed_at", "-pk")
    for contract in contracts:
        opportunity = contract.opportunity
        action = likely_action(opportunity, {Role.SUPPLIER})
        if action is None and opportunity.state not in ENDINGS:
            action = Action(
                _("See where it stands"), reverse("workspace_opportunity", args=[opportunity.reference])
            )
        lines.append(
            Line(
                opportunity,
                opportunity.status.label,
                action,
                _("Work delivery date"),
                day=contract.delivery_date,
                more=contract.price,
            )  # fmt: skip
        )
    return lines


def invoice_lines(user) -> list[Line]:
    """Each invoice that the user sent; `more` holds the invoice."""
    sent = (
        Invoice.objects.filter(opportunity__contracts__supplier=user)
        .select_related("opportunity", "certification__payment")
        .order_by("-sent_at", "-pk")
    )
    latest: set[int] = set()
    lines = []
    for invoice in sent:
        opportunity = invoice.opportunity
        is_latest = opportunity.pk not in latest
        latest.add(opportunity.pk)
        certification = getattr(invoice, "certification", None)
        payment = getattr(certification, "payment", None)
        if payment:
            lines.append(Line(opportunity, _("Paid"), None, _("Paid on"), day=payment.paid_on, more=invoice))
        elif certification:
            certified = certification.certified_at
            lines.append(
                Line(
                    opportunity,
                    _("Certified, to be paid"),
                    None,
                    _("Certified"),
                    moment=certified,
                    more=invoice,
                )
            )
        elif is_latest and opportunity.state == "certification":
            lines.append(
                Line(opportunity, _("To be certified"), None, _("Sent"), moment=invoice.sent_at, more=invoice)
            )
        else:
            again = Action(_("Send the invoice"), reverse("invoice", args=[opportunity.reference]))
            returned = opportunity.state == "invoicing" and is_latest
            lines.append(
                Line(
                    opportunity,
                    _("Returned"),
                    again if returned else None,
                    _("Sent"),
                    moment=invoice.sent_at,
                    more=invoice,
                )  # fmt: skip
            )
    return lines


@workspace_section(10, "evaluations/supplier/section.html")
def supplier_section(user, now: datetime) -> dict[str, Any] | None:
    """On the workspace's first page: the last applications, and the way to everything else."""
    if user.role != user.Role.SUPPLIER and not user.applications.exists():
        return None
    return {"lines": application_lines(applications(user)[:IN_WORKSPACE], now)}


def is_supplying(user) -> bool:
    """Whether an offer is open to the user, or a contract of theirs is not paid and closed."""
    signed = user.contracts.filter(~Q(opportunity__state__in=(*ENDINGS, "registry")))
    return user.offers.open().exists() or signed.exists()

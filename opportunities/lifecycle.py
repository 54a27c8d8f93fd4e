"""The lifecycle of a micro-acquisition, declared once.

Knows who may move an opportunity from where to where, on what conditions, and the one door, `perform()`,
through which a state changes. Imports no model: it asks the opportunity it is given. The rules come from the
client guide of ESDC's micro-acquisition pilot and the Financial Administration Act (docs/architecture.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from microacq import clock

from . import guards as g
from .states import ENDINGS, STATES, STEPS, Role, State

__all__ = [
    "CLOCK",
    "ENDINGS",
    "LIFECYCLE",
    "STATES",
    "STEPS",
    "Refused",
    "Role",
    "State",
    "System",
    "Transition",
]

performed = Signal()
"""Sent inside the transaction of `perform()`: `opportunity`, `event`, `transition`, `now`."""


@dataclass(frozen=True)
class System:
    """The actor when no person acts: the clock, or an operator at the command line in a named role."""

    role: Role = Role.CLOCK


CLOCK = System()


@dataclass(frozen=True)
class Notice:
    """Who is told of a transition, and with which email (templates/emails/NAME.txt)."""

    audience: str
    template: str


@dataclass(frozen=True)
class Transition:
    """One row. `target` None: the state stays. `form` is the dotted path of the form that records it."""

    name: str
    step: int
    label: Any
    slug: Any
    sources: tuple[str, ...]
    target: str | None
    roles: tuple[Role, ...]
    guards: tuple[Callable[[g.Facts], Any], ...] = ()
    form: str = "opportunities.forms.base.ActionForm"
    told: tuple[Notice, ...] = ()
    next: Any = ""
    """What happens next, for whoever has just done it."""
    leads: bool = False
    """True when it is the normal next move of whoever may make it."""
    grave: bool = False
    """True when it ends something or cannot be taken back: the page asks with more weight."""
    aside: bool = False
    """True when it changes nothing of the opportunity: its version and its dates stay, and only its event says so."""

    @property
    def by_clock_only(self) -> bool:
        """True when no person does it, so it has no page."""
        return self.roles == (Role.CLOCK,)


def tell(*pairs: str) -> tuple[Notice, ...]:
    """Notices from "audience:template" pairs."""
    return tuple(Notice(*pair.split(":")) for pair in pairs)


CLIENT, MANAGER, TEAM, FINANCE, SUPPLIER = Role.CLIENT, Role.MANAGER, Role.TEAM, Role.FINANCE, Role.SUPPLIER
OPP, EVA = "opportunities.forms.", "evaluations.forms."
BEFORE_POSTING = ("draft", "screening", "waitlisted", "preparing", "committing", "reserving", "reserved")
BEFORE_CONTRACT = (
    *BEFORE_POSTING[3:],
    "posted",
    "opened",
    "evaluation",
    "review",
    "confirmed",
    "drawing",
    "selection",
)
UNDER_CONTRACT = ("work", "acceptance")
NOT_ENDED_UNBOUGHT = (
    *BEFORE_POSTING[1:],
    *BEFORE_CONTRACT[4:],
    *UNDER_CONTRACT,
    *("invoicing", "certification", "paying", "registry", "complete", "terminated"),
)
"""After the inquiry, as long as something is, will be or was bought."""

LIFECYCLE: tuple[Transition, ...] = (
    # 1 inquiry
    Transition("submit", 1, _("Submit the inquiry"), pgettext_lazy("slug", "submit"), ("draft",), "screening", (CLIENT,),
        guards=(g.inquiry_complete,), told=tell("team:inquiry_submitted", "client:inquiry_received"), leads=True,
        next=_("The team checks your need against the criteria within one business day and writes to you.")),
    Transition("withdraw", 1, _("Withdraw the need"), pgettext_lazy("slug", "withdraw"), BEFORE_POSTING, "withdrawn", (CLIENT,),
        form=OPP + "base.ReasonForm", told=tell("team:need_withdrawn"), grave=True,
        next=_("The team is told. Nothing more is expected of you.")),
    # 2 eligibility
    Transition("return_for_changes", 2, _("Return for changes"), pgettext_lazy("slug", "return-for-changes"), ("screening",), "draft", (TEAM,),
        form=OPP + "screening.ReturnForm", told=tell("client:need_returned"),
        next=_("The client reads your reason, changes the need and submits it again.")),
    Transition("waitlist", 2, _("Put on the waitlist"), pgettext_lazy("slug", "waitlist"), ("screening",), "waitlisted", (TEAM,),
        form=OPP + "screening.WaitlistForm", told=tell("client:need_waitlisted"),
        next=_("The client is told. Accept the need when a place is free.")),
    Transition("decline", 2, _("Decline the need"), pgettext_lazy("slug", "decline"), ("screening", "waitlisted"), "declined", (TEAM,),
        form=OPP + "screening.DeclineForm", told=tell("client:need_declined"), grave=True,
        next=_("The client reads your reason. The need is closed.")),
    Transition("accept", 2, _("Accept as eligible"), pgettext_lazy("slug", "accept"), ("screening", "waitlisted"), "preparing", (TEAM,),
        guards=(g.splitting_decided,), form=OPP + "screening.AcceptForm", told=tell("client:need_accepted"),
        next=_("The client writes the statement, with your help.")),
    Transition("decide_splitting", 2, _("Decide on contract splitting"), pgettext_lazy("slug", "decide-on-splitting"), NOT_ENDED_UNBOUGHT, None, (TEAM,),
        guards=(g.splitting_flagged,), form=OPP + "splitting.SplittingForm", aside=True,
        next=_("Your decision and its reason are in the file.")),
    # 3 funds reserved
    Transition("statement_ready", 3, _("Send the statement to the manager"), pgettext_lazy("slug", "statement-ready"), ("preparing",), "committing", (CLIENT, TEAM),
        guards=(g.statement_complete, g.price_within_ceiling, g.dates_in_order, g.declarations_made, g.people_named),
        told=tell("manager:funds_to_commit"), leads=True,
        next=_("The manager is asked to commit the funds (section 32).")),
    Transition("commit_funds", 3, _("Commit the funds (section 32)"), pgettext_lazy("slug", "commit-funds"), ("committing",), "reserving", (MANAGER,),
        guards=(g.manager_stands_apart,), form=OPP + "funds.CommitForm", told=tell("finance:funds_to_reserve", "client:funds_committed"), leads=True,
        next=_("Finance is asked to reserve the funds.")),
    Transition("return_statement", 3, _("Return the statement"), pgettext_lazy("slug", "return-statement"), ("committing",), "preparing", (MANAGER,),
        form=OPP + "base.ReasonForm", told=tell("client:statement_returned", "team:statement_returned"),
        next=_("The client reads your reason and mends the statement.")),
    Transition("reserve_funds", 3, _("Record the fund reservation"), pgettext_lazy("slug", "reserve-funds"), ("reserving",), "reserved", (FINANCE,),
        guards=(g.finance_stands_apart,), form=OPP + "funds.ReserveForm", told=tell("team:funds_reserved", "client:funds_reserved"), leads=True,
        next=_("The team posts the opportunity.")),
    Transition("return_reservation", 3, _("Return without reserving"), pgettext_lazy("slug", "return-reservation"), ("reserving",), "preparing", (FINANCE,),
        form=OPP + "base.ReasonForm", told=tell("client:statement_returned", "manager:statement_returned", "team:statement_returned"),
        next=_("The client and the manager read your reason.")),
    Transition("reopen_statement", 3, _("Reopen the statement"), pgettext_lazy("slug", "reopen-statement"), ("reserved",), "preparing", (TEAM,),
        form=OPP + "base.ReasonForm", told=tell("client:statement_returned", "manager:statement_returned"),
        next=_("The statement can be changed. The funds must then be committed and reserved again.")),
    # 4 posted
    Transition("post", 4, _("Post the opportunity"), pgettext_lazy("slug", "post"), ("reserved",), "posted", (TEAM,),
        guards=(g.statement_complete, g.price_within_ceiling, g.dates_in_order, g.five_business_days_open, g.reservation_covers_price, g.splitting_decided),
        form=OPP + "posting.PostForm", told=tell("client:opportunity_posted", "evaluators:opportunity_posted", "subscribers:new_opportunity"), leads=True,
        next=_("The opportunity is public. Suppliers can ask questions and apply.")),
    Transition("amend", 4, _("Amend the opportunity"), pgettext_lazy("slug", "amend"), ("posted",), None, (TEAM,),
        guards=(g.still_open,), form=OPP + "posting.AmendForm", told=tell("to_confirm:application_to_confirm", "followers:opportunity_amended", "client:opportunity_amended"),
        next=_("The page shows what changed, with the label “Updated”, and followers are told.")),
    Transition("extend_closing", 4, _("Extend the closing date"), pgettext_lazy("slug", "extend-closing"), ("posted",), None, (TEAM,),
        guards=(g.still_open,), form=OPP + "posting.ExtendForm", told=tell("followers:closing_extended", "client:closing_extended"),
        next=_("The page shows the old and the new date, and followers are told.")),
    Transition("publish_answers", 4, _("Publish answers"), pgettext_lazy("slug", "publish-answers"), ("posted",), None, (TEAM,),
        guards=(g.still_open, g.question_waiting), form=OPP + "answers.AnswersForm", told=tell("followers:answers_published", "client:answers_published"), leads=True,
        next=_("The questions, without names, and their answers are on the public page.")),
    Transition("close", 4, _("Close"), pgettext_lazy("slug", "close"), ("posted",), "opened", (Role.CLOCK,),
        guards=(g.closing_reached, g.some_applied), told=tell("team:applications_to_release", "client:opportunity_closed", "applicants:application_period_closed", "unconfirmed:application_unconfirmed")),
    Transition("close_empty", 4, _("Close without applications"), pgettext_lazy("slug", "close-empty"), ("posted",), "no_award", (Role.CLOCK,),
        guards=(g.closing_reached, g.nobody_applied), form=OPP + "posting.CloseEmptyForm", told=tell("team:closed_empty", "client:closed_empty", "unconfirmed:application_unconfirmed", "followers:opportunity_not_awarded")),
    Transition("cancel", 4, _("Cancel the opportunity"), pgettext_lazy("slug", "cancel"), BEFORE_CONTRACT, "cancelled", (TEAM,),
        form=OPP + "posting.CancelForm", told=tell("client:opportunity_cancelled", "manager:opportunity_cancelled", "evaluators:opportunity_cancelled", "applicants:opportunity_cancelled", "followers:opportunity_cancelled"), grave=True,
        next=_("The reason is public, and everyone is told.")),
    # 5 application evaluation
    Transition("release", 5, _("Release the applications"), pgettext_lazy("slug", "release"), ("opened",), "evaluation", (TEAM,),
        guards=(g.somebody_left,), form=EVA + "release.ReleaseForm", told=tell("client:evaluation_to_do", "evaluators:evaluation_to_do", "set_aside:application_set_aside"), leads=True,
        next=_("The client and the evaluators mark the applications, without names.")),
    Transition("evaluated", 5, _("Complete the evaluation"), pgettext_lazy("slug", "evaluated"), ("evaluation",), "review", (CLIENT,),
        guards=(g.everything_marked,), form=EVA + "evaluation.EvaluatedForm", told=tell("team:evaluation_to_check"), leads=True,
        next=_("The team checks that each mark has its reason.")),
    Transition("return_evaluation", 5, _("Return the evaluation"), pgettext_lazy("slug", "return-evaluation"), ("review",), "evaluation", (TEAM,),
        guards=(g.did_not_release,), form=EVA + "evaluation.ReturnEvaluationForm", told=tell("client:evaluation_returned", "evaluators:evaluation_returned"),
        next=_("The client and the evaluators mend what you name.")),
    Transition("confirm", 5, _("Confirm the evaluation"), pgettext_lazy("slug", "confirm"), ("review",), "confirmed", (TEAM,),
        guards=(g.did_not_release, g.everything_marked), form=EVA + "evaluation.ConfirmForm", told=tell("client:evaluation_confirmed"), leads=True,
        next=_("One application passed: select it. Several passed: propose the draw. None passed: close without a supplier.")),
    # 6 selection
    Transition("award_single", 6, _("Select the only application that passed"), pgettext_lazy("slug", "select"), ("confirmed",), "selection", (TEAM,),
        guards=(g.exactly_one_passed,), form=EVA + "selection.AwardSingleForm", told=tell("offer:offer_made", "failed:not_passed"), leads=True,
        next=_("The supplier is asked to sign. No draw is needed.")),
    Transition("propose_freeze", 6, _("Propose to freeze the pool"), pgettext_lazy("slug", "propose-freeze"), ("confirmed",), None, (TEAM,),
        guards=(g.several_passed, g.no_freeze_proposed), form=EVA + "selection.ProposeFreezeForm", told=tell("team:freeze_proposed"), leads=True,
        next=_("Another member of the team freezes the pool.")),
    Transition("freeze", 6, _("Freeze the pool"), pgettext_lazy("slug", "freeze"), ("confirmed",), "drawing", (TEAM,),
        guards=(g.several_passed, g.freeze_proposed_by_another, g.did_not_release), form=EVA + "selection.FreezeForm", told=tell("pool:in_the_pool", "failed:not_passed", "client:pool_frozen"), grave=True, leads=True,
        next=_("The pool is public. The draw happens when the public random value is out.")),
    Transition("void_pool", 6, _("Void the pool"), pgettext_lazy("slug", "void-pool"), ("drawing",), "confirmed", (TEAM,),
        guards=(g.pool_may_be_voided,), form=EVA + "selection.VoidPoolForm", told=tell("pool:pool_voided", "client:pool_voided"), grave=True,
        next=_("The reason is public. A new pool can be proposed.")),
    Transition("draw", 6, _("Draw"), pgettext_lazy("slug", "draw"), ("drawing",), "selection", (Role.CLOCK, TEAM),
        guards=(g.round_reached, g.pool_announced), form=EVA + "selection.DrawForm", told=tell("offer:offer_made", "pool:draw_done", "client:draw_done", "team:draw_done"),
        next=_("The first in the order is offered the contract.")),
    Transition("no_award", 6, _("Close without a supplier"), pgettext_lazy("slug", "no-award"), ("opened", "confirmed", "selection"), "no_award", (TEAM,),
        guards=(g.nobody_left,), form=EVA + "selection.NoAwardForm", told=tell("applicants:not_awarded", "client:not_awarded", "followers:opportunity_not_awarded"), grave=True, leads=True,
        next=_("The reason is public, and every applicant is told.")),
    Transition("sign", 6, _("Sign the terms"), pgettext_lazy("slug", "sign"), ("selection",), "work", (SUPPLIER,),
        guards=(g.offer_open, g.sign_off_accepted), form=EVA + "signing.SignForm", told=tell("supplier:contract_signed", "client:contract_signed", "manager:contract_signed", "team:contract_signed", "others:supplier_selected", "followers:opportunity_awarded"), leads=True,
        next=_("You and the client now see how to reach each other. The work can begin.")),
    Transition("decline_offer", 6, _("Decline the offer"), pgettext_lazy("slug", "decline-offer"), ("selection",), None, (SUPPLIER,),
        guards=(g.offer_open,), form=EVA + "selection.DeclineOfferForm", told=tell("offer:offer_made", "team:offer_declined"), grave=True,
        next=_("The next in the order is offered the contract. Nothing more is expected of you.")),
    Transition("expire_offer", 6, _("Expire the offer"), pgettext_lazy("slug", "expire-offer"), ("selection",), None, (Role.CLOCK,),
        guards=(g.offer_lapsed,), form=EVA + "selection.ExpireOfferForm", told=tell("lapsed:offer_lapsed", "offer:offer_made", "team:offer_declined")),
    # 7 acceptance
    Transition("start_work", 7, _("Record that the work has started"), pgettext_lazy("slug", "start-work"), ("work",), None, (SUPPLIER,),
        guards=(g.not_started,), form=OPP + "work.StartWorkForm", told=tell("client:work_started"), leads=True,
        next=_("Deliver the code by the delivery date.")),
    Transition("deliver", 7, _("Deliver the code"), pgettext_lazy("slug", "deliver"), ("work",), "acceptance", (SUPPLIER,),
        form=OPP + "work.DeliverForm", told=tell("client:work_delivered", "evaluators:work_to_view", "team:work_delivered"), leads=True,
        next=_("The client assesses the code within two business days.")),
    Transition("give_view", 7, _("Give your view of the work"), pgettext_lazy("slug", "give-view"), ("acceptance",), None, (Role.EVALUATOR,),
        form=OPP + "assessment.ViewForm", told=tell("client:view_given"),
        next=_("The client reads it beside the delivery, and decides.")),
    Transition("request_revision", 7, _("Ask for a revision"), pgettext_lazy("slug", "request-revision"), ("acceptance",), "work", (CLIENT,),
        form=OPP + "assessment.RevisionForm", told=tell("supplier:revision_requested"),
        next=_("The supplier mends what is missing and delivers again.")),
    Transition("accept_work", 7, _("Accept the work"), pgettext_lazy("slug", "accept-work"), ("acceptance",), "invoicing", (CLIENT,),
        guards=(g.no_open_dispute,), form=OPP + "assessment.AcceptWorkForm", told=tell("supplier:work_accepted", "manager:work_accepted", "team:work_accepted"), leads=True,
        next=_("The supplier sends the invoice.")),
    Transition("ask_extension", 7, _("Ask for a new delivery date"), pgettext_lazy("slug", "ask-extension"), ("work",), None, (CLIENT, SUPPLIER),
        guards=(g.no_extension_asked,), form=OPP + "work.AskExtensionForm", told=tell("client:extension_asked", "supplier:extension_asked", "team:extension_asked"),
        next=_("The other side agrees, then the team approves the new date.")),
    Transition("extend_delivery", 7, _("Approve the new delivery date"), pgettext_lazy("slug", "extend-delivery"), ("work",), None, (TEAM,),
        guards=(g.extension_agreed,), form=OPP + "work.ExtendDeliveryForm", told=tell("client:delivery_extended", "supplier:delivery_extended"), leads=True,
        next=_("Both sides are told.")),
    Transition("raise_dispute", 7, _("Raise a dispute"), pgettext_lazy("slug", "raise-dispute"), UNDER_CONTRACT, None, (CLIENT, SUPPLIER),
        guards=(g.no_open_dispute,), form=OPP + "work.RaiseDisputeForm", told=tell("client:dispute_raised", "supplier:dispute_raised", "team:dispute_raised"),
        next=_("The client answers, and the dispute is closed with that answer.")),
    Transition("answer_dispute", 7, _("Answer the dispute"), pgettext_lazy("slug", "answer-dispute"), UNDER_CONTRACT, None, (CLIENT,),
        guards=(g.dispute_open,), form=OPP + "work.AnswerDisputeForm", told=tell("supplier:dispute_answered", "team:dispute_answered"), leads=True,
        next=_("The dispute is closed, and its record stays.")),
    Transition("terminate_default", 7, _("End the contract for default"), pgettext_lazy("slug", "end-for-default"), UNDER_CONTRACT, "terminated", (TEAM,),
        form=OPP + "work.TerminateDefaultForm", told=tell("supplier:contract_ended", "client:contract_ended", "manager:contract_ended"), grave=True,
        next=_("Nothing is paid. Both sides are told.")),
    Transition("terminate_convenience", 7, _("End the contract for convenience"), pgettext_lazy("slug", "end-for-convenience"), UNDER_CONTRACT, "invoicing", (TEAM,),
        form=OPP + "work.TerminateConvenienceForm", told=tell("supplier:contract_ended", "client:contract_ended", "manager:contract_ended"), grave=True,
        next=_("The supplier invoices the share of the work that was done.")),
    # 8 payment
    Transition("invoice", 8, _("Send the invoice"), pgettext_lazy("slug", "invoice"), ("invoicing",), "certification", (SUPPLIER,),
        form=OPP + "payment.InvoiceForm", told=tell("manager:invoice_to_certify", "client:invoice_received"), leads=True,
        next=_("The manager certifies it, then finance pays. The target is seven days.")),
    Transition("return_invoice", 8, _("Return the invoice"), pgettext_lazy("slug", "return-invoice"), ("certification",), "invoicing", (MANAGER,),
        form=OPP + "base.ReasonForm", told=tell("supplier:invoice_returned"),
        next=_("The supplier reads your reason and sends a corrected invoice.")),
    Transition("certify", 8, _("Certify the invoice (section 34)"), pgettext_lazy("slug", "certify"), ("certification",), "paying", (MANAGER,),
        guards=(g.manager_stands_apart,), form=OPP + "payment.CertifyForm", told=tell("finance:payment_due", "supplier:invoice_certified"), leads=True,
        next=_("Finance is asked to pay.")),
    Transition("pay", 8, _("Record the payment (section 33)"), pgettext_lazy("slug", "pay"), ("paying",), "registry", (FINANCE,),
        guards=(g.payer_did_not_certify, g.finance_stands_apart, g.contract_completed), form=OPP + "payment.PayForm", told=tell("supplier:paid", "client:paid", "team:registry_entry_due"), leads=True,
        next=_("The supplier gets a receipt. The code is then entered in the registry.")),
    Transition("pay_terminated", 8, _("Record the payment of the work done (section 33)"), pgettext_lazy("slug", "pay-work-done"), ("paying",), "terminated", (FINANCE,),
        guards=(g.payer_did_not_certify, g.finance_stands_apart, g.contract_ended_early), form=OPP + "payment.PayForm", told=tell("supplier:paid", "client:paid", "team:paid"), leads=True,
        next=_("The supplier gets a receipt. The contract is closed.")),
    Transition("confirm_payment", 8, _("Confirm that you were paid"), pgettext_lazy("slug", "confirm-payment"), ("registry", "complete", "terminated"), None, (SUPPLIER,),
        guards=(g.paid_not_confirmed,), form=OPP + "payment.ConfirmPaymentForm", told=tell("team:payment_confirmed", "client:payment_confirmed"),
        next=_("Thank you. That you were paid is on record.")),
    # 9 registry entry
    Transition("complete", 9, _("Confirm the registry entry"), pgettext_lazy("slug", "complete"), ("registry",), "complete", (TEAM,),
        guards=(g.pull_request_recorded,), form=OPP + "registry.CompleteForm", told=tell("client:complete", "supplier:complete", "manager:complete"), leads=True,
        next=_("The micro-acquisition is complete.")),
    Transition("record_pull_request", 9, _("Record the pull request"), pgettext_lazy("slug", "record-pull-request"), ("registry",), None, (CLIENT, TEAM),
        guards=(g.entry_written,), form=OPP + "registry.PullRequestForm", told=tell("team:pull_request_recorded"), leads=True,
        next=_("The team confirms when the pull request is merged.")),
    # again
    Transition("rerun", 1, _("Run again as a new opportunity"), pgettext_lazy("slug", "run-again"), ("cancelled", "no_award", "terminated"), None, (TEAM,),
        guards=(g.not_run_again,), form=OPP + "rerun.RerunForm", told=tell("client:run_again"),
        next=_("A new draft inquiry, with everything copied and a link back, waits for the client.")),
    Transition("make_case_file", 9, _("Make the case file"), pgettext_lazy("slug", "case-file"), tuple(STATES), None, (TEAM,),
        form=OPP + "case_file.CaseFileForm", aside=True,
        next=_("You are given one ZIP file with all of it. That you made it is on record.")),
)  # fmt: skip
BY_NAME = {row.name: row for row in LIFECYCLE}


class Refused(Exception):
    """A transition that may not happen. `code` is role, state, stale or guard; `reasons` are sentences."""

    def __init__(self, code: str, reasons: Iterable[Any]):
        self.code, self.reasons = code, [str(reason) for reason in reasons]
        super().__init__(" ".join(self.reasons))


def roles_held(opportunity: Any, by: Any) -> set[Role]:
    """The roles of an actor (a user, or `System`) on this opportunity."""
    return {by.role} if isinstance(by, System) else opportunity.roles_of(by)


def why_not(
    row: Transition, opportunity: Any, by: Any, now: datetime, roles: set[Role] | None = None
) -> tuple[str, list[Any]]:
    """Why the transition may not happen now: ("", []) when it may, else a code and its sentences.

    Role first and alone, then state, then guards: a guard's sentence must not tell an outsider about applications.
    `roles` are the actor's, when they are known already.
    """
    if not (roles_held(opportunity, by) if roles is None else roles) & set(row.roles):
        who = [str(role.label) for role in row.roles if role is not Role.CLOCK or len(row.roles) == 1]
        return "role", [_("This can only be done by: %(who)s.") % {"who": ", ".join(who)}]
    if opportunity.state not in row.sources:
        return "state", [
            _("This cannot be done now: the opportunity is at “%(state)s”.")
            % {"state": STATES[opportunity.state].label}
        ]
    facts = g.Facts(opportunity, by, now)
    reasons = [reason for guard in row.guards if (reason := guard(facts))]
    return ("guard" if reasons else ""), reasons


def available(opportunity: Any, by: Any, now: datetime) -> list[tuple[Transition, list[Any]]]:
    """The transitions that this actor's roles and the state offer, each with the reasons against it now."""
    offered, roles = [], roles_held(opportunity, by)
    for row in LIFECYCLE:
        if opportunity.state in row.sources:
            code, reasons = why_not(row, opportunity, by, now, roles)
            if code in ("", "guard"):
                offered.append((row, reasons))
    return offered


def perform(
    opportunity: Any,
    name: str,
    *,
    by: Any,
    now: datetime | None = None,
    version: int | None = None,
    record: Callable[[Any, Any, datetime], dict | None] | None = None,
) -> Any:
    """Do the transition: the only place where a state changes. Returns the Event.

    Locks the row; checks role, then state, then version, then guards; calls `record(opportunity, by, now)`, which
    writes what the transition records and returns the event's public facts; enters the state; logs the event; tells.
    All in one transaction. `now` None means the clock's time once the row is locked. Raises Refused.
    """
    row = BY_NAME[name]
    with transaction.atomic():
        opportunity = opportunity.locked()
        now = now or clock.now()
        roles = roles_held(opportunity, by)
        code, reasons = why_not(row, opportunity, by, now, roles)
        if code in ("", "guard") and version is not None and version != opportunity.version:
            code, reasons = (
                "stale",
                [
                    _(
                        "Somebody changed this opportunity after you opened the page. Read it again, then decide."
                    )
                ],
            )
        if code:
            raise Refused(code, reasons)
        role = next(role for role in row.roles if role in roles)
        source = opportunity.state
        data = (record(opportunity, by, now) if record else None) or {}
        if not row.aside:
            opportunity.enter(row.target or source, now)
        event = opportunity.log(row.name, source, by, role, now, data)
        performed.send(sender=Transition, opportunity=opportunity, event=event, transition=row, now=now)
    return event

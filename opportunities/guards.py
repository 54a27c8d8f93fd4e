"""The conditions of the lifecycle's transitions.

Each guard takes the `Facts` and gives None when it holds, else the sentence the person reads. Knows what to ask
of an opportunity and its records (funds, applications, pool, offers, contract); imports no model.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from microacq import business_days, clock, money

from . import missing

MIN_BUSINESS_DAYS_OPEN = 5
BEACON_PATIENCE = timedelta(days=30)


@dataclass(frozen=True)
class Facts:
    """What a guard may look at: the opportunity (row locked inside `perform`), who acts, and the time."""

    opportunity: Any
    by: Any
    now: datetime


def _list(intro: Any, gaps: list) -> Any:
    return format_lazy("{} {}.", intro, ", ".join(str(item) for item in gaps)) if gaps else None


# contract splitting


def splitting_flagged(facts: Facts):
    if not facts.opportunity.splitting_flags.exists():
        return _("Nothing looks like contract splitting here.")


def splitting_decided(facts: Facts):
    flag = facts.opportunity.splitting_flags.last()
    decision = flag and flag.decisions.last()
    # An import is accepted by an operator's command: a person decides before it is posted.
    imported = facts.opportunity.imported_ref and facts.opportunity.state == "screening"
    if flag and not decision and not imported:
        return _(
            "This need looks like others of the same people. Decide first whether it is contract splitting, and write why."
        )
    if decision and decision.is_splitting:
        return _("It was decided that this is contract splitting, so it does not go on.")


# inquiry and statement


def inquiry_complete(facts: Facts):
    return _list(_("Before submitting, fill in:"), missing.from_inquiry(facts.opportunity))


def statement_complete(facts: Facts):
    return _list(
        _("The statement is not complete in both languages. Still missing:"),
        [gap for gaps in missing.from_statement(facts.opportunity).values() for gap in gaps],
    )


def price_within_ceiling(facts: Facts):
    price = facts.opportunity.fixed_price
    if price is None:
        return _("The fixed price is missing.")
    if price > money.MAX_PRICE:
        return _(
            "The fixed price must be at most $8,695.65, so that with tax at 15% it stays within $10,000."
        )


def dates_in_order(facts: Facts):
    o = facts.opportunity
    if not (o.closing_at and o.selection_date and o.delivery_date):
        return _("The closing, selection and delivery dates are all needed.")
    if o.closing_at <= facts.now:
        return _("The closing date is in the past.")
    closing_day = o.closing_at.astimezone(clock.EASTERN).date()
    if not closing_day < o.selection_date < o.delivery_date:
        return _("The dates must be in this order: closing, supplier selection, work delivery.")


def declarations_made(facts: Facts):
    return _list(_("These declarations are still to be made:"), missing.declarations(facts.opportunity))


def people_named(facts: Facts):
    o = facts.opportunity
    if not o.manager_id:
        return _("Name the manager with delegated financial authority.")
    if o.manager_id == o.client_id:
        return _("The manager cannot be the client.")


def five_business_days_open(facts: Facts):
    closing = facts.opportunity.closing_at
    if not closing:
        return None
    today = facts.now.astimezone(clock.EASTERN).date()
    if business_days.between(today, closing.astimezone(clock.EASTERN).date()) < MIN_BUSINESS_DAYS_OPEN:
        return _(
            "The opportunity must stay open for at least five business days. Reopen the statement to change the closing date."
        )


def reservation_covers_price(facts: Facts):
    o = facts.opportunity
    if not o.reservation:
        return _("No funds are reserved.")
    if o.fixed_price is not None and o.reservation.amount < money.with_tax(o.fixed_price, money.MAX_TAX_RATE):
        return _("The reserved amount does not cover the fixed price with tax at 15%.")


# sections 32, 33 and 34: who did one thing here does not do another later, whatever they have become meanwhile


def _acted_as(facts: Facts, *roles: str) -> bool:
    """Whether who acts ever did something here in one of these roles. The events keep it when people are exchanged."""
    by = getattr(facts.by, "pk", None)
    return by is not None and facts.opportunity.events.filter(actor_id=by, role__in=roles).exists()


def manager_stands_apart(facts: Facts):
    if _acted_as(facts, "client", "finance"):
        return _(
            "You acted here as the client or for finance, so somebody else commits the funds (section 32) and certifies (section 34)."
        )


def finance_stands_apart(facts: Facts):
    if _acted_as(facts, "client", "manager"):
        return _(
            "You acted here as the client or as the manager, so somebody else reserves the funds and pays (section 33)."
        )


# posted


def still_open(facts: Facts):
    if facts.now >= facts.opportunity.closing_at:
        return _("The closing time has passed.")


def question_waiting(facts: Facts):
    if not facts.opportunity.questions.filter(published_at=None, set_aside_at=None).exists():
        return _("No question is waiting for an answer.")


def closing_reached(facts: Facts):
    if facts.now < facts.opportunity.closing_at:
        return _("The closing time has not come.")


def some_applied(facts: Facts):
    if not facts.opportunity.applications.in_play().exists():
        return _("Nobody applied.")


def nobody_applied(facts: Facts):
    if facts.opportunity.applications.in_play().exists():
        return _("Somebody applied.")


# application evaluation


def somebody_left(facts: Facts):
    o = facts.opportunity
    if not o.applications.in_play().exists():
        return _("Every application was set aside. Close without a supplier instead.")
    preparation = o.preparations.current()
    if not preparation:
        return _("Open the applications and prepare the release first.")
    if preparation.prepared_by_id != getattr(facts.by, "pk", None):
        return _("Only the team member who prepared the release can release the applications.")
    if o.applications.to_check().exists():
        return _("Check every application for names first.")


def did_not_release(facts: Facts):
    if facts.opportunity.preparations.by(facts.by):
        return _("You prepared the release and so saw names. Another member of the team does this.")


def everything_marked(facts: Facts):
    gaps = facts.opportunity.applications.marks_missing(facts.opportunity)
    if gaps:
        return ngettext_lazy(
            "%(number)d mark, consensus or reason is still missing.",
            "%(number)d marks, consensus decisions or reasons are still missing.",
            gaps,
        ) % {"number": gaps}


# selection


def exactly_one_passed(facts: Facts):
    if facts.opportunity.applications.passed().count() != 1:
        return _("This is for exactly one application that passed.")


def several_passed(facts: Facts):
    if facts.opportunity.applications.passed().count() < 2:
        return _("A draw needs at least two applications that passed.")


def no_freeze_proposed(facts: Facts):
    if facts.opportunity.pools.proposed().exists():
        return _("A freeze is already proposed. Another member of the team freezes the pool.")


def freeze_proposed_by_another(facts: Facts):
    pool = facts.opportunity.pools.proposed().first()
    if not pool:
        return _("A first member of the team proposes the freeze; a second one freezes.")
    if pool.proposed_by_id == getattr(facts.by, "pk", None):
        return _("You proposed the freeze. Another member of the team freezes the pool.")


def pool_may_be_voided(facts: Facts):
    pool = facts.opportunity.pools.frozen().get()
    before_round = facts.now < pool.round_at
    silent = facts.now >= pool.round_at + BEACON_PATIENCE
    if not (before_round or silent or pool.announced_too_late(facts.now)):
        return _(
            "The round has come: the pool stands. It may be voided only before its round, or 30 days after it if the random value never came."
        )


def round_reached(facts: Facts):
    pool = facts.opportunity.pools.frozen().get()
    if facts.now < pool.round_at:
        return _("The round of the draw has not come yet.")


def pool_announced(facts: Facts):
    if facts.opportunity.pools.frozen().get().announced_too_late(facts.now):
        return _(
            "The pool was not published, with every applicant told, 30 minutes before its round. It is void: void it and freeze a new one."
        )


def nobody_left(facts: Facts):
    o = facts.opportunity
    if o.state == "opened" and o.applications.in_play().exists():
        return _("There are applications to evaluate.")
    if o.state == "confirmed" and o.applications.passed().exists():
        return _("At least one application passed.")
    if o.state == "selection" and (o.offers.open().exists() or o.applications.not_yet_offered().exists()):
        return _("Somebody is still in the order of offers.")


def offer_open(facts: Facts):
    offer = o if (o := facts.opportunity.offers.open().first()) else None
    if not offer or offer.supplier_id != getattr(facts.by, "pk", None):
        return _("No offer is open to you.")
    if facts.now >= offer.respond_by:
        return _("The time to answer this offer has passed.")


def sign_off_accepted(facts: Facts):
    offer = facts.opportunity.offers.open().first()
    if offer and offer.application.needs_sign_off and not offer.application.sign_off_accepted_at:
        return _(
            "As a public servant you need your Director General's written sign-off, accepted by the team, before you sign."
        )


def offer_lapsed(facts: Facts):
    offer = facts.opportunity.offers.open().first()
    if not offer or facts.now < offer.respond_by:
        return _("No offer has passed its date.")


# work, payment, registry


def not_started(facts: Facts):
    if facts.opportunity.contract.started_at:
        return _("The start of the work is already recorded.")


def dispute_open(facts: Facts):
    if not facts.opportunity.disputes.open().exists():
        return _("No dispute is open.")


def no_open_dispute(facts: Facts):
    if facts.opportunity.disputes.open().exists():
        return _("A dispute is open. It is answered first.")


def no_extension_asked(facts: Facts):
    if facts.opportunity.extensions.pending().exists():
        return _("A new date is already asked for.")


def extension_agreed(facts: Facts):
    pending = facts.opportunity.extensions.pending().first()
    if not pending:
        return _("Nobody asked for a new date.")
    if not pending.agreed_at:
        return _("The other side has not agreed to the new date yet.")


def payer_did_not_certify(facts: Facts):
    certification = facts.opportunity.certification
    if not certification:
        return _("The invoice is not certified.")
    if certification.certified_by_id == getattr(facts.by, "pk", None):
        return _("You certified this invoice (section 34), so somebody else pays it (section 33).")


def contract_completed(facts: Facts):
    if facts.opportunity.contract.ended_at:
        return _("The contract was ended early: record the payment of the work done instead.")


def contract_ended_early(facts: Facts):
    if not facts.opportunity.contract.ended_at:
        return _("The contract was not ended early.")


def paid_not_confirmed(facts: Facts):
    payment = facts.opportunity.payment
    if not payment:
        return _("Nothing is paid yet.")
    if hasattr(payment, "confirmation"):
        return _("You have already confirmed this payment.")


def entry_written(facts: Facts):
    entry = getattr(facts.opportunity, "registry_entry", None)
    if not entry:
        return _("Write the registry entry first.")
    return _list(_("The registry would refuse the entry:"), entry.problems())


def pull_request_recorded(facts: Facts):
    entry = getattr(facts.opportunity, "registry_entry", None)
    if not entry or not entry.pull_request_url:
        return _("Record the address of the pull request first.")


def not_run_again(facts: Facts):
    if facts.opportunity.reruns.exists():
        return _("It was already run again.")

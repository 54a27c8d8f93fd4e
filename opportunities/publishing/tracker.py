"""The opportunity tracker: one row an opportunity, with every column of the spreadsheet that the pilot's team kept.

For the team alone. Read in batches, with the same few queries for each, so that memory does not grow with the rows.
Holds how many applied and nothing of what they wrote, and no supplier's name. A member of the team who has a part in
the need gets neither the internal notes nor, before closing, how many applied.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Subquery
from django.utils.translation import get_language, override
from django.utils.translation import gettext as now_in
from django.utils.translation import gettext_lazy as _

from microacq import business_days, clock
from microacq.pieces import pieces

from ..models import (
    Amendment,
    Assessment,
    Contract,
    Delivery,
    Event,
    HandRecord,
    InternalNote,
    Opportunity,
    Payment,
    Question,
    RegistryEntry,
    Screening,
)
from ..public_status import AWAITING_RESULT
from ..states import STATES
from .sheets import Cell

AT_ONCE = 500
FIELDS = (
    "reference state posted_at created_at title_en title_fr fixed_price estimated_hours closing_at original_closing_at "
    "selection_date delivery_date original_delivery_date department branch team_name repository ending_reason_en "
    "ending_reason_fr client__name client__email"
).split()
PRE_CONTRACTUAL, SOLICITATION, CONTRACTUAL, ADMINISTRATION, POST_CONTRACTUAL = (
    _("pre-contractual"),
    _("solicitation"),
    _("contractual"),
    _("contract administration"),
    _("post-contractual"),
)
STAGES = {
    **dict.fromkeys(("draft", "screening", "waitlisted", "preparing", "committing", "reserving", "reserved", "declined", "withdrawn"), PRE_CONTRACTUAL),
    **dict.fromkeys(("posted", "opened", "evaluation", "review", "confirmed", "drawing", "no_award", "cancelled"), SOLICITATION),
    "selection": CONTRACTUAL,
    **dict.fromkeys(("work", "acceptance", "invoicing", "certification", "paying"), ADMINISTRATION),
    **dict.fromkeys(("registry", "complete", "terminated"), POST_CONTRACTUAL),
}  # fmt: skip
DATED = ("accept", "statement_ready", "commit_funds", "reserve_funds")
"""The transitions whose dates the tracker shows."""


@dataclass
class Row:
    """What is known of one opportunity. `seen` is whether the reader reads it as the team, with no part in the need."""

    opportunity: Any
    now: datetime
    seen: bool
    first: dict[str, datetime] = field(default_factory=dict)
    last: dict[str, datetime] = field(default_factory=dict)
    screening: tuple[str, str] | None = None
    selection_first: date | None = None
    contract: Any = None
    offer: Any = None
    delivered_at: datetime | None = None
    accepted: bool = False
    registered: bool = False
    paid: bool = False
    questions: int = 0
    applications: int = 0
    passed: int = 0
    hand: Any = None
    notes: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.opportunity.is_open(self.now)

    def title(self) -> str:
        o, french = self.opportunity, _french()
        return (o.title_fr or o.title_en if french else o.title_en or o.title_fr) or ""

    def eligible(self) -> str | None:
        """Yes once accepted or waitlisted, no once declined; nothing before that."""
        if self.screening is None or self.screening[0] == Screening.Decision.RETURNED:
            return None
        return yes(self.screening[0] != Screening.Decision.DECLINED)

    def why_not_posted(self) -> str | None:
        """For what is eligible and not public: where it stands, and the reason where one was given."""
        o = self.opportunity
        if o.posted_at or self.eligible() != yes(True):
            return None
        reason = (
            self.screening[1] if o.state == "waitlisted" and self.screening else _words(o, "ending_reason")
        )
        return ": ".join(str(part) for part in (STATES[o.state].label, reason) if part)

    def website_status(self) -> str:
        if not self.opportunity.posted_at:
            return now_in("in preparation")
        return now_in("open") if self.open else now_in("closed")

    def number_of_applications(self) -> int | None:
        return self.applications if self.opportunity.posted_at and (self.seen or not self.open) else None

    def number_passed(self) -> int | None:
        """Once the team has confirmed the evaluation."""
        o = self.opportunity
        told = o.state not in ("posted", *AWAITING_RESULT[:3])
        return self.passed if o.posted_at and told and (self.seen or not self.open) else None

    def delivery_deadline(self) -> tuple[date | None, date | None]:
        """As first posted, and as it now is where it moved."""
        present = self.contract.delivery_date if self.contract else self.opportunity.delivery_date
        original = self.opportunity.original_delivery_date or present
        return original, present if present != original else None

    def repository(self) -> str:
        return (self.contract.repository if self.contract else "") or self.opportunity.repository

    def days_to_draft(self) -> int | None:
        """Business days from the need accepted to the statement last sent to the manager."""
        started, done = self.first.get("accept"), self.last.get("statement_ready")
        return business_days.between(day(started), day(done)) if started and done else None


def _french() -> bool:
    return (get_language() or "en").startswith("fr")


def _words(opportunity, name: str) -> str:
    return getattr(opportunity, f"{name}_{'fr' if _french() else 'en'}") or ""


def day(moment: datetime | None) -> date | None:
    """The day of a moment in Eastern time."""
    return moment.astimezone(clock.EASTERN).date() if moment else None


def yes(holds: bool) -> str:
    """Yes or no, in the reader's language."""
    return now_in("Yes") if holds else now_in("No")


def _moved(original, present):
    """The present value, where it is not the original one."""
    return present if original is not None and present != original else None


def _by_hand(name: str) -> Callable[[Row], Cell]:
    return lambda row: getattr(row.hand, name) if row.hand else None


def _when(transition: str, *, first: bool = False) -> Callable[[Row], Cell]:
    return lambda row: day((row.first if first else row.last).get(transition))


def _signed(name: str) -> Callable[[Row], Cell]:
    return lambda row: day(getattr(row.contract, name)) if row.contract else None


COLUMNS: tuple[tuple[Any, Callable[[Row], Cell]], ...] = (
    (_("No."), lambda row: row.opportunity.reference),
    (_("Name"), Row.title),
    (_("Meets the criteria?"), Row.eligible),
    (_("Fixed price, before taxes"), lambda row: row.opportunity.fixed_price),
    (_("Deadline to apply, original"), lambda row: row.opportunity.original_closing_at or row.opportunity.closing_at),
    (_("Deadline to apply, extended"), lambda row: _moved(row.opportunity.original_closing_at, row.opportunity.closing_at)),
    (_("Supplier selection date, original"), lambda row: row.selection_first or row.opportunity.selection_date),
    (_("Supplier selection date, extended"), lambda row: _moved(row.selection_first, row.opportunity.selection_date)),
    (_("Delivery deadline, original"), lambda row: row.delivery_deadline()[0]),
    (_("Delivery deadline, extended"), lambda row: row.delivery_deadline()[1]),
    (_("Department"), lambda row: row.opportunity.department_name),
    (_("Branch"), lambda row: row.opportunity.branch),
    (_("Team"), lambda row: row.opportunity.team_name),
    (_("Client name"), lambda row: row.opportunity.client.name),
    (_("Contact"), lambda row: row.opportunity.client.email),
    (_("Stage"), lambda row: str(STAGES[row.opportunity.state])),
    (_("Posted?"), lambda row: yes(row.opportunity.posted_at is not None)),
    (_("If eligible but not posted, why"), Row.why_not_posted),
    (_("Website status"), Row.website_status),
    (_("Number of questions"), lambda row: row.questions),
    (_("Number of applications"), Row.number_of_applications),
    (_("Number of suppliers who passed"), Row.number_passed),
    (_("Supplier chosen?"), lambda row: yes(row.contract is not None)),
    (_("Delivered?"), lambda row: yes(row.accepted)),
    (_("Repository"), Row.repository),
    (_("In the Open Resource Exchange?"), lambda row: yes(row.registered)),
    (_("Paid?"), lambda row: yes(row.paid)),
    (_("First meeting"), _by_hand("first_meeting_on")),
    (_("Statement started"), _when("accept", first=True)),
    (_("Statement completed"), _when("statement_ready")),
    (_("Effort, in hours"), lambda row: row.opportunity.estimated_hours),
    (_("Draft PIF sent"), _by_hand("draft_pif_sent_on")),
    (_("PIF sent to the manager (section 32)"), _when("statement_ready")),
    (_("Sent to finance"), _when("commit_funds")),
    (_("Funds reserved on"), _when("reserve_funds")),
    (_("Posted on"), lambda row: day(row.opportunity.posted_at)),
    (_("Winner told"), lambda row: day(row.offer.made_at) if row.offer else None),
    (_("Supplier confirmed"), lambda row: day(row.offer.answered_at) if row.offer else None),
    (_("Terms signed"), _signed("signed_at")),
    (_("Work started"), _signed("started_at")),
    (_("Delivered on"), lambda row: day(row.delivered_at)),
    (_("Contract terminated"), _signed("ended_at")),
    (_("Hours to draft"), _by_hand("hours_to_draft")),
    (_("Business days to draft"), Row.days_to_draft),
    (_("Notes"), lambda row: "\n".join(row.notes) if row.seen else ""),
)  # fmt: skip
"""Each column's heading and where it comes from, in the order of the pilot's spreadsheet."""


def headings() -> list[str]:
    """The columns' headings in the reader's language."""
    return [str(heading) for heading, _value in COLUMNS]


def rows(asked, user, now: datetime) -> Iterator[Sequence[Cell]]:
    """The rows of the opportunities in `asked` (a queryset), in the order of their numbers, as `user` of the team may read them.

    Written in the language of who asks, even when the file is sent after the page's language is gone.
    """
    language = get_language() or "en"
    own = set(Opportunity.objects.filter(Opportunity.objects.part_of(user)).values_list("pk", flat=True))
    wanted = (
        Opportunity.objects.filter(pk__in=asked.order_by().values("pk"))
        .select_related("client")
        .only(*FIELDS)
        .order_by("pk")
    )
    for batch in pieces(wanted, AT_ONCE):
        with override(language):
            cells = [[value(row) for _heading, value in COLUMNS] for row in _known(batch, own, now)]
        yield from cells


def _known(batch: list, own: set[int], now: datetime) -> list[Row]:
    """A batch with all that is known of it: one query a kind of record."""
    known = {o.pk: Row(o, now, o.pk not in own) for o in batch}
    keys = list(known)

    def of(model, way: str = "opportunity"):
        return model.objects.filter(**{f"{way}__in": keys}).order_by("pk")

    events = Event.objects.filter(opportunity__in=keys, transition__in=DATED).order_by()
    for key, name, first, last in events.values_list("opportunity", "transition").annotate(
        Min("at"), Max("at")
    ):
        known[key].first[name], known[key].last[name] = first, last
    latest = Screening.objects.filter(opportunity=OuterRef("opportunity")).order_by("-decided_at", "-pk")
    for key, decision, reason in (
        of(Screening)
        .filter(pk=Subquery(latest.values("pk")[:1]))
        .values_list("opportunity", "decision", "reason")
    ):
        known[key].screening = decision, reason
    for key, changes in (
        Amendment.objects.filter(opportunity__in=keys)
        .order_by("opportunity", "-number")
        .values_list("opportunity", "changes")
    ):
        for change in changes:
            if change["field"] == "selection_date":  # the earliest change, read last, has the first date
                known[key].selection_first = date.fromisoformat(change["old"])
    for contract in of(Contract).only(
        "opportunity_id", "delivery_date", "repository", "signed_at", "started_at", "ended_at"
    ):
        known[contract.opportunity_id].contract = contract
    offers = Opportunity._meta.get_field("offers").related_model
    for offer in (
        of(offers)
        .filter(opportunity__in=keys)
        .only("opportunity_id", "made_at", "answered_at", "status")
        .order_by("position")
    ):
        # The one that was signed, else the one that is open: who declined or did not answer is no winner.
        if offer.status in (offers.Status.OPEN, offers.Status.SIGNED):
            known[offer.opportunity_id].offer = offer
    for key, moment in of(Delivery).values_list("opportunity").annotate(Max("delivered_at")).order_by():
        known[key].delivered_at = moment
    for key in (
        of(Assessment, "delivery__opportunity")
        .filter(accepted=True)
        .values_list("delivery__opportunity", flat=True)
    ):
        known[key].accepted = True
    for key in of(RegistryEntry).filter(merged_on__isnull=False).values_list("opportunity", flat=True):
        known[key].registered = True
    for key in of(Payment).values_list("opportunity", flat=True):
        known[key].paid = True
    for hand in of(HandRecord):
        known[hand.opportunity_id].hand = hand
    notes = defaultdict(list)
    for key, text in (
        InternalNote.objects.filter(opportunity__in=keys)
        .order_by("written_at", "pk")
        .values_list("opportunity", "text")
    ):
        notes[key].append(text)
    applications = Opportunity._meta.get_field("applications").related_model.objects
    for name, counted in (
        ("questions", Question.objects),
        ("applications", applications.received()),
        ("passed", applications.passed()),
    ):
        for key, number in (
            counted.filter(opportunity__in=keys).order_by().values_list("opportunity").annotate(Count("pk"))
        ):
            setattr(known[key], name, number)
    for key, texts in notes.items():
        known[key].notes = texts
    return list(known.values())

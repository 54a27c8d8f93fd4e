"""The buying side's parts of the case file, in the order of the nine steps. The choosing side registers its own.

A record is given whole: what is left out of one is named here, with why.
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _
from post_office.models import STATUS

from microacq import outbox

from .. import lifecycle
from ..facts import Fact, in_words
from ..mail_log import MAIL_STATUS
from ..models import (
    AcceptanceCriterion,
    AcceptanceResult,
    Amendment,
    Announcement,
    Assessment,
    CaseFile,
    Certification,
    Commitment,
    Contract,
    Delivery,
    DeliveryView,
    Disposal,
    Dispute,
    EvaluationCriterion,
    Event,
    ExcludedSupplier,
    Extension,
    Handover,
    HandRecord,
    InternalNote,
    Invoice,
    LegalHold,
    Message,
    Notification,
    Opportunity,
    Payment,
    PaymentConfirmation,
    Question,
    RegistryEntry,
    Remark,
    Reservation,
    Screening,
    ScreeningResult,
    Skill,
    SplittingDecision,
    SplittingFlag,
    SplittingLikeness,
)
from .case_file import Reading, Row, attachment, part

NEED = (
    "reference", "state", "state_since", "created_at", "modified_at", "rerun_of", "client", "owner", "entered_by_team", "title_en",
    "title_fr", "need", "reason", "repository", "department", "branch", "team_name", "budget", "wanted_date", "heard_from",
)  # fmt: skip
"""What the client told. Every other field of the opportunity is in the statement's part."""
CHUNK = 200
MAIL_STATES = {
    STATUS.queued: "queued",
    STATUS.requeued: "requeued",
    STATUS.sent: "sent",
    STATUS.failed: "failed",
}


def _listed(key: str, label: Any, things) -> Fact:
    return Fact(key, label, [str(thing) for thing in things], ", ".join(str(thing) for thing in things))


@part(10, "need", _("The need"), Opportunity)
def need(file: Reading) -> Iterator[Row]:
    opportunity = file.opportunity
    others = [field.name for field in opportunity._meta.concrete_fields if field.name not in NEED]

    def besides() -> list[Fact]:
        again = [other.reference for other in opportunity.reruns.all()]
        return [_listed("reruns", _("Run again as a new opportunity"), again)]

    yield Row(opportunity, without=tuple(others), besides=besides)


@part(12, "splitting", _("Contract splitting"), SplittingFlag, SplittingLikeness, SplittingDecision)
def splitting(file: Reading) -> Iterator[Row]:
    """Where it was compared, and where another was compared with it."""
    flags = SplittingFlag.objects.filter(opportunity=file.opportunity)
    for flag in flags.prefetch_related("likenesses__other", "decisions__decided_by"):
        yield Row(flag, [*map(Row, flag.likenesses.all()), *map(Row, flag.decisions.all())])
    elsewhere = SplittingLikeness.objects.filter(other=file.opportunity).select_related("flag__opportunity")
    for likeness in elsewhere.order_by("pk"):
        of = likeness.flag.opportunity.reference
        yield Row(likeness, without=("other",), besides=lambda of=of: [Fact("of", _("opportunity"), of, of)])


@part(15, "screening", _("Eligibility checks"), Screening, ScreeningResult)
def screening(file: Reading) -> Iterator[Row]:
    rows = file.opportunity.screenings.select_related("decided_by").prefetch_related("results")
    for row in rows:
        yield Row(row, map(Row, row.results.all()))


@part(30, "statement", _("The statement"), Opportunity, Skill, EvaluationCriterion, AcceptanceCriterion)
def statement(file: Reading) -> Iterator[Row]:
    opportunity = file.opportunity
    people = list(opportunity.evaluators.all())
    skills = list(opportunity.skills.all())

    def besides() -> list[Fact]:
        told = [file.person(person) for person in people]
        words = ", ".join(word for _about, word in told)
        return [
            Fact("evaluators", _("evaluators"), [about for about, _word in told], words),
            Fact("skills", _("skills"), [{"en": s.name_en, "fr": s.name_fr} for s in skills], ", ".join(map(str, skills))),
        ]  # fmt: skip

    criteria = [*opportunity.evaluation_criteria.all(), *opportunity.acceptance_criteria.all()]
    without = tuple(name for name in NEED if name not in ("title_en", "title_fr"))
    yield Row(opportunity, [Row(criterion) for criterion in criteria], without, besides)


@part(32, "commitments", _("Commitments of funds (section 32)"), Commitment)
def commitments(file: Reading) -> Iterator[Row]:
    yield from map(Row, file.opportunity.commitments.select_related("committed_by"))


@part(34, "reservations", _("Fund reservations"), Reservation)
def reservations(file: Reading) -> Iterator[Row]:
    yield from map(Row, file.opportunity.reservations.select_related("reserved_by"))


@part(40, "amendments", _("Amendments"), Amendment)
def amendments(file: Reading) -> Iterator[Row]:
    yield from map(Row, file.opportunity.amendments.all())


@part(42, "questions", _("Questions"), Question)
def questions(file: Reading) -> Iterator[Row]:
    """As asked and as published. Who asked is told when names are."""
    yield from map(Row, file.opportunity.questions.select_related("asker").iterator(CHUNK))


@part(44, "excluded", _("Excluded suppliers"), ExcludedSupplier)
def excluded(file: Reading) -> Iterator[Row]:
    """Known from an earlier contract, so named before the evaluation too."""
    for row in file.opportunity.excluded_suppliers.all():
        yield Row(row, without=("supplier",))


@part(70, "contracts", _("Contract"), Contract)
def contracts(file: Reading) -> Iterator[Row]:
    """With the exact text signed, which its SHA-256 is of."""
    yield from map(Row, file.opportunity.contracts.select_related("supplier", "countersigned_by"))


@part(72, "deliveries", _("Deliveries and assessments"), Delivery, DeliveryView, Assessment, AcceptanceResult)
def deliveries(file: Reading) -> Iterator[Row]:
    rows = file.opportunity.deliveries.select_related("delivered_by", "assessment__assessed_by")
    for row in rows.prefetch_related("assessment__results__criterion", "views__given_by"):
        inside = [Row(view) for view in row.views.all()]
        if assessment := getattr(row, "assessment", None):
            inside.append(Row(assessment, [Row(result) for result in assessment.results.all()]))
        yield Row(row, inside)


@part(74, "extensions", _("Extensions of the delivery date"), Extension)
def extensions(file: Reading) -> Iterator[Row]:
    yield from map(Row, file.opportunity.extensions.all())


@part(76, "disputes", _("Disputes"), Dispute)
def disputes(file: Reading) -> Iterator[Row]:
    yield from map(Row, file.opportunity.disputes.all())


@part(80, "invoices", _("Invoices, certification (section 34) and payment (section 33)"), Invoice, Certification, Payment, PaymentConfirmation)  # fmt: skip
def invoices(file: Reading) -> Iterator[Row]:
    """Each version, with the supplier’s own PDF."""
    rows = file.opportunity.invoices.select_related(
        "certification__certified_by",
        "certification__payment__paid_by",
        "certification__payment__confirmation",
    )
    for row in rows:
        inside = []
        if certification := getattr(row, "certification", None):
            payment = getattr(certification, "payment", None)
            confirmation = getattr(payment, "confirmation", None)
            paid = [Row(payment, [Row(confirmation)] if confirmation else [])] if payment else []
            inside = [Row(certification, paid)]

        def besides(row=row) -> list[Fact]:
            if not row.file:
                return []
            return [attachment(file, "attached", _("the supplier’s own invoice"), row.file_name, row.file)]

        yield Row(row, inside, ("file",), besides)


@part(90, "registry", _("Registry entry"), RegistryEntry)
def registry(file: Reading) -> Iterator[Row]:
    yield from map(Row, RegistryEntry.objects.filter(opportunity=file.opportunity))


@part(92, "messages", _("Messages"), Message)
def messages(file: Reading) -> Iterator[Row]:
    yield from map(Row, file.opportunity.messages.select_related("author").iterator(CHUNK))


@part(93, "notes", _("Internal notes and changes of owner"), InternalNote, Handover)
def notes(file: Reading) -> Iterator[Row]:
    yield from map(Row, file.opportunity.internal_notes.select_related("author").iterator(CHUNK))
    yield from map(Row, file.opportunity.handovers.select_related("former", "owner", "by"))


@part(91, "by_hand", _("Facts recorded by hand"), HandRecord)
def by_hand(file: Reading) -> Iterator[Row]:
    yield from map(Row, HandRecord.objects.filter(opportunity=file.opportunity))


@part(94, "remarks", _("Reasons given"), Remark)
def remarks(file: Reading) -> Iterator[Row]:
    yield from map(Row, file.opportunity.remarks.all())


@part(95, "mails", _("Emails"), Notification, Announcement)
def mails(file: Reading) -> Iterator[Row]:
    """Each with its words when it went to an employee, or to a supplier whom the reader may know; never to a subscriber.

    What opens something, such as a link to the survey, is taken out even where the mail is still queued.
    """
    sent = Notification.objects.filter(opportunity=file.opportunity).select_related(
        "recipient", "email", "event"
    )
    for row in sent.order_by("pk").iterator(CHUNK):
        known = row.recipient is not None and (row.recipient.is_esdc or file.names)

        def besides(row=row, known=known) -> list[Fact]:
            email, status = row.email, MAIL_STATUS.get(row.email.status, "–")
            found = [
                Fact("subject", _("subject"), email.subject, email.subject),
                Fact("status", _("status"), MAIL_STATES.get(email.status), str(status)),
                Fact("last_try", _("last try"), email.last_updated, in_words(email.last_updated)),
            ]  # fmt: skip
            if row.recipient is None:
                found.append(Fact("to", _("to"), None, str(_("a subscriber"))))
            if known:
                text = outbox.without_secrets(email.message)
                found.append(Fact("text", _("text"), text, text))
            return found

        yield Row(row, without=("email",), besides=besides)
    announced = Announcement.objects.filter(event__opportunity=file.opportunity).select_related("event")
    for row in announced.order_by("pk"):
        yield Row(row, without=("told_up_to",))


@part(96, "events", _("Events"), Event)
def events(file: Reading) -> Iterator[Row]:
    """The chain, in words. What its hashes are computed from is in events.json."""
    for row in file.opportunity.events.select_related("actor").order_by("number").iterator(CHUNK):

        def besides(row=row) -> list[Fact]:
            known = lifecycle.BY_NAME.get(row.transition)
            return [
                Fact(
                    "what", _("what was done"), row.transition, str(known.label if known else row.transition)
                )
            ]

        yield Row(row, without=("transition",), besides=besides)


@part(98, "keeping", _("How this file is kept"), CaseFile, LegalHold, Disposal)
def keeping(file: Reading) -> Iterator[Row]:
    """Case files made before, legal holds, and what was disposed of."""
    yield from map(Row, file.opportunity.case_files.select_related("made_by", "event"))
    yield from map(Row, file.opportunity.legal_holds.select_related("by"))
    yield from map(Row, file.opportunity.disposals.select_related("person"))

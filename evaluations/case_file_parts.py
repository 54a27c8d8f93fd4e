"""The choosing side's parts of the case file: the release, the applications, the marks, the draw, the offers.

Three locks: nothing of an application before closing; no mark before the evaluation is complete; no name before it is
confirmed, but for who prepared the release. An application that was withdrawn, or never sent, is its supplier's.
"""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from opportunities.facts import Fact
from opportunities.publishing.case_file import Reading, Row, attachment, part

from .models import (
    Answer,
    Application,
    Consensus,
    CriterionResult,
    Debrief,
    Draw,
    EvaluationRecord,
    Offer,
    Pool,
    Preparation,
    Sheet,
    Submission,
)

CHUNK = 100
UNDER_WAY = ("posted", "opened", "evaluation")
"""While applications are prepared and marked, each evaluator's marks are theirs."""
ANONYMOUS = ("label", "passed")
WITHDRAWN = ("status", "saved_at")


def all_but(model, *kept: str) -> tuple[str, ...]:
    """The fields of a model without some."""
    return ("id", *(field.name for field in model._meta.concrete_fields if field.name not in kept))


def marks_are_open(file: Reading) -> bool:
    """Whether the evaluation is over, so that marks, and answers without names, may be read by the team."""
    return file.closed and file.opportunity.state not in UNDER_WAY


def _labelled(record, label: str, *without: str) -> Row:
    return Row(
        record,
        without=("application", *without),
        besides=lambda: [Fact("label", _("label"), label, label or "–")],
    )


@part(50, "release", _("Preparation of the release"), Preparation)
def release(file: Reading) -> Iterator[Row]:
    """Who saw names, when, and why somebody took over."""
    yield from map(Row, file.opportunity.preparations.select_related("prepared_by"))


@part(52, "applications", _("Applications"), Application, Answer, Submission)
def applications(file: Reading) -> Iterator[Row]:
    if not file.closed:
        return
    rows = file.opportunity.applications.exclude(status=Application.Status.DRAFT)
    if file.names:
        received = set(file.opportunity.applications.received().values_list("pk", flat=True))
        known = rows.select_related("supplier", "set_aside_by", "opportunity").order_by("submitted_at", "pk")
        for row in known.prefetch_related("answers__criterion", "submissions").iterator(CHUNK):
            yield _whole(file, row, row.pk in received)
    elif marks_are_open(file):
        released = rows.exclude(label="").order_by("label")
        for row in released.prefetch_related("answers__criterion").iterator(CHUNK):
            yield Row(
                row, [_masked(answer) for answer in row.answers.all()], all_but(Application, *ANONYMOUS)
            )


def _whole(file: Reading, row: Application, received: bool) -> Row:
    if row.status == Application.Status.WITHDRAWN:
        return Row(row, without=all_but(Application, *WITHDRAWN))

    def besides() -> list[Fact]:
        if not (row.sign_off and received):
            return []
        shown = row.sign_off_name or "sign-off"
        return [attachment(file, "attached", _("Director General's sign-off"), shown, row.sign_off.name)]

    inside = [*map(Row, row.answers.all()), *map(Row, row.submissions.all())]
    return Row(row, inside, ("working", "sign_off"), besides)


def _masked(answer: Answer) -> Row:
    """As the evaluators read it: the supplier's own words may say who wrote them."""
    said = answer.released
    return Row(
        answer,
        without=all_but(Answer, "criterion"),
        besides=lambda: [Fact("released", _("answer"), said, said)],
    )


@part(54, "marks", _("Application evaluation"), Sheet, CriterionResult, Consensus, EvaluationRecord)
def marks(file: Reading) -> Iterator[Row]:
    """Who marked, each mark with its reason, what was decided where they differed, and every state it was in."""
    if not marks_are_open(file):
        return
    yield from map(Row, file.opportunity.sheets.select_related("evaluator").order_by("pk"))
    for model in (CriterionResult, Consensus):
        people = ("evaluator",) if model is CriterionResult else ()
        rows = model.objects.filter(application__opportunity=file.opportunity)
        rows = rows.select_related("criterion", "application", *people).order_by(
            "application__label", "criterion", "pk"
        )
        for row in rows.iterator(CHUNK):
            yield _labelled(row, row.application.label)
    yield from map(Row, file.opportunity.evaluation_records.all())


@part(58, "debriefs", _("Debriefs"), Debrief)
def debriefs(file: Reading) -> Iterator[Row]:
    if not file.names:
        return
    rows = Debrief.objects.filter(application__opportunity=file.opportunity)
    for row in rows.select_related("application", "sent_by"):
        yield _labelled(row, row.application.label)


@part(60, "draws", _("The draw"), Pool, Draw)
def draws(file: Reading) -> Iterator[Row]:
    """Each pool, with its file as published, so that the draw can be checked from here."""
    for row in file.opportunity.pools.select_related("proposed_by", "frozen_by", "draw"):

        def besides(row=row) -> list[Fact]:
            if not row.text:
                return []
            path = file.attach(f"pool-{row.number}.txt", text=row.text)
            return [Fact("pool_file", _("pool file"), {"path": path}, path)]

        drawn = getattr(row, "draw", None)
        yield Row(row, [Row(drawn)] if drawn else [], besides=besides)


@part(62, "offers", _("Offers"), Offer)
def offers(file: Reading) -> Iterator[Row]:
    if not file.names:
        return
    for row in file.opportunity.offers.select_related("supplier", "application"):
        yield _labelled(row, row.application.label)

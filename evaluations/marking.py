"""The evaluation while it is under way: who marks, each one's marks, where they differ, and what counts.

Knows sheets, marks and consensus, and who may see whose marks when. Knows no names of suppliers and no page.
What writes locks the opportunity, checks again, and raises `Refused` with the sentence the person reads.
"""

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from microacq.text import count_words
from opportunities.lifecycle import Refused, Role

from .models import Application, Consensus, CriterionResult, Sheet

FAIL_WORDS = 20
PASS_WORDS = 5
"""The fewest words of a rationale. A reason for a fail is read by the supplier in the debrief."""


@dataclass
class Cell:
    """One criterion of one application: the marks of those who take part, and the consensus if there is one."""

    application: Application
    criterion: object
    marks: list[CriterionResult] = field(default_factory=list)
    consensus: Consensus | None = None

    @property
    def differs(self) -> bool:
        return len({mark.passed for mark in self.marks}) > 1

    @property
    def settled(self) -> Consensus | None:
        """The consensus, when the marks differ and none of them was changed after it."""
        if (
            self.differs
            and self.consensus
            and self.consensus.decided_at >= max(m.marked_at for m in self.marks)
        ):
            return self.consensus
        return None

    @property
    def effective(self) -> bool | None:
        """What counts: the unanimous mark, else the consensus; None while neither is there."""
        if not self.marks:
            return None
        if not self.differs:
            return self.marks[0].passed
        return self.settled.passed if self.settled else None

    def of(self, user_id: int) -> CriterionResult | None:
        """This evaluator's mark."""
        return next((mark for mark in self.marks if mark.evaluator_id == user_id), None)


class Matrix:
    """All applications in play by all criteria, read in a constant number of queries."""

    def __init__(self, opportunity):
        self.opportunity = opportunity
        self.criteria = list(opportunity.evaluation_criteria.all())
        applications = opportunity.applications.in_play().prefetch_related(
            "answers", "marks__evaluator", "consensus"
        )
        self.applications = sorted(applications, key=lambda a: (len(a.label), a.label))
        self.named = {opportunity.client_id, *opportunity.evaluators.values_list("pk", flat=True)}
        self.sheets = list(opportunity.sheets.select_related("evaluator").order_by("pk"))

    @cached_property
    def active(self) -> list[Sheet]:
        """The sheets that count: of people still named, and not withdrawn."""
        return [sheet for sheet in self.sheets if not sheet.withdrawn_at and sheet.evaluator_id in self.named]

    @cached_property
    def cells(self) -> dict[tuple[int, int], Cell]:
        taking_part = {sheet.evaluator_id for sheet in self.active}
        found = {(a.pk, c.pk): Cell(a, c) for a in self.applications for c in self.criteria}
        for application in self.applications:
            for mark in sorted(application.marks.all(), key=lambda m: m.evaluator_id):
                if mark.evaluator_id in taking_part and (application.pk, mark.criterion_id) in found:
                    found[application.pk, mark.criterion_id].marks.append(mark)
            for consensus in application.consensus.all():
                if (application.pk, consensus.criterion_id) in found:
                    found[application.pk, consensus.criterion_id].consensus = consensus
        return found

    def row(self, application: Application) -> list[Cell]:
        """The application's cells, in the order of the criteria."""
        return [self.cells[application.pk, criterion.pk] for criterion in self.criteria]

    @property
    def rows(self) -> list[tuple[Application, list[Cell]]]:
        return [(application, self.row(application)) for application in self.applications]

    @property
    def everyone_handed_in(self) -> bool:
        """Whether marks may be shown to all: everybody named has handed in, or withdrawn."""
        unheard = self.named - {sheet.evaluator_id for sheet in self.sheets}
        return bool(self.active) and not unheard and all(sheet.submitted_at for sheet in self.active)

    @property
    def differing(self) -> list[Cell]:
        """Where marks differ and the client has not settled it."""
        return [cell for cell in self.cells.values() if cell.differs and not cell.settled]

    def marked_by(self, user_id: int) -> int:
        """How many cells this evaluator has marked."""
        return sum(cell.of(user_id) is not None for cell in self.cells.values())

    def missing(self) -> int:
        """How many sheets, marks and consensus decisions are missing before the evaluation is complete."""
        unheard = self.named - {sheet.evaluator_id for sheet in self.sheets}
        unfinished = sum(not sheet.submitted_at for sheet in self.active)
        marks = len(self.active) * len(self.cells) - sum(len(cell.marks) for cell in self.cells.values())
        return len(unheard) + unfinished + marks + len(self.differing) + (0 if self.active else 1)

    def passed(self, application: Application) -> bool:
        """Whether every criterion of the application passes."""
        return all(cell.effective is True for cell in self.row(application))

    def snapshot(self) -> dict:
        """Every mark and reason as they stand, without names of suppliers."""
        applications = []
        for application, cells in self.rows:
            criteria = []
            for cell in cells:
                settled = cell.settled
                criteria.append({
                    "criterion": cell.criterion.pk,
                    "text": {"en": cell.criterion.text_en, "fr": cell.criterion.text_fr},
                    "marks": [
                        {"evaluator": m.evaluator_id, "passed": m.passed, "rationale": m.rationale, "marked_at": m.marked_at.isoformat()}
                        for m in cell.marks
                    ],
                    "consensus": settled and {"passed": settled.passed, "rationale": settled.rationale, "decided_at": settled.decided_at.isoformat()},
                    "passed": cell.effective,
                })  # fmt: skip
            applications.append(
                {"label": application.label, "criteria": criteria, "passed": self.passed(application)}
            )
        return {
            "applications": applications,
            "withdrew": [s.evaluator_id for s in self.sheets if s.withdrawn_at],
        }


def too_short(passed: bool, rationale: str) -> str | None:
    """Why a rationale is not enough, as a sentence; None when it is."""
    least, words = (PASS_WORDS if passed else FAIL_WORDS), count_words(rationale)
    if words >= least:
        return None
    if passed:
        sentence = ngettext_lazy(
            "Say in at least %(least)d words why it passes. You have %(words)d word.",
            "Say in at least %(least)d words why it passes. You have %(words)d words.", words)  # fmt: skip
    else:
        sentence = ngettext_lazy(
            "Say in at least %(least)d words why it fails: the supplier reads it in the debrief. You have %(words)d word.",
            "Say in at least %(least)d words why it fails: the supplier reads it in the debrief. You have %(words)d words.", words)  # fmt: skip
    return sentence % {"least": least, "words": words}


def reasons_against(opportunity, user) -> tuple[str, list]:
    """Why this user has no part in the marking now: ("", []) when they have one."""
    if not opportunity.roles_of(user) & {Role.CLIENT, Role.EVALUATOR}:
        return "role", [_("Only the client and the evaluators whom the client named mark applications.")]
    if opportunity.state != "evaluation":
        return "state", [_("Applications are marked between their release and the end of the evaluation.")]
    return "", []


@contextmanager
def _marking(opportunity, user, *, declared=True):
    """The opportunity and this user's sheet, locked, while they may mark."""
    with transaction.atomic():
        row = opportunity.locked()
        code, reasons = reasons_against(row, user)
        if code:
            raise Refused(code, reasons)
        sheet, _made = Sheet.objects.select_for_update().get_or_create(opportunity=row, evaluator=user)
        if sheet.withdrawn_at:
            raise Refused("guard", [_("You withdrew from this evaluation.")])
        if declared and not sheet.declared_at:
            raise Refused("guard", [_("Declare first that you have no conflict of interest.")])
        yield row, sheet


def _stale(opportunity, now) -> None:
    """What others have open about the evaluation as a whole must be read again."""
    opportunity.version += 1
    opportunity.modified_at = now
    opportunity.save(update_fields=["version", "modified_at"])


def declare(opportunity, user, now) -> Sheet:
    """Record that this evaluator has no conflict of interest."""
    with _marking(opportunity, user, declared=False) as (_row, sheet):
        sheet.declared_at = sheet.declared_at or now
        sheet.save(update_fields=["declared_at"])
        return sheet


def withdraw(opportunity, user, now) -> Sheet:
    """Record that this evaluator takes no part. Their marks, if any, stay on record and no longer count."""
    with _marking(opportunity, user, declared=False) as (row, sheet):
        sheet.withdrawn_at = now
        sheet.save(update_fields=["withdrawn_at"])
        _stale(row, now)
        return sheet


def application_labelled(opportunity, label: str) -> Application | None:
    """The application in play with that label."""
    return opportunity.applications.in_play().filter(label=label).exclude(label="").first()


def latest(application: Application, user) -> str:
    """When this evaluator last changed a mark of this application, as text: to see that another tab did meanwhile."""
    last = application.marks.filter(evaluator=user).order_by("marked_at").last()
    return last.marked_at.isoformat() if last else ""


def mark(
    opportunity, user, label: str, marks: dict[int, tuple[bool, str]], now, seen: str | None = None
) -> None:
    """Save this evaluator's marks of one application: {criterion id: (passed, rationale)}.

    `seen`: what `latest()` said when the page was opened, to refuse what another tab has overtaken.
    """
    with _marking(opportunity, user) as (row, sheet):
        if sheet.submitted_at:
            raise Refused("guard", [_("You have handed in your marks.")])
        application = application_labelled(row, label)
        if not application:
            raise Refused("state", [_("This application is not in the evaluation.")])
        if not set(marks) <= set(row.evaluation_criteria.values_list("pk", flat=True)):
            raise Refused("guard", [_("This criterion is not one of this opportunity.")])
        if seen is not None and seen != latest(application, user):
            raise Refused(
                "stale",
                [
                    _(
                        "You changed these marks in another window after you opened this page. Read them again, then decide."
                    )
                ],
            )
        kept = {result.criterion_id: result for result in application.marks.filter(evaluator=user)}
        for criterion_id, (passed, rationale) in marks.items():
            rationale = rationale.strip()
            if problem := too_short(passed, rationale):
                raise Refused("guard", [problem])
            result = kept.get(criterion_id) or CriterionResult(
                application=application, criterion_id=criterion_id, evaluator=user
            )
            if result.pk and (result.passed, result.rationale) == (passed, rationale):
                continue
            result.passed, result.rationale, result.marked_at = passed, rationale, now
            result.save()


def hand_in(opportunity, user, now) -> Sheet:
    """Hand in this evaluator's marks, once every criterion of every application has one."""
    with _marking(opportunity, user) as (row, sheet):
        if sheet.submitted_at:
            return sheet
        matrix = Matrix(row)
        gaps = len(matrix.cells) - matrix.marked_by(user.pk)
        if gaps:
            sentence = ngettext_lazy(
                "%(number)d mark is still to be made.", "%(number)d marks are still to be made.", gaps
            )
            raise Refused("guard", [sentence % {"number": gaps}])
        sheet.submitted_at = now
        sheet.save(update_fields=["submitted_at"])
        _stale(row, now)
        return sheet


def take_back(opportunity, user, now) -> Sheet:
    """Open this evaluator's marks again, as long as nobody else has seen them."""
    with _marking(opportunity, user) as (row, sheet):
        matrix = Matrix(row)
        if matrix.everyone_handed_in and len(matrix.active) > 1:
            raise Refused(
                "guard",
                [
                    _(
                        "Everybody has handed in and sees all marks, so yours stay as they are. Where marks differ, the client decides."
                    )
                ],
            )
        sheet.submitted_at = None
        sheet.save(update_fields=["submitted_at"])
        _stale(row, now)
        return sheet


def decide(opportunity, user, label: str, criterion_id: int, passed: bool, rationale: str, now) -> Consensus:
    """Record the client's decision, with its reason, where marks differ. A later decision takes its place."""
    with _marking(opportunity, user, declared=False) as (row, _sheet):
        if Role.CLIENT not in row.roles_of(user):
            raise Refused("role", [_("Where marks differ, the client decides.")])
        matrix = Matrix(row)
        if not matrix.everyone_handed_in:
            raise Refused("guard", [_("Not everybody has handed in their marks.")])
        application = application_labelled(row, label)
        cell = application and matrix.cells.get((application.pk, criterion_id))
        if not cell or not cell.differs:
            raise Refused("guard", [_("The marks do not differ here.")])
        if problem := too_short(passed, rationale):
            raise Refused("guard", [problem])
        consensus, _made = Consensus.objects.update_or_create(
            application=application,
            criterion_id=criterion_id,
            defaults={"passed": passed, "rationale": rationale.strip(), "decided_at": now},
        )
        _stale(row, now)
        return consensus

"""The debrief: why one's own application was marked as it was, without names of evaluators and without the others.

Knows when it may be asked and what is sent. What writes locks the opportunity and raises `Refused` with the sentence.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from opportunities.lifecycle import Refused, Role
from opportunities.notifications import AUDIENCES, mail_context, queue

from .marking import Cell, Matrix
from .models import Application, Debrief


def result_told(opportunity) -> bool:
    """Whether applicants have been told if they passed: at the first freeze, the single selection, or the ending."""
    return (
        opportunity.pools.filter(frozen_at__isnull=False).exists()
        or opportunity.offers.exists()
        or opportunity.state == "no_award"
    )


def own(opportunity, user) -> Application | None:
    """The user's application that was evaluated and whose result they know; it can be debriefed."""
    found = opportunity.applications.of(user).filter(set_aside_at=None, passed__isnull=False).first()
    return found if found and result_told(opportunity) else None


def ask(opportunity, user, question: str, now) -> Debrief:
    """Record that the supplier asks, and tell the team. Asking twice is once."""
    with transaction.atomic():
        row = opportunity.locked()
        application = own(row, user)
        if not application:
            raise Refused(
                "state", [_("A debrief can be asked for once you are told the result of your application.")]
            )
        debrief, made = Debrief.objects.get_or_create(
            application=application, defaults={"question": question.strip(), "asked_at": now}
        )
        if made:
            for person in AUDIENCES["team"](row, None):
                queue("debrief_asked", person, mail_context(row), opportunity=row, audience_name="team")
        return debrief


def reasons_of(application: Application) -> list[dict]:
    """The marks and rationales of one application, criterion by criterion, as a debrief says them."""
    matrix = Matrix(application.opportunity)
    return [
        _reasons(cell) for cell in matrix.row(next(a for a in matrix.applications if a.pk == application.pk))
    ]


def _reasons(cell: Cell) -> dict:
    return {
        "en": cell.criterion.text_en,
        "fr": cell.criterion.text_fr,
        "passed": cell.effective,
        "reasons": [{"passed": mark.passed, "rationale": mark.rationale} for mark in cell.marks],
        "decision": cell.settled.rationale if cell.settled else "",
    }


def send(opportunity, debrief: Debrief, user, note: str, now) -> Debrief:
    """Send what was asked for: kept as it was sent, and told by email."""
    with transaction.atomic():
        row = opportunity.locked()
        if Role.TEAM not in row.roles_of(user):
            raise Refused("role", [_("The team sends a debrief.")])
        debrief = (
            Debrief.objects.select_for_update()
            .select_related("application__supplier")
            .get(pk=debrief.pk, application__opportunity=row)
        )
        if debrief.sent_at:
            raise Refused("state", [_("This debrief was sent already.")])
        debrief.content, debrief.note = reasons_of(debrief.application), note.strip()
        debrief.sent_at, debrief.sent_by = now, user
        debrief.save(update_fields=["content", "note", "sent_at", "sent_by"])
        queue(
            "debrief_sent",
            debrief.application.supplier,
            mail_context(row),
            opportunity=row,
            audience_name="applicant",
        )
        return debrief

"""The pages of the evaluation: the declaration, the matrix, one application, and the team's check.

An application is addressed by its letter. Nothing here reads who the supplier is; `marking.py` knows the rules.
"""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views import View

from microacq import clock
from opportunities.lifecycle import Refused, Role
from opportunities.views.transition import refused, visible_or_404

from .. import marking
from ..forms.marks import ConsensusForm, MarksForm
from ..marking import Matrix
from ..models import Sheet

CHECKED_FROM = (
    "review",
    "confirmed",
    "drawing",
    "selection",
    "work",
    "acceptance",
    "invoicing",
    "certification",
    "paying",
    "registry",
)
READ_FROM = (*CHECKED_FROM, "complete", "no_award", "terminated", "cancelled")


class Page(LoginRequiredMixin, View):
    """404 for what cannot be seen, 409 with the sentence for what may not be done now."""

    http_method_names = ["get", "post", "head", "options"]

    def dispatch(self, request, *args, **kwargs):
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        self.opportunity = visible_or_404(request, kwargs["reference"])
        self.roles = self.opportunity.roles_of(request.user)
        try:
            self.allow()
            return super().dispatch(request, *args, **kwargs)
        except Refused as refusal:
            return refused(request, self.opportunity, None, refusal)

    def allow(self) -> None:
        """Raise Refused when this reader has no business here now."""
        code, reasons = marking.reasons_against(self.opportunity, self.request.user)
        if code:
            raise Refused(code, reasons)

    def page(self, template, context, status=200):
        context = {
            "opportunity": self.opportunity,
            "now": clock.now(),
            "is_client": Role.CLIENT in self.roles,
            **context,
        }
        return TemplateResponse(self.request, f"evaluations/{template}", context, status=status)


class Evaluate(Page):
    """The declaration first; then all applications by all criteria, with this evaluator's progress."""

    def get(self, request, reference):
        sheet = Sheet.objects.filter(opportunity=self.opportunity, evaluator=request.user).first()
        if not sheet or not sheet.declared_at or sheet.withdrawn_at:
            return self.page("declare.html", {"sheet": sheet})
        matrix = Matrix(self.opportunity)
        open_to_all = matrix.everyone_handed_in
        rows = [
            (application, [(cell, cell.of(request.user.pk)) for cell in cells])
            for application, cells in matrix.rows
        ]
        return self.page("evaluate.html", {
            "sheet": sheet, "matrix": matrix, "rows": rows, "open_to_all": open_to_all,
            "made": matrix.marked_by(request.user.pk), "total": len(matrix.cells),
            "alone": len(matrix.active) == 1, "returned": self.opportunity.remarks.filter(transition="return_evaluation").last(),
        })  # fmt: skip

    def post(self, request, reference):
        actions = {
            "declare": (marking.declare, _("Your declaration is recorded.")),
            "withdraw": (
                marking.withdraw,
                _("You have withdrawn from this evaluation. Tell the client, who may name somebody else."),
            ),
            "hand_in": (marking.hand_in, _("Your marks are handed in.")),
            "take_back": (
                marking.take_back,
                _("You can change your marks again. Hand them in once more when you are done."),
            ),
        }
        action = request.POST.get("action", "")
        if action not in actions:
            raise Http404
        if action == "declare" and not request.POST.get("no_conflict"):
            messages.error(
                request, _("Tick the box to declare that you have no conflict of interest, or withdraw.")
            )
            return redirect("evaluate", reference)
        do, sentence = actions[action]
        do(self.opportunity, request.user, clock.now())
        messages.success(request, sentence)
        return redirect("workspace_opportunity" if action == "withdraw" else "evaluate", reference)


class EvaluateOne(Page):
    """One application, by its letter: its answers, this evaluator's marks, and the client's decisions."""

    def read(self, label):
        """The matrix, the application's cells, and this evaluator's sheet."""
        sheet = Sheet.objects.filter(opportunity=self.opportunity, evaluator=self.request.user).first()
        if not sheet or not sheet.declared_at:
            raise Refused("guard", [_("Declare first that you have no conflict of interest.")])
        if sheet.withdrawn_at:
            raise Refused("guard", [_("You withdrew from this evaluation.")])
        matrix = Matrix(self.opportunity)
        application = next((a for a in matrix.applications if a.label and a.label == label), None)
        if not application:
            raise Http404
        return matrix, application, matrix.row(application), sheet

    def show(self, label, form=None, decision=None, reasons=(), status=200):
        matrix, application, cells, sheet = self.read(label)
        user = self.request.user
        open_to_all = matrix.everyone_handed_in
        if not sheet.submitted_at:
            form = form or MarksForm(
                cells=cells, user=user, initial={"seen": marking.latest(application, user)}
            )
        else:
            form = None
        answers = {answer.criterion_id: answer.released for answer in application.answers.all()}
        decisions = {}
        if open_to_all and Role.CLIENT in self.roles:
            decisions = {cell.criterion.pk: ConsensusForm(cell=cell) for cell in cells if cell.differs}
        if decision:
            decisions[decision.cell.criterion.pk] = decision
        fields = {cell.criterion.pk: (mark, reason) for cell, mark, reason in form.rows()} if form else {}
        rows = [
            {
                "cell": cell, "answer": answers.get(cell.criterion.pk, ""), "own": cell.of(user.pk), "fields": fields.get(cell.criterion.pk),
                "marks": cell.marks if open_to_all else [], "decision": decisions.get(cell.criterion.pk),
            }
            for cell in cells
        ]  # fmt: skip
        labels = [a.label for a in matrix.applications]
        place = labels.index(label)
        return self.page("evaluate_application.html", {
            "label": label, "rows": rows, "form": form, "forms": [f for f in (form, decision) if f], "sheet": sheet,
            "open_to_all": open_to_all, "reasons": reasons,
            "before": labels[place - 1] if place else None, "after": labels[place + 1] if place + 1 < len(labels) else None,
        }, status)  # fmt: skip

    def get(self, request, reference, label):
        return self.show(label)

    def post(self, request, reference, label):
        _matrix, _application, cells, sheet = self.read(label)
        if request.POST.get("action") == "decide":
            return self.decide(reference, label, cells)
        form = MarksForm(request.POST, cells=cells, user=request.user)
        if sheet.submitted_at or not form.is_valid():
            return self.show(
                label,
                form=form,
                reasons=[_("You have handed in your marks.")] if sheet.submitted_at else (),
                status=422,
            )
        try:
            marking.mark(
                self.opportunity, request.user, label, form.marks, clock.now(), form.cleaned_data["seen"]
            )
        except Refused as refusal:
            return self.show(label, form=form, reasons=refusal.reasons, status=409)
        messages.success(request, _("Your marks for Applicant %(label)s are saved.") % {"label": label})
        return redirect("evaluate", reference)

    def decide(self, reference, label, cells):
        criterion = self.request.POST.get("criterion", "")
        cell = next((cell for cell in cells if str(cell.criterion.pk) == criterion), None)
        if not cell:
            raise Refused("guard", [_("This criterion is not one of this opportunity.")])
        form = ConsensusForm(self.request.POST, cell=cell)
        if not form.is_valid():
            return self.show(label, decision=form, status=422)
        marking.decide(
            self.opportunity,
            self.request.user,
            label,
            cell.criterion.pk,
            form.passed,
            form.cleaned_data["reason"],
            clock.now(),
        )
        messages.success(self.request, _("Your decision is recorded."))
        return redirect("evaluate_application", reference, label)


class CheckEvaluation(Page):
    """Every mark and rationale, without names: for the team to check, and to read later for those who marked."""

    http_method_names = ["get", "head", "options"]

    def allow(self):
        if not self.roles & {Role.TEAM, Role.CLIENT, Role.EVALUATOR}:
            raise Refused("role", [_("Only the team, the client and the evaluators read the evaluation.")])
        if self.opportunity.state not in READ_FROM or not self.opportunity.evaluation_records.exists():
            raise Refused("state", [_("The evaluation can be read once it is complete.")])

    def get(self, request, reference):
        matrix = Matrix(self.opportunity)
        rows = []
        for application, cells in matrix.rows:
            answers = {answer.criterion_id: answer.released for answer in application.answers.all()}
            rows.append(
                (
                    application,
                    matrix.passed(application),
                    [(cell, answers.get(cell.criterion.pk, "")) for cell in cells],
                )
            )
        return self.page("check_evaluation.html", {
            "matrix": matrix, "rows": rows, "returns": self.opportunity.remarks.filter(transition="return_evaluation"),
            "record": self.opportunity.evaluation_records.last(), "is_team": Role.TEAM in self.roles,
            "prepared": self.prepared(request.user),
        })  # fmt: skip

    def prepared(self, user) -> bool:
        return self.opportunity.preparations.by(user)


def _address(word: str, rest: str = "") -> object:
    return format_lazy("{}<str:reference>/{}/{}", gettext_lazy("workspace/"), word, rest)


EVALUATE = pgettext_lazy("slug", "evaluate")
urls = [
    path(_address(EVALUATE), Evaluate.as_view(), name="evaluate"),
    path(_address(EVALUATE, "<str:label>/"), EvaluateOne.as_view(), name="evaluate_application"),
    path(
        _address(pgettext_lazy("slug", "check-evaluation")),
        CheckEvaluation.as_view(),
        name="check_evaluation",
    ),
]

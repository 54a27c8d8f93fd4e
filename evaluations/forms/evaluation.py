"""Step 5, from the last mark to the team's confirmation."""

from opportunities.forms.base import ActionForm, ReasonForm

from ..marking import Matrix
from ..models import EvaluationRecord


class EvaluatedForm(ActionForm):
    """Keeps every mark and reason as they stand."""

    def record(self, opportunity, by, now):
        matrix = Matrix(opportunity)
        number = opportunity.evaluation_records.count() + 1
        EvaluationRecord.objects.create(
            opportunity=opportunity, number=number, content=matrix.snapshot(), recorded_at=now
        )
        return {"record": number, "applications": len(matrix.applications), "evaluators": len(matrix.active)}


class ReturnEvaluationForm(ReasonForm):
    """Opens the sheets again; the marks stay, to be mended."""

    def record(self, opportunity, by, now):
        opportunity.sheets.filter(withdrawn_at=None).update(submitted_at=None)
        return super().record(opportunity, by, now)


class ConfirmForm(ActionForm):
    """Writes the result of each application: passed when every criterion passes."""

    @property
    def passing(self) -> int:
        """How many applications pass as the marks stand."""
        matrix = Matrix(self.opportunity)
        return sum(matrix.passed(application) for application in matrix.applications)

    def record(self, opportunity, by, now):
        matrix = Matrix(opportunity)
        passed = 0
        for application in matrix.applications:
            application.passed = matrix.passed(application)
            application.save(update_fields=["passed"])
            passed += application.passed
        return {"applications": len(matrix.applications), "passed": passed}

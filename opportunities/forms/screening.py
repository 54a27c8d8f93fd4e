"""Step 2: the eligibility check. Each criterion is met or not, with a note, and the decision has its reason.

Knows the nine criteria and the team's capacity. The same form serves the admin and the workspace.
"""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .. import splitting
from ..capacity import places
from ..models import Screening, ScreeningResult
from ..models.screening import Criterion
from .base import ActionForm


class ScreeningForm(ActionForm):
    """Every criterion as `met_<criterion>` ("yes" or "no") and `note_<criterion>`, then `reason`.

    A need on the waitlist starts from the answers given when it was put there.
    """

    all_met = False
    reason_required = True
    canned = ("reason",)

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("The client reads this reason."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = self.reason_required
        reason = self.fields.pop("reason")
        for number, criterion in enumerate(Criterion, 1):
            self.fields[f"met_{criterion.value}"] = forms.ChoiceField(
                label=criterion.label,
                choices=[("yes", _("Met")), ("no", _("Not met"))],
                widget=forms.RadioSelect,
                error_messages={"required": _("Say whether this criterion is met.")},
            )
            self.fields[f"note_{criterion.value}"] = forms.CharField(
                label=format_lazy(_("Note on criterion {}"), number),
                required=False,
                max_length=1000,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
        self.fields["reason"] = reason
        if self.opportunity.state == "waitlisted":
            self.initial = self._previous() | self.initial

    def _previous(self) -> dict[str, str]:
        screening = self.opportunity.screenings.last()
        answers: dict[str, str] = {}
        for result in screening.results.all() if screening else ():
            answers[f"met_{result.criterion}"] = "yes" if result.met else "no"
            answers[f"note_{result.criterion}"] = result.note
        return answers

    def criteria(self) -> list[dict]:
        """Each criterion with its two fields, for the page."""
        return [
            {"met": self[f"met_{criterion.value}"], "note": self[f"note_{criterion.value}"]}
            for criterion in Criterion
        ]

    def splitting(self):
        """What looks like contract splitting, with what was decided, for the page; None when nothing does."""
        return splitting.current(self.opportunity)

    def places(self) -> dict[str, int]:
        """The team's capacity, for the page."""
        return places()

    def clean(self):
        data = super().clean()
        for criterion in Criterion:
            met, note = f"met_{criterion.value}", f"note_{criterion.value}"
            if data.get(met) != "no":
                continue
            if not data.get(note):
                self.add_error(note, _("Say why this criterion is not met."))
            if self.all_met:
                self.add_error(
                    met,
                    _("Every criterion must be met. Otherwise return the need for changes, or decline it."),
                )
        return data

    def record(self, opportunity, by, now):
        data = self.cleaned_data
        screening = Screening.objects.create(
            opportunity=opportunity,
            decision=self.transition.name,
            reason=data["reason"],
            decided_by=by if getattr(by, "pk", None) else None,
            decided_at=now,
        )
        ScreeningResult.objects.bulk_create(
            ScreeningResult(
                screening=screening,
                criterion=c.value,
                met=data[f"met_{c.value}"] == "yes",
                note=data[f"note_{c.value}"],
            )
            for c in Criterion
        )
        return {"screening": screening.pk}


class ReturnForm(ScreeningForm):
    """Not yet: the client changes the need and submits it again."""


class WaitlistForm(ScreeningForm):
    """Eligible, and the team is at capacity."""

    all_met = True
    reason_required = False


class DeclineForm(ScreeningForm):
    """Not a micro-acquisition."""


class AcceptForm(ScreeningForm):
    """Eligible, and taken up now."""

    all_met = True
    reason_required = False

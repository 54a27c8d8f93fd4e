"""Step 7: a delivery is judged criterion by criterion: a view by an evaluator; accepted, or to be revised by a date, by the client."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from microacq.forms import DateField

from ..models import AcceptanceResult, Assessment, DeliveryView
from ..models.delivery import views_by_delivery
from .base import ActionForm
from .parts import long_text, today


class JudgmentForm(ActionForm):
    """A judgment of the latest delivery: `met_<criterion>` "yes" or "no", and `note_<criterion>`."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.delivery = self.opportunity.delivery
        self.criteria = list(self.opportunity.acceptance_criteria.all())
        for number, criterion in enumerate(self.criteria, 1):
            self.fields[f"met_{criterion.pk}"] = forms.ChoiceField(
                label=format_lazy(_("Criterion {}"), number),
                choices=[("yes", _("Met")), ("no", _("Not met"))],
                widget=forms.RadioSelect,
                error_messages={"required": _("Say whether this criterion is met.")},
            )
            self.fields[f"note_{criterion.pk}"] = long_text(
                format_lazy(_("Note on criterion {}"), number),
                required=False,
                max_length=1000,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def rows(self) -> list[dict]:
        """Each criterion, its two fields and what the supplier says of it, for the page."""
        return [
            {
                "criterion": c,
                "met": self[f"met_{c.pk}"],
                "note": self[f"note_{c.pk}"],
                "how_met": self.delivery.how_met.get(str(c.pk), ""),
            }
            for c in self.criteria
        ]

    def unmet(self) -> list:
        """The criteria marked as not met."""
        return [c for c in self.criteria if self.cleaned_data.get(f"met_{c.pk}") == "no"]

    def clean(self):
        data = super().clean()
        for criterion in self.unmet():
            if not data.get(f"note_{criterion.pk}") and f"note_{criterion.pk}" not in self.errors:
                self.add_error(f"note_{criterion.pk}", _("Say why this criterion is not met."))
        return data


class ViewForm(JudgmentForm):
    """What an evaluator thinks of the delivery, for the client who decides. A later view stands beside the earlier one."""

    def record(self, opportunity, by, now):
        view = DeliveryView.objects.create(
            delivery=opportunity.delivery,
            given_by=by,
            given_at=now,
            results={
                str(c.pk): {
                    "met": self.cleaned_data[f"met_{c.pk}"] == "yes",
                    "note": self.cleaned_data[f"note_{c.pk}"],
                }
                for c in self.criteria
            },
        )
        return {"delivery": opportunity.delivery.number, "view": view.pk}


class AssessForm(JudgmentForm):
    """The client's judgment, which decides. The views of the evaluators are shown beside it."""

    accepted = False

    @property
    def views(self) -> list[dict]:
        """What the evaluators said of this delivery, for the page."""
        return views_by_delivery(self.opportunity, self.criteria).get(self.delivery.pk, [])

    def record(self, opportunity, by, now):
        data, delivery = self.cleaned_data, opportunity.delivery
        assessment = Assessment.objects.create(
            delivery=delivery,
            accepted=self.accepted,
            missing=data.get("missing", ""),
            revise_by=data.get("revise_by"),
            assessed_by=by,
            assessed_at=now,
        )
        AcceptanceResult.objects.bulk_create(
            AcceptanceResult(
                assessment=assessment,
                criterion=c,
                met=data[f"met_{c.pk}"] == "yes",
                note=data[f"note_{c.pk}"],
            )
            for c in self.criteria
        )
        facts = {
            "delivery": delivery.number,
            "met": len(self.criteria) - len(self.unmet()),
            "criteria": len(self.criteria),
        }
        return facts | ({"revise_by": data["revise_by"]} if data.get("revise_by") else {})


class AcceptWorkForm(AssessForm):
    """Every criterion is met."""

    accepted = True

    def clean(self):
        data = super().clean()
        for criterion in self.unmet():
            self.add_error(
                f"met_{criterion.pk}",
                _("Every criterion must be met to accept the work. Otherwise ask for a revision."),
            )
        return data


class RevisionForm(AssessForm):
    """At least one criterion is not met: what is missing, and by when."""

    missing = long_text(
        _("What is missing"),
        help_text=_(
            "The supplier reads this. Name each thing to mend, so that the next delivery can be accepted."
        ),
    )
    revise_by = DateField(label=_("Deliver the revision by"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("missing", "revise_by"):  # after the criteria
            self.fields[name] = self.fields.pop(name)

    def clean_revise_by(self):
        revise_by = self.cleaned_data["revise_by"]
        if revise_by <= today(self.now):
            raise ValidationError(_("Choose a date in the future."))
        return revise_by

    def clean(self):
        data = super().clean()
        answered = all(data.get(f"met_{c.pk}") for c in self.criteria)
        if answered and not self.unmet():
            self.add_error(
                None,
                _(
                    "You marked every criterion as met: accept the work instead, or say which criterion is not met."
                ),
            )
        return data

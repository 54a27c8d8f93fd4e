"""The criteria of the statement: one of them, and what can be done to the list of them."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from microacq.forms import GCForm, GCModelForm, MarkdownField

from ..models import AcceptanceCriterion, EvaluationCriterion
from .statement import in_both


def criterion_text():
    return in_both(lambda: MarkdownField(label=_("Criterion"), max_length=5000, rows=8))


class EvaluationCriterionForm(GCModelForm):
    text_en, text_fr = criterion_text()

    class Meta:
        model = EvaluationCriterion
        fields = ("text_en", "text_fr", "similar_skills_count")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text_en"].help_text = self.fields["text_fr"].help_text = _(
            "Ask for one thing that can be passed or failed, answered in at most 250 words. Ask for evidence, not for years of experience."
        )
        self.fields["similar_skills_count"].label = _("Similar skills count")
        self.fields["similar_skills_count"].help_text = _(
            "Good suppliers were lost by asking for one exact language or tool. Clear this only if nothing similar will do."
        )


class AcceptanceCriterionForm(GCModelForm):
    kind = forms.ChoiceField(
        label=_("What it is about"),
        choices=AcceptanceCriterion.Kind.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "One criterion on the licence file and one on the requirements are needed. Tests and others are optional."
        ),
    )
    text_en, text_fr = criterion_text()

    class Meta:
        model = AcceptanceCriterion
        fields = ("kind", "text_en", "text_fr")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text_en"].help_text = self.fields["text_fr"].help_text = _(
            "What the delivered code must meet to be paid. Write it so that you and the supplier would judge it alike."
        )


class ListForm(GCForm):
    """One thing done to a list of criteria: add a ready-made one, or move or remove one of them."""

    ACTIONS = re.compile(r"(?P<what>standard|licence|requirements|up|down|remove)(?::(?P<pk>\d{1,18}))?")

    do = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def clean_do(self):
        found = self.ACTIONS.fullmatch(self.cleaned_data["do"])
        if not found:
            raise forms.ValidationError(_("Choose what to do."))
        self.what, self.pk = found["what"], int(found["pk"] or 0)
        return self.cleaned_data["do"]

"""The questions of the survey. Every one may be left unanswered."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from microacq.forms import GCForm

from ..survey_models import AREA, Kind, SurveyAnswer

RATHER_NOT = ("", _("Prefer not to answer"))
LEAVE_EMPTY = _("Leave it empty if you prefer not to answer.")


def choice(label, choices, help_text=""):
    """Radio buttons, the last of which is to prefer not to answer; that one is chosen at first."""
    return forms.ChoiceField(
        label=label,
        choices=[*choices, RATHER_NOT],
        required=False,
        initial="",
        widget=forms.RadioSelect,
        help_text=help_text,
    )


class StoryForm(GCForm):
    """What both are asked, last."""

    story = forms.CharField(
        label=_("Tell us how it went: what worked, what did not, what we should change"),
        required=False,
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "Write no names, and nothing that tells who you are. Leave it empty if you prefer not to answer."
        ),
    )
    may_quote = forms.BooleanField(
        label=_("You may quote what I wrote here, without a name."), required=False
    )


class SupplierSurveyForm(StoryForm):
    """For suppliers, selected or not."""

    new_to_government = choice(
        _("Is this the first time that you offer your work to the Government of Canada?"),
        [("yes", _("Yes")), ("no", _("No"))],
    )
    region = forms.CharField(
        label=_("The first three characters of your postal code"),
        required=False,
        max_length=7,
        widget=forms.TextInput(attrs={"class": "gc-w5", "autocomplete": "off"}),
        help_text=_("Such as K1A. Leave it empty if you prefer not to answer."),
    )
    size = choice(_("How large is your business?"), SurveyAnswer.Size.choices)
    under_represented = choice(
        _("Do you belong to a group that is under-represented in technology or in government contracts?"),
        [("yes", _("Yes")), ("no", _("No"))],
        _(
            "For example women, First Nations, Inuit and Métis, persons with disabilities, racialized people, 2SLGBTQI+ people."
        ),
    )
    would_again = choice(_("Would you apply to another micro-acquisition?"), SurveyAnswer.Choice.choices)
    field_order = (
        "new_to_government",
        "region",
        "size",
        "under_represented",
        "would_again",
        "story",
        "may_quote",
    )

    def clean_region(self):
        region = re.sub(r"\s", "", self.cleaned_data["region"]).upper()
        if region and not re.match(AREA, region):
            raise forms.ValidationError(
                _("Enter only the first three characters of a Canadian postal code, such as K1A.")
            )
        return region


class ClientSurveyForm(StoryForm):
    """For the employees who had the need."""

    would_again = choice(_("Would you use a micro-acquisition again?"), SurveyAnswer.Choice.choices)
    hours_saved = forms.IntegerField(
        label=_("About how many hours of procurement work did it save you, against the usual way?"),
        required=False,
        min_value=0,
        max_value=1000,
        widget=forms.TextInput(attrs={"class": "gc-w5", "inputmode": "numeric", "autocomplete": "off"}),
        help_text=LEAVE_EMPTY,
    )
    field_order = ("would_again", "hours_saved", "story", "may_quote")


FORMS = {Kind.SUPPLIER: SupplierSurveyForm, Kind.CLIENT: ClientSurveyForm}

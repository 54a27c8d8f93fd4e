"""The mailing list's forms: an address, a language, skills."""

from django import forms
from django.utils.translation import gettext_lazy as _

from microacq.forms import GCForm
from microacq.models import User

from ..models import Skill

CONSENT = _(
    "By subscribing I agree that Employment and Social Development Canada sends me an email when a micro-acquisition "
    "opportunity is posted. I can withdraw this consent at any time."
)
"""The text of consent that is shown, kept as proof. A change of it is a new mailing_list.CONSENT_VERSION."""


class ChoicesForm(GCForm):
    """What a subscriber receives."""

    language = forms.ChoiceField(
        label=_("Language of the emails"), choices=User.Language.choices, widget=forms.RadioSelect
    )
    skills = forms.ModelMultipleChoiceField(
        label=_("Skills"),
        queryset=Skill.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose skills to hear of matching opportunities only. Choose none to hear of all."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["skills"].queryset = Skill.objects.order_by("name")
        if not Skill.objects.exists():
            del self.fields["skills"]


class SubscribeForm(ChoicesForm):
    """What anybody fills in to be told of new opportunities."""

    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    field_order = ["email", "language", "skills"]

"""What someone who signs up says beside email address and password: their name and their language."""

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from microacq.forms import GCForm
from microacq.models import User


class SignupForm(GCForm):
    """Mixed by allauth into its own sign-up forms."""

    name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    language = forms.ChoiceField(
        label=_("Language for our emails"), choices=User.Language.choices, widget=forms.RadioSelect
    )
    field_order = ["email", "name", "language", "password1", "password2"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = "fr" if get_language() == "fr" else "en"

    def signup(self, request, user):
        user.name = self.cleaned_data["name"].strip()
        user.language = self.cleaned_data["language"]
        user.save(update_fields=["name", "language"])

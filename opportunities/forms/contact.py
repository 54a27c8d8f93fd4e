"""What a visitor writes to the team from the public pages."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from microacq.accounts import in_department
from microacq.forms import GCForm


class FeedbackForm(GCForm):
    """A barrier that somebody met."""

    text = forms.CharField(
        label=_("What went wrong, or what was hard"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    where = forms.CharField(
        label=_("On which page"),
        max_length=300,
        required=False,
        help_text=_("Its title or its address, if you know it."),
    )
    email = forms.EmailField(
        label=_("Your email address, if you want an answer"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class GuideRequestForm(GCForm):
    """An employee asks for the detailed guide."""

    name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("Your work email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    group = forms.CharField(label=_("Your branch and team"), max_length=200, required=False)
    text = forms.CharField(
        label=_("What you would like to buy, if you know it already"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Unclassified information only."),
    )

    def clean_email(self):
        email = self.cleaned_data["email"]
        if not in_department(email):
            raise ValidationError(
                _(
                    "Use your address at Employment and Social Development Canada or Service Canada: the guide is for "
                    "their employees. The guide for clients on this site is for everyone."
                )
            )
        return email

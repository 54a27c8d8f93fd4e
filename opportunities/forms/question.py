"""A supplier's question on an open opportunity."""

from django import forms
from django.utils.translation import gettext_lazy as _

from microacq.forms import GCForm


class QuestionForm(GCForm):
    """One question, in the supplier's words."""

    text = forms.CharField(
        label=_("Your question"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_(
            "In English or French. Only you and the team read it as you write it. Do not write your name or your business."
        ),
    )

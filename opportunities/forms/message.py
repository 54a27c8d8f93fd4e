"""A message between the client and the team."""

from django import forms
from django.utils.translation import gettext_lazy as _

from microacq.forms import GCForm


class MessageForm(GCForm):
    """One message; the other side is told by email."""

    canned = ("body",)

    body = forms.CharField(
        label=_("Your message"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_(
            "The client and the micro-acquisition team read it, and nobody else. Unclassified facts only."
        ),
    )

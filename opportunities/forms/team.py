"""What the team writes for itself: an internal note, and who owns an opportunity from now on."""

from django import forms
from django.utils.translation import gettext_lazy as _

from microacq.forms import GCForm
from microacq.models import User


def members():
    """Who works in the team now, by name."""
    return User.objects.filter(role=User.Role.TEAM, is_active=True).order_by("name", "pk")


class NoteForm(GCForm):
    """One note. It stays as it is written."""

    text = forms.CharField(
        label=_("New note"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Only the team reads it. It cannot be changed or taken back."),
    )


class OwnerForm(GCForm):
    """The new owner, and what they should know. `former` is the owner that the page showed."""

    former = forms.CharField(widget=forms.HiddenInput, required=False)
    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.none(), required=False, empty_label=_("Nobody")
    )
    note = forms.CharField(
        label=_("What the new owner should know"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Only the team reads it. The new owner gets it by email."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = members()
        self.fields["owner"].label_from_instance = lambda user: f"{user.name} ({user.email})"

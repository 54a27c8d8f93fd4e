"""Naming who evaluates after closing, and, for the team, the client in whose hands the need is."""

from django import forms
from django.utils.translation import gettext_lazy as _

from microacq.forms import GCForm
from opportunities.forms.people import EsdcAccountField, EsdcAccountsField

from ..staffing import CHANGE_IN


class PeopleForm(GCForm):
    """Email addresses of colleagues who have an account."""

    evaluators = EsdcAccountsField(
        label=_("Email addresses of the evaluators"),
        required=False,
        max_length=2000,
        help_text=_(
            "Colleagues who evaluate with the client, one address a line. Whoever you remove no longer counts, and what they marked stays on record."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
    )
    client = EsdcAccountField(
        label=_("Email address of another client"),
        required=False,
        help_text=_("Only to hand the need over, when the client is away or has a conflict of interest."),
    )

    def __init__(self, *args, opportunity, is_team: bool, **kwargs):
        super().__init__(*args, **kwargs)
        if opportunity.state in CHANGE_IN:
            self.fields["evaluators"].initial = "\n".join(
                person.email for person in opportunity.evaluators.all()
            )
        else:
            del self.fields["evaluators"]
        if not is_team:
            del self.fields["client"]

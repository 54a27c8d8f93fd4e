"""What the form of every transition shares: it knows the opportunity, who acts and when, and records what it asks."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from microacq.forms import GCForm

from ..models import Remark


class ActionForm(GCForm):
    """A plain confirmation. Subclasses add fields and override `record`."""

    canned: tuple[str, ...] = ()
    """The texts that the team may start from a canned reply: a field's name, or what precedes _en and _fr in a pair."""

    def __init__(self, *args, opportunity, by, now: datetime, transition, **kwargs):
        self.opportunity, self.by, self.now, self.transition = opportunity, by, now, transition
        super().__init__(*args, **kwargs)

    def record(self, opportunity: Any, by: Any, now: datetime) -> dict | None:
        """Write what the transition records. Runs inside `perform()`, with the opportunity's row locked.

        Gives the event's facts: nothing personal, nothing sealed. May raise `lifecycle.Refused`. Fields set on
        `opportunity` itself are saved by `perform()` with the state.
        """
        return None

    @staticmethod
    def answer(event: Any) -> Any:
        """What the browser is sent once it is done, instead of the opportunity's page: a response, or None.

        Runs in the transaction of the event, after it is written.
        """
        return None


class ReasonForm(ActionForm):
    """A decision with a reason that the other side reads."""

    canned = ("reason",)

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Whoever is concerned reads this reason."),
    )

    def record(self, opportunity, by, now):
        remark = Remark.objects.create(
            opportunity=opportunity, transition=self.transition.name, text=self.cleaned_data["reason"], at=now
        )
        return {"remark": remark.pk}


class PublicReasonForm(ActionForm):
    """A decision whose reason is public, in both languages."""

    canned = ("reason",)

    reason_en = forms.CharField(
        label=_("Public reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    reason_fr = forms.CharField(
        label=_("Public reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def record(self, opportunity, by, now):
        opportunity.ending_reason_en = self.cleaned_data["reason_en"]
        opportunity.ending_reason_fr = self.cleaned_data["reason_fr"]
        return {}

"""Contract splitting: somebody of the team decides on the flag, and writes why."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .. import splitting
from ..lifecycle import Refused
from ..models import SplittingDecision
from .base import ActionForm


class SplittingForm(ActionForm):
    """The decision and its reason, for the flag that was shown."""

    flag = forms.IntegerField(widget=forms.HiddenInput, required=False)
    answer = forms.ChoiceField(
        label=_("Is it contract splitting?"),
        choices=[
            (SplittingDecision.Answer.SPLITTING, _("Splitting: planned parts of one need")),
            (SplittingDecision.Answer.NOT_SPLITTING, _("Not splitting")),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Only the team reads it. It stays in the file."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.current = splitting.current(self.opportunity)
        self.fields["flag"].initial = self.current and self.current.pk

    def record(self, opportunity, by, now):
        flag = opportunity.splitting_flags.last()
        if self.cleaned_data["flag"] not in (None, flag.pk):
            raise Refused(
                "stale", [_("Another likeness was found after you opened the page. Read it, then decide.")]
            )
        decision = SplittingDecision.objects.create(
            flag=flag,
            answer=self.cleaned_data["answer"],
            reason=self.cleaned_data["reason"],
            decided_by=by if getattr(by, "pk", None) else None,
            decided_at=now,
        )
        return {"flag": flag.pk, "answer": decision.answer}

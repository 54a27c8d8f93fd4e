"""What the team records by hand for the tracker and the measures."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from microacq import clock
from microacq.forms import DateField, GCModelForm

from ..models import HandRecord

DAYS = ("first_meeting_on", "draft_pif_sent_on", "forks_counted_on")


class HandRecordForm(GCModelForm):
    """Everything may stay empty. A day is not in the future; a number of forks has the day on which it was counted."""

    first_meeting_on = DateField(label=_("First meeting with the client"), required=False)
    draft_pif_sent_on = DateField(label=_("Draft procurement initiation form (PIF) sent"), required=False)
    forks_counted_on = DateField(label=_("Day on which the forks were counted"), required=False)

    class Meta:
        model = HandRecord
        fields = ("first_meeting_on", "draft_pif_sent_on", "hours_to_draft", "forks", "forks_counted_on")
        labels = {
            "hours_to_draft": _("Hours to draft the statement"),
            "forks": _("Forks of the repository"),
        }
        help_texts = {"forks": _("As the repository’s page says on the day that you look.")}

    def __init__(self, *args, now=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.now = now

    def clean(self):
        data = super().clean()
        today = self.now.astimezone(clock.EASTERN).date()
        for name in DAYS:
            if data.get(name) and data[name] > today:
                self.add_error(name, ValidationError(_("This day is in the future."), code="future"))
        if data.get("forks") is not None and not data.get("forks_counted_on"):
            if "forks_counted_on" not in self.errors:
                self.add_error("forks_counted_on", ValidationError(_("Say on which day the forks were counted."), code="required"))  # fmt: skip
        elif data.get("forks") is None and data.get("forks_counted_on") and "forks" not in self.errors:
            self.add_error("forks", ValidationError(_("Say how many forks there were."), code="required"))
        return data

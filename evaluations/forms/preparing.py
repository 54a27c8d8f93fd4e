"""The forms of the preparation for release: the texts as evaluators will read them, and the setting aside."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from microacq.forms import GCForm

from ..masking import flags, suggestion
from ..preparing import identity


class MaskForm(GCForm):
    """One text for each answer, with what identifies replaced. What is still flagged must be confirmed."""

    def __init__(self, *args, application, **kwargs):
        super().__init__(*args, **kwargs)
        self.identity = identity(application)
        self.answers = list(application.answers.select_related("criterion"))
        self.flags = {answer.criterion_id: flags(answer.text, self.identity) for answer in self.answers}
        for number, answer in enumerate(self.answers, 1):
            started = bool(answer.masked or application.checked_at)
            self.fields[f"answer_{answer.criterion_id}"] = forms.CharField(
                label=_("As the evaluators will read answer %(number)d") % {"number": number},
                initial=answer.released
                if started
                else suggestion(answer.text, self.flags[answer.criterion_id]),
                max_length=20_000,
                required=bool(answer.text.strip()),
                strip=False,
                widget=forms.Textarea(attrs={"rows": 8}),
            )
        self.fields["sure"] = forms.BooleanField(
            label=_(
                "I have read what is still flagged in these texts: it does not tell who the supplier is."
            ),
            required=False,
        )

    def rows(self):
        """Each answer as written, what is flagged in it, and the field for what is released."""
        for answer in self.answers:
            yield answer, self.flags[answer.criterion_id], self[f"answer_{answer.criterion_id}"]

    def clean(self):
        cleaned = super().clean()
        for answer in self.answers:
            name = f"answer_{answer.criterion_id}"
            left = flags(cleaned.get(name) or "", self.identity)
            if left and not cleaned.get("sure"):
                sentence = ngettext_lazy(
                    "Still flagged here: %(found)s. Mask it, or tick the box at the end.",
                    "Still flagged here: %(found)s. Mask them, or tick the box at the end.",
                    len(left),
                )
                self.add_error(name, sentence % {"found": ", ".join(f"“{flag.found}”" for flag in left)})
        return cleaned

    def masked(self) -> dict[int, str]:
        """{criterion id: the text that evaluators will read}."""
        return {
            answer.criterion_id: self.cleaned_data[f"answer_{answer.criterion_id}"] for answer in self.answers
        }


class TakeOverForm(GCForm):
    """Why another member of the team goes on with the preparation."""

    reason = forms.CharField(
        label=_("Why you take it over"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example: the colleague who began is away. It stays on record."),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)


class SetAsideForm(GCForm):
    """Why an application does not enter the evaluation."""

    reason = forms.CharField(
        label=_("Reason for setting it aside"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "For example: not eligible as a supplier, or poor performance on an earlier contract with Canada. "
            "The supplier reads this reason."
        ),
    )

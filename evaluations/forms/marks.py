"""The forms of the evaluators: the marks of one application, and the client's decision where marks differ."""

from django import forms
from django.utils.translation import gettext_lazy as _

from microacq.forms import GCForm

from ..marking import FAIL_WORDS, Cell, too_short

CHOICES = (("pass", _("Pass")), ("fail", _("Fail")))


def _mark_field(label, **kwargs) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=CHOICES, widget=forms.RadioSelect, **kwargs)


def _reason_field(label, **kwargs) -> forms.CharField:
    hint = _("At least %(least)d words for a fail: the supplier can ask to read it. Write no name.") % {
        "least": FAIL_WORDS
    }
    return forms.CharField(
        label=label, max_length=5000, help_text=hint, widget=forms.Textarea(attrs={"rows": 5}), **kwargs
    )


class MarksForm(GCForm):
    """A mark and a rationale for each criterion. A criterion may be left for later, a mark may not lack its reason."""

    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args, cells: list[Cell], user, **kwargs):
        super().__init__(*args, **kwargs)
        self.cells = cells
        for number, cell in enumerate(cells, 1):
            own = cell.of(user.pk)
            initial = ("pass" if own.passed else "fail") if own else None
            mark = _mark_field(
                _("Mark for criterion %(number)d") % {"number": number}, required=False, initial=initial
            )
            reason = _reason_field(
                _("Rationale for criterion %(number)d") % {"number": number},
                required=False,
                initial=own.rationale if own else "",
            )
            self.fields[f"mark_{cell.criterion.pk}"], self.fields[f"reason_{cell.criterion.pk}"] = (
                mark,
                reason,
            )

    def rows(self):
        """Each cell with its two fields."""
        for cell in self.cells:
            yield cell, self[f"mark_{cell.criterion.pk}"], self[f"reason_{cell.criterion.pk}"]

    def clean(self):
        cleaned = super().clean()
        self.marks = {}
        for cell in self.cells:
            mark_name, reason_name = f"mark_{cell.criterion.pk}", f"reason_{cell.criterion.pk}"
            mark, reason = cleaned.get(mark_name), cleaned.get(reason_name) or ""
            if mark_name in self.errors or reason_name in self.errors:
                continue
            if not mark:
                if reason or self[mark_name].initial:
                    self.add_error(mark_name, _("Choose pass or fail."))
            elif problem := too_short(mark == "pass", reason):
                self.add_error(reason_name, problem)
            else:
                self.marks[cell.criterion.pk] = (mark == "pass", reason)
        return cleaned


class ConsensusForm(GCForm):
    """The client's decision on one criterion, with its reason."""

    def __init__(self, *args, cell: Cell, **kwargs):
        super().__init__(*args, prefix=f"consensus-{cell.criterion.pk}", **kwargs)
        self.cell = cell
        settled = cell.consensus
        self.fields["mark"] = _mark_field(
            _("Your decision"), initial=("pass" if settled.passed else "fail") if settled else None
        )
        self.fields["reason"] = _reason_field(
            _("Reason for your decision"), initial=settled.rationale if settled else ""
        )

    @property
    def passed(self) -> bool:
        return self.cleaned_data["mark"] == "pass"

    def clean(self):
        cleaned = super().clean()
        if (
            "mark" in cleaned
            and "reason" in cleaned
            and (problem := too_short(cleaned["mark"] == "pass", cleaned["reason"]))
        ):
            self.add_error("reason", problem)
        return cleaned

"""The supplier's own invoice as a PDF, beside the figures that this site computes: the same total is typed, and checked."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from microacq import money, uploads
from microacq.forms import MoneyField

from .preview import PreviewForm


class OwnInvoiceForm(PreviewForm):
    """Subclasses compute the amounts; both fields may stay empty."""

    file = forms.FileField(
        label=_("Your own invoice, as a PDF"),
        required=False,
        max_length=255,
        widget=forms.FileInput(attrs={"accept": ".pdf"}),
        help_text=_(
            "Optional. At most 10 MB. Choose it again after the amounts are shown: browsers do not keep it."
        ),
    )
    file_total = MoneyField(
        label=_("Total of your own invoice, taxes included"),
        required=False,
        help_text=_("Needed with a PDF: it must be the total that this page computes."),
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file and not self.previewing:
            uploads.check(file, only_pdf=True)
            self.found = uploads.judge(file)
        return file

    def clean(self):
        data = super().clean()
        file, total = data.get("file"), data.get("file_total")
        if file and total is None and "file_total" not in self.errors:
            self.add_error("file_total", _("Enter the total that stands on your own invoice."))
        if total is not None and not file and not self.previewing and "file" not in self.errors:
            self.add_error("file", _("Choose the PDF, or leave its total empty."))
        if not self.errors and total is not None and total != self.computed():
            language = (get_language() or "en")[:2]
            self.add_error(
                "file_total",
                ValidationError(
                    _(
                        "Your own invoice says %(theirs)s; the contract with its taxes comes to %(ours)s. Correct whichever is wrong."
                    )
                    % {
                        "theirs": money.display(total, language),
                        "ours": money.display(self.computed(), language),
                    }
                ),
            )
        return data

    def kept_file(self, by) -> dict[str, str]:
        """Store the PDF, if there is one: the invoice's fields about it. Raises ValidationError."""
        if not self.cleaned_data.get("file"):
            return {}
        try:
            kept = uploads.keep(self.cleaned_data["file"], by, self.found)
        except ValidationError as problem:
            raise ValidationError({"file": problem}) from None
        return {"file": kept["name"], "file_name": kept["shown"], "file_sha256": kept["sha256"]}

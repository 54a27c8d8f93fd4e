"""The pages of an application: about you, eligibility, answers, how you can be paid.

Each form is filled from `Application.working` and gives back, in `changes()`, what `applications.save_draft` keeps.
A page may be saved with gaps: what is missing is asked before sending. What is written is kept even when too long.
"""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from microacq import text
from microacq.forms import GCForm
from opportunities.taxes import PROVINCES

from .. import files, scanning
from ..applications import ABOUT, ANSWER_WORDS, ELIGIBILITY, answer_texts
from ..models import Application

YES_NO = ((True, _("Yes")), (False, _("No")))


def yes_no(label, **kwargs):
    """A question answered by yes or no; None until it is answered."""
    return forms.TypedChoiceField(
        label=label,
        choices=YES_NO,
        coerce=lambda value: value in (True, "True"),
        empty_value=None,
        widget=forms.RadioSelect,
        required=False,
        **kwargs,
    )


class PageForm(GCForm):
    """One page of an application."""

    def says(self) -> dict:
        """What was typed, where it is right, as `Application.working` holds it."""
        return dict(self.cleaned_data)

    def changes(self) -> dict:
        """What to save of it. May keep a file, so ask once."""
        return self.says()


class AboutForm(PageForm):
    """Who applies."""

    legal_name = forms.CharField(
        label=_("Your full name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    business_name = forms.CharField(
        label=_("Business name, if you have one"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        help_text=_("If you are selected, this name is public. Without one, your full name is."),
    )
    province = forms.ChoiceField(label=_("Province or territory where you live"), choices=())
    code_account = forms.URLField(
        label=_("Address of your public repository account"),
        max_length=300,
        assume_scheme="https",
        help_text=_(
            "For example https://gitlab.com/your-name. GitLab works in English and French; GitHub and Bitbucket in English only."
        ),
        widget=forms.URLInput(attrs={"autocomplete": "url"}),
    )

    def __init__(self, *args, application, opportunity, user, criteria, **kwargs):
        super().__init__(*args, initial={name: application.working.get(name, "") for name in ABOUT}, **kwargs)
        self.fields["province"].choices = [("", _("Choose one")), *province_choices()]


def province_choices() -> list[tuple[str, str]]:
    """Code and name of each province and territory, in the reader's alphabetical order."""
    return sorted(
        ((code, str(name)) for code, name in PROVINCES.items()), key=lambda row: row[1].replace("Î", "I")
    )


class EligibilityForm(PageForm):
    """Whether they may be a supplier; public servants add their Director General's sign-off."""

    of_age = yes_no(
        _("Have you reached the age of majority where you live, and are you able to sign a contract?")
    )
    standing = forms.ChoiceField(
        label=_("Which of these is true for you?"),
        choices=Application.Standing.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    uses_git = yes_no(_("Can you use Git, and do you have a public repository account?"))
    needs_sign_off = yes_no(
        _("Do you work for the Government of Canada?"),
        help_text=_("Public servants may apply, with the written sign-off of their Director General."),
    )
    sign_off = forms.FileField(
        label=_("Your Director General’s written sign-off"),
        required=False,
        max_length=255,
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,.odt,.docx"}),
        help_text=_(
            "Only if you work for the Government of Canada. PDF, PNG, JPEG, ODT or DOCX, at most 10 MB. Sealed until closing, like the rest."
        ),
    )

    def __init__(self, *args, application, opportunity, user, criteria, **kwargs):
        super().__init__(
            *args, initial={name: application.working.get(name) for name in ELIGIBILITY}, **kwargs
        )
        self.user, self.kept_file = user, application.working.get("sign_off")

    def clean_sign_off(self):
        upload = self.cleaned_data.get("sign_off")
        if upload:
            files.check(upload)
            self.scan = scanning.judge(upload)
        return upload

    def clean(self):
        data = super().clean()
        if self.user.is_esdc and data.get("needs_sign_off") is False:
            self.add_error(
                "needs_sign_off", _("Your account is one of the Government of Canada, so the answer is yes.")
            )
        return data

    def says(self):
        return {name: self.cleaned_data.get(name) for name in ELIGIBILITY}

    def changes(self):
        kept = self.says()
        if upload := self.cleaned_data.get("sign_off"):
            try:
                kept["sign_off"] = files.keep(upload, self.user, self.scan)
            except forms.ValidationError as problem:
                self.add_error("sign_off", problem)
        elif kept["needs_sign_off"] is False:
            kept["sign_off"] = None
        return kept


class AnswersForm(PageForm):
    """One answer for each evaluation criterion, counted in words. An answer that is too long is kept, and said."""

    def __init__(self, *args, application, opportunity, user, criteria, **kwargs):
        super().__init__(*args, **kwargs)
        self.criteria = criteria
        for number, (criterion, written) in enumerate(answer_texts(application, criteria), 1):
            self.fields[f"answer_{criterion.pk}"] = forms.CharField(
                label=_("Your answer to criterion %(number)d") % {"number": number},
                help_text=_("At most %(limit)d words, in English or French.") % {"limit": ANSWER_WORDS},
                max_length=10_000,
                required=False,
                strip=True,
                initial=written,
                widget=forms.Textarea(attrs={"rows": 12}),
            )

    def rows(self):
        """Each criterion with its field and the number of words in it, as typed or as kept."""
        for criterion in self.criteria:
            field = self[f"answer_{criterion.pk}"]
            yield criterion, field, text.count_words(field.value() or "")

    def full_clean(self):
        super().full_clean()
        for name, value in list(self.cleaned_data.items()) if self.is_bound else ():
            count = text.count_words(value)
            if count > ANSWER_WORDS:
                self.add_error(name, TOO_LONG % {"count": count, "limit": ANSWER_WORDS})
                self.cleaned_data[name] = value

    def says(self):
        return {
            "answers": {
                name.removeprefix("answer_"): _lines(value) for name, value in self.cleaned_data.items()
            }
        }


TOO_LONG = ngettext_lazy(
    "Your answer has %(count)d word. The most is %(limit)d. It is saved as it is; shorten it before you send.",
    "Your answer has %(count)d words. The most is %(limit)d. It is saved as it is; shorten it before you send.",
    "count",
)


def _lines(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n")


class PaymentForm(PageForm):
    """By what means they can be paid. No number is asked."""

    means = forms.ChoiceField(
        label=_("How can you be paid?"),
        choices=Application.Means.choices,
        widget=forms.RadioSelect,
        help_text=_("Never write a card or account number: none is asked for, and none is kept."),
    )

    def __init__(self, *args, application, opportunity, user, criteria, **kwargs):
        super().__init__(*args, initial={"means": application.working.get("means", "")}, **kwargs)


PAGES = {"about": AboutForm, "eligibility": EligibilityForm, "answers": AnswersForm, "payment": PaymentForm}

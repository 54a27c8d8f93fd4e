"""Step 1: the need as the client tells it, saved as a draft until it is submitted."""

from datetime import datetime

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from microacq import clock
from microacq.forms import DateField, GCModelForm, MoneyField

from ..models import Opportunity
from .people import EsdcAccountField


def web_address(**kwargs) -> forms.URLField:
    """A field for an http or https address, https when the scheme is left out."""
    return forms.URLField(assume_scheme="https", widget=forms.URLInput(attrs={"inputmode": "url"}), **kwargs)


def refuse_other_schemes(address: str) -> str:
    """The address as it is. Raises ValidationError unless it is http or https (a browser opens it from our pages)."""
    if address and not address.lower().startswith(("http://", "https://")):
        raise forms.ValidationError(_("Enter an address that starts with https://."))
    return address


class InquiryForm(GCModelForm):
    """The inquiry. A draft may be saved with gaps; `whole=True` asks for what submitting needs.

    `ask_client=True` adds the email address of the client for whom the team enters the need.
    """

    client_email = EsdcAccountField(
        label=_("The client’s email address"),
        help_text=_(
            "The person at ESDC or Service Canada whose need this is. They check what you enter and submit it themselves."
        ),
    )
    title = forms.CharField(
        label=_("Title"),
        max_length=100,
        required=False,
        help_text=_("At most 100 characters, in the language you prefer. The public title is written later."),
    )
    need = forms.CharField(
        label=_("What is needed"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=_(
            "Describe the code: what it must do, and what there is already. Unclassified facts only. Write in English or French."
        ),
    )
    reason = forms.CharField(
        label=_("Why it is needed"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Which problem does it solve, and for whom? Why can nobody inside do it?"),
    )
    repository = web_address(
        label=_("Repository"),
        max_length=300,
        required=False,
        help_text=_(
            "If the code belongs to an existing open repository, its address, such as https://github.com/example/example."
        ),
    )
    team_name = forms.CharField(label=_("Team"), max_length=200, required=False)
    branch = forms.CharField(label=_("Branch"), max_length=200, required=False)
    department = forms.CharField(label=_("Department"), max_length=200, required=False)
    budget = MoneyField(
        label=_("Budget thought of"),
        required=False,
        help_text=_("Optional. A micro-acquisition costs at most $10,000, taxes included."),
    )
    wanted_date = DateField(
        label=_("Wanted by"),
        required=False,
        help_text=_("Optional. From the need to the delivered code, count about 23 business days."),
    )
    heard_from = forms.CharField(
        label=_("How you heard of micro-acquisition"),
        max_length=200,
        required=False,
        help_text=_("Optional."),
    )

    class Meta:
        model = Opportunity
        fields = (
            "need",
            "reason",
            "repository",
            "team_name",
            "branch",
            "department",
            "budget",
            "wanted_date",
            "heard_from",
        )

    field_order = (
        "client_email",
        "title",
        "need",
        "reason",
        "repository",
        "team_name",
        "branch",
        "department",
        "budget",
        "wanted_date",
        "heard_from",
    )
    NEEDED = ("title", "need", "reason", "team_name", "branch", "department")

    def __init__(self, *args, now: datetime, whole: bool = False, ask_client: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.now = now
        if not ask_client:
            del self.fields["client_email"]
        for name in self.NEEDED if whole else ():
            self.fields[name].required = True
        # The title is kept in the language it was written in: the page's, unless there is one in the other only.
        language = "fr" if (get_language() or "en").startswith("fr") else "en"
        other = "en" if language == "fr" else "fr"
        has = {code: getattr(self.instance, f"title_{code}") for code in ("en", "fr")}
        self.title_name = f"title_{other if has[other] and not has[language] else language}"
        self.fields["title"].initial = getattr(self.instance, self.title_name)

    def clean_repository(self):
        return refuse_other_schemes(self.cleaned_data["repository"])

    def clean_wanted_date(self):
        wanted = self.cleaned_data["wanted_date"]
        if (
            wanted
            and "wanted_date" in self.changed_data
            and wanted <= self.now.astimezone(clock.EASTERN).date()
        ):
            raise forms.ValidationError(_("Choose a date in the future."))
        return wanted

    def save(self, commit=True):
        setattr(self.instance, self.title_name, self.cleaned_data["title"])
        if "client_email" in self.fields:
            self.instance.client = self.cleaned_data["client_email"]
        return super().save(commit)

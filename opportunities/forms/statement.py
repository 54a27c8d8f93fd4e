"""The sections of the statement, one short form each, with its guidance beside each field.

A section may be saved with gaps (the statement says what is missing); what is wrong is refused in its field.
Each form is bound to the opportunity, whose row the page has locked, and takes the time.
"""

from datetime import datetime
from decimal import Decimal

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from microacq import clock, money
from microacq.forms import DateField, EasternDateTimeField, GCModelForm, MarkdownField, MoneyField

from .. import guards as g
from ..models import Opportunity
from ..models.opportunity import ADMINISTRATION_HOURS
from ..publishing import ore
from ..statement import closes_too_soon, skill, too_few_hours
from .people import EsdcAccountField, EsdcAccountsField

MARKDOWN = _("You can use Markdown: **bold**, lists that start with -, ## headings.")


class SectionForm(GCModelForm):
    """One section. `now` is the time at which its dates are judged."""

    def __init__(self, *args, now: datetime, **kwargs):
        super().__init__(*args, **kwargs)
        self.now = now

    def refuse_in(self, field: str, sentence) -> None:
        """Put a sentence beside a field, when there is one and the field has no other problem."""
        if sentence and field not in self.errors:
            self.add_error(field, sentence)


def in_both(make) -> tuple[forms.Field, forms.Field]:
    """The English and the French field, made alike."""
    return make(), make()


class TitleForm(SectionForm):
    title_en, title_fr = in_both(
        lambda: forms.CharField(
            label=_("Title"),
            max_length=100,
            required=False,
            help_text=_(
                "At most 100 characters. Say what the code does, in words that a supplier would search for."
            ),
        )
    )
    short_description_en, short_description_fr = in_both(
        lambda: forms.CharField(
            label=_("Short description"),
            max_length=500,
            required=False,
            widget=forms.Textarea(attrs={"rows": 5}),
            help_text=_("At most 500 characters. It stands under the title in the list and in emails."),
        )
    )

    class Meta:
        model = Opportunity
        fields = ("title_en", "title_fr", "short_description_en", "short_description_fr")


def long_text(label, hint):
    """A pair of Markdown fields."""
    return in_both(
        lambda: MarkdownField(
            label=label, required=False, rows=14, help_text=format_lazy("{} {}", hint, MARKDOWN)
        )
    )


class BackgroundForm(SectionForm):
    background_en, background_fr = long_text(
        _("Background"),
        _(
            "Who asks for the work, what there is today, and which problem the code solves. A supplier knows nothing of your organization."
        ),
    )

    class Meta:
        model = Opportunity
        fields = ("background_en", "background_fr")


class WorkForm(SectionForm):
    work_en, work_fr = long_text(
        _("The work"),
        _(
            "What the code must do, one requirement a list item, so that each can be checked. Say what is out of scope. Don’t say how to write it unless you must."
        ),
    )

    class Meta:
        model = Opportunity
        fields = ("work_en", "work_fr")


class DeliverablesForm(SectionForm):
    deliverables_en, deliverables_fr = long_text(
        _("Deliverables"),
        _(
            "What you will hold in the end: code, tests, documentation, and in which form (a pull request, a new repository)."
        ),
    )

    class Meta:
        model = Opportunity
        fields = ("deliverables_en", "deliverables_fr")


def _licences() -> list[tuple[str, str]]:
    rows = [(spdx, f"{spdx} ({name})") for spdx, name in ore.licences()]
    first = [row for row in rows if row[0] == "MIT"]
    return [*first, *(row for row in rows if row[0] != "MIT")]


class SkillsForm(SectionForm):
    """Skills in pairs, line by line, and the licence."""

    skills_en, skills_fr = in_both(
        lambda: forms.CharField(
            label=_("Skills"),
            required=False,
            max_length=2000,
            widget=forms.Textarea(attrs={"rows": 6}),
            help_text=_(
                "One skill a line, the same skill on the same line in both languages, such as Python or Web accessibility. "
                "Name only what the work needs: similar skills count too."
            ),
        )
    )
    licence = forms.ChoiceField(
        label=_("Open source licence"),
        choices=_licences,
        help_text=_(
            "MIT unless there is a reason. Code for an existing repository keeps the licence of that repository."
        ),
    )

    class Meta:
        model = Opportunity
        fields = ("licence",)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        skills = list(self.instance.skills.all())
        for language in ("en", "fr"):
            self.fields[f"skills_{language}"].initial = "\n".join(
                getattr(row, f"name_{language}") or "" for row in skills
            )

    def clean(self):
        super().clean()
        english, french = (
            [
                " ".join(line.split())
                for line in (self.cleaned_data.get(f"skills_{language}") or "").splitlines()
                if line.strip()
            ]
            for language in ("en", "fr")
        )
        if len(english) != len(french) and not self.errors:
            self.add_error(
                "skills_fr" if len(french) < len(english) else "skills_en",
                forms.ValidationError(
                    _(
                        "Each skill needs its line in both languages: there are %(english)d in English and %(french)d in French."
                    ),
                    params={"english": len(english), "french": len(french)},
                ),
            )
        if any(len(name) > 100 for name in (*english, *french)):
            self.add_error("skills_en", _("A skill has at most 100 characters."))
        self.pairs = [{"en": one, "fr": other} for one, other in zip(english, french, strict=False)]
        return self.cleaned_data

    def save(self, commit=True):
        saved = super().save(commit)
        self.instance.skills.set([skill(names) for names in self.pairs])
        return saved


class DatesForm(SectionForm):
    closing_at = EasternDateTimeField(
        label=_("Closing date and time"),
        required=False,
        help_text=_(
            "In Eastern time. The opportunity stays open for at least five business days once it is posted; before that, the "
            "funds are committed and reserved, which takes about four business days."
        ),
    )
    selection_date = DateField(
        label=_("Anticipated supplier selection date"),
        required=False,
        help_text=_("After closing: suppliers expect to hear within two business days."),
    )
    delivery_date = DateField(
        label=_("Work delivery date"),
        required=False,
        help_text=_(
            "After selection. Leave room for the hours you estimate, at no more than 37.5 hours a week."
        ),
    )

    class Meta:
        model = Opportunity
        fields = ("closing_at", "selection_date", "delivery_date")

    def _post_clean(self):
        super()._post_clean()
        o = self.instance
        if self.errors or not o.closing_at:
            return
        order = g.dates_in_order(g.Facts(o, None, self.now)) if o.selection_date and o.delivery_date else None
        if o.closing_at <= self.now:
            self.refuse_in("closing_at", _("The closing date is in the past."))
        elif order:
            self.refuse_in(
                "delivery_date"
                if o.selection_date > o.closing_at.astimezone(clock.EASTERN).date()
                else "selection_date",
                order,
            )
        self.refuse_in("closing_at", closes_too_soon(o, self.now))
        if not self.errors:
            self.refuse_in("delivery_date", too_few_hours(o))


class PriceForm(SectionForm):
    fixed_price = MoneyField(
        label=_("Fixed price, before taxes"),
        required=False,
        max_value=None,
        help_text=_(
            "At most $8,695.65, so that with tax at 15% it stays within $10,000. The public reads it. Everybody who applies accepts it."
        ),
    )
    hourly_rate = MoneyField(
        label=_("Hourly rate"),
        required=False,
        max_value=Decimal("999.99"),
        help_text=_("For the estimate only; it is not published. Usually between $60 and $100."),
    )
    estimated_hours = forms.DecimalField(
        label=_("Estimated hours of work"),
        required=False,
        max_digits=5,
        decimal_places=1,
        min_value=Decimal("0.5"),
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "gc-w5", "autocomplete": "off"}),
        help_text=_("Ten hours are added for administration: reading, applying, signing, invoicing."),
    )
    weekly_hours = forms.DecimalField(
        label=_("Hours a week, at most"),
        max_digits=3,
        decimal_places=1,
        min_value=Decimal("1"),
        max_value=Decimal("37.5"),
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "gc-w5", "autocomplete": "off"}),
        help_text=_("The delivery date must not ask for more than 37.5 hours a week."),
    )

    class Meta:
        model = Opportunity
        fields = ("hourly_rate", "estimated_hours", "weekly_hours", "fixed_price")

    field_order = ("hourly_rate", "estimated_hours", "weekly_hours", "fixed_price")

    def clean_fixed_price(self):
        price = self.cleaned_data["fixed_price"]
        if price is not None and price > money.MAX_PRICE:
            raise forms.ValidationError(
                _(
                    "The fixed price must be at most %(most)s, so that with tax at 15%% it stays within %(ceiling)s."
                ),
                params={"most": _shown(money.MAX_PRICE), "ceiling": _shown(money.CEILING)},
            )
        return price

    def _post_clean(self):
        super()._post_clean()
        if not self.errors:
            self.refuse_in("estimated_hours", too_few_hours(self.instance))

    @property
    def estimate(self) -> dict | None:
        """Rate x (hours + administration) with its parts, before taxes, as it is saved; None without both figures."""
        o = self.instance
        if o.estimate is None:
            return None
        return {
            "rate": o.hourly_rate,
            "hours": o.estimated_hours,
            "administration": ADMINISTRATION_HOURS,
            "amount": o.estimate,
            "too_high": o.estimate > money.MAX_PRICE,
            "unusual_rate": not 60 <= o.hourly_rate <= 100,
        }


def _shown(amount: Decimal) -> str:
    return money.display(amount, get_language() or "en")


class PeopleForm(SectionForm):
    manager = EsdcAccountField(
        label=_("Email address of the manager"),
        required=False,
        help_text=_(
            "Who holds the delegated financial authority in your branch. They commit the funds (section 32) and certify the invoice (section 34). Never the client."
        ),
    )
    evaluators = EsdcAccountsField(
        label=_("Email addresses of the evaluators"),
        required=False,
        max_length=2000,
        help_text=_(
            "Optional. Colleagues who evaluate the applications with the client, one address a line. The client evaluates in any case."
        ),
    )

    class Meta:
        model = Opportunity
        fields = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        manager = self.instance.manager
        self.fields["manager"].initial = manager.email if manager else ""
        self.fields["evaluators"].initial = "\n".join(
            person.email for person in self.instance.evaluators.all()
        )

    def clean_manager(self):
        manager = self.cleaned_data["manager"]
        if manager and manager.pk == self.instance.client_id:
            raise forms.ValidationError(
                _("The manager cannot be the client. Name somebody else with the authority.")
            )
        return manager

    def clean_evaluators(self):
        evaluators = self.cleaned_data["evaluators"]
        if any(person.pk == self.instance.client_id for person in evaluators):
            raise forms.ValidationError(_("The client evaluates in any case. Name other people only."))
        return evaluators

    def save(self, commit=True):
        self.instance.manager = self.cleaned_data["manager"]
        self.instance.evaluators.set(self.cleaned_data["evaluators"])
        return super().save(commit)


class DeclarationsForm(SectionForm):
    HINTS = {
        "unclassified": _(
            "No protected or classified information is in the statement, in the code or in what the supplier is given."
        ),
        "stand_alone": _(
            "It is useful by itself. Two planned parts of one need are contract splitting, which is not allowed."
        ),
        "no_internal_capacity": _("You asked inside the organization first."),
        "remote_and_open": _("The supplier needs no access to the department’s networks or devices."),
    }

    class Meta:
        model = Opportunity
        fields = ("unclassified", "stand_alone", "no_internal_capacity", "remote_and_open")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, hint in self.HINTS.items():
            self.fields[name].help_text = hint


FORMS = {
    "title": TitleForm,
    "background": BackgroundForm,
    "work": WorkForm,
    "deliverables": DeliverablesForm,
    "skills": SkillsForm,
    "dates": DatesForm,
    "price": PriceForm,
    "people": PeopleForm,
    "declarations": DeclarationsForm,
}
"""The form of each section but the two lists of criteria."""

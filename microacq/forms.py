"""The forms' ground floor: how a form is drawn, and what no field of this site accepts.

Knows Canada.ca's form markup (through templates/django/forms), English and French field pairs, money,
Eastern time and Markdown. Knows no opportunity. Build pages' forms on `GCForm` and `GCModelForm`.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.deconstruct import deconstructible
from django.utils.translation import get_language, ngettext_lazy, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from microacq import money, text

LANGUAGE_NAMES = {
    "en": pgettext_lazy("language of a text", "English"),
    "fr": pgettext_lazy("language of a text", "French"),
}


class GCBoundField(BoundField):
    """A field on a page. Adds to Django's: its language, and where a link to its error should land."""

    shared_hint = ""

    def __init__(self, form, field, name):
        super().__init__(form, field, name)
        # A label that vanishes while one types is no label; this one has its own.
        field.widget.attrs.pop("placeholder", None)
        self.language = name[-2:] if name[-3:] in ("_en", "_fr") else ""
        self.plain_label = str(self.label)
        if self.language:
            # modeltranslation writes "Title [en]"; people read "Title (English)".
            self.plain_label = re.sub(r"\s*[\[(][^\])]*[\])]$", "", str(self.label))
            self.label = f"{self.plain_label} ({LANGUAGE_NAMES[self.language]})"

    @property
    def error_target(self) -> str:
        """The id of the first thing to fill in, for links from the error summary."""
        widget = self.field.widget
        if isinstance(widget, forms.RadioSelect | forms.MultiWidget | forms.SelectDateWidget):
            return f"{self.auto_id}_0"
        return self.id_for_label or self.auto_id

    @property
    def is_checkbox(self) -> bool:
        """True for a single box to tick, whose label follows it."""
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def aria_describedby(self):
        described = super().aria_describedby
        if self.shared_hint and described:
            described = described.replace(f"{self.auto_id}_helptext", self.shared_hint)
        return described

    def build_widget_attrs(self, attrs, widget=None):
        attrs = super().build_widget_attrs(attrs, widget)
        if self.language:
            attrs.setdefault("lang", self.language)
        if isinstance(widget or self.field.widget, forms.RadioSelect):
            # The group says that it is invalid; single radio buttons may not carry it.
            attrs.pop("aria-invalid", None)
        return attrs


class GCFormRenderer(TemplatesSetting):
    """Draws every form with templates/django/forms. Set as FORM_RENDERER."""

    form_template_name = "django/forms/gc_form.html"
    field_template_name = "django/forms/gc_field.html"
    bound_field_class = GCBoundField


def refuse_unsafe_text(value: str, *, one_line: bool = False, card_numbers: bool = True) -> None:
    """Refuse what no text of this site may hold. Raises ValidationError; its words never repeat the text."""
    if not isinstance(value, str):
        return
    if text.has_control_characters(value, one_line=one_line):
        raise ValidationError(
            _("This text holds a character that can’t be shown. Type it again, or paste it as plain text."),
            code="control_characters",
        )
    if text.has_direction_marks(value):
        raise ValidationError(
            _("This text holds hidden marks that change its direction. Type it again without them."),
            code="direction_marks",
        )
    if card_numbers and text.holds_card_number(value):
        raise ValidationError(
            _("This looks like a payment card number. Remove it: card numbers are never kept here."),
            code="card_number",
        )


class _UnsafeTextRefused:
    """Checks every text field of a form, those added after __init__ too."""

    def full_clean(self):
        for field in self.fields.values():
            for part in (field, *getattr(field, "fields", ())):
                if isinstance(part, forms.CharField) and not any(
                    isinstance(v, SafeText) for v in part.validators
                ):
                    # A copy: the list belongs to the class's declaration in some fields.
                    part.validators = [*part.validators, SafeText.for_widget(part.widget)]
        super().full_clean()


@deconstructible
class SafeText:
    """The validator that GCForm gives to every text field."""

    def __init__(self, one_line=False, card_numbers=True):
        self.one_line, self.card_numbers = one_line, card_numbers

    @classmethod
    def for_widget(cls, widget):
        """What fits the widget: one line unless it is a text area; passwords may hold any digits."""
        return cls(
            one_line=not isinstance(widget, forms.Textarea | forms.HiddenInput),
            card_numbers=not isinstance(widget, forms.PasswordInput),
        )

    def __call__(self, value):
        refuse_unsafe_text(value, one_line=self.one_line, card_numbers=self.card_numbers)


class GCForm(_UnsafeTextRefused, forms.Form):
    """A plain form."""


class GCModelForm(_UnsafeTextRefused, forms.ModelForm):
    """A form of a model."""


def rows(form) -> list[dict]:
    """A form's visible fields as rows: {"fields": [one]} or, for NAME_en and NAME_fr, {"fields": [two],
    "legend", "hint", "hint_id"} with the reader's language first."""
    fields = form.visible_fields()
    by_name = {field.name: field for field in fields}
    order = ("fr", "en") if (get_language() or "en").startswith("fr") else ("en", "fr")
    result, done = [], set()
    for field in fields:
        if field.name in done:
            continue
        pair = [by_name.get(f"{field.name[:-3]}_{code}") for code in order] if field.language else []
        if not pair or None in pair:
            result.append({"fields": [field]})
            continue
        done.update(f.name for f in pair)
        row = {"fields": pair, "legend": pair[0].plain_label, "hint": "", "hint_id": ""}
        if pair[0].help_text and pair[0].help_text == pair[1].help_text:
            row |= {"hint": pair[0].help_text, "hint_id": f"{pair[0].auto_id}_helptext"}
            for f in pair:
                f.shared_hint = row["hint_id"]
        row["required"] = all(f.field.required for f in pair)
        result.append(row)
    return result


@deconstructible
class WordLimit:
    """Refuses a text of more than `limit` words. Punctuation standing alone is not a word."""

    message = ngettext_lazy(
        "Use %(limit)d word or fewer. You have %(count)d.",
        "Use %(limit)d words or fewer. You have %(count)d.",
        "limit",
    )

    def __init__(self, limit):
        self.limit = limit

    def __call__(self, value):
        count = text.count_words(value)
        if count > self.limit:
            raise ValidationError(
                self.message, code="word_limit", params={"limit": self.limit, "count": count}
            )

    def __eq__(self, other):
        return isinstance(other, WordLimit) and other.limit == self.limit


class MarkdownField(forms.CharField):
    """A long text in Markdown, 10,000 characters unless told; new lines come out as LF."""

    widget = forms.Textarea

    def __init__(self, *, max_length=None, rows=10, **kwargs):
        kwargs.setdefault(
            "help_text", _("You can use Markdown: **bold**, lists that start with -, ## headings.")
        )
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(max_length=max_length or 10_000, **kwargs)

    def to_python(self, value):
        return super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")

    def widget_attrs(self, widget):
        # No maxlength: browsers cut pasted text short without a word. The server refuses with a sentence.
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class MoneyField(forms.DecimalField):
    """Canadian dollars as a Decimal, typed as in English or French: 1,234.56 or 1 234,56."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "gc-w10", "autocomplete": "off"})
    default_error_messages = {
        "invalid": _("Enter an amount in dollars, such as 8,000.00 or 8 000,00."),
        "max_value": _("Enter %(limit)s or less."),
        "min_value": _("Enter %(limit)s or more."),
    }

    def __init__(self, *, max_value=money.CEILING, min_value=Decimal("0.01"), max_digits=12, **kwargs):
        kwargs["decimal_places"] = 2
        super().__init__(max_digits=max_digits, **kwargs)
        self.most, self.least = max_value, min_value

    def to_python(self, value):
        if value in self.empty_values:
            return None
        if isinstance(value, Decimal):
            return value
        try:
            return money.parse(str(value))
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def validate(self, value):
        super().validate(value)
        if value is None:
            return
        for code, limit, wrong in (
            ("max_value", self.most, self.most is not None and value > self.most),
            ("min_value", self.least, self.least is not None and value < self.least),
        ):
            if wrong:
                shown = money.display(limit, get_language() or "en")
                raise ValidationError(self.error_messages[code], code=code, params={"limit": shown})

    def prepare_value(self, value):
        if isinstance(value, Decimal | int | float):
            plain = f"{Decimal(value):.2f}"
            return plain.replace(".", ",") if (get_language() or "").startswith("fr") else plain
        return value

    def widget_attrs(self, widget):
        return {}


class DateField(forms.DateField):
    """A day, with the browser's own calendar; typed as year-month-day where it has none."""

    default_error_messages = {"invalid": _("Enter a date as year-month-day, such as 2027-01-15.")}

    def __init__(self, **kwargs):
        kwargs.setdefault(
            "widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "gc-w10"})
        )
        kwargs.setdefault("input_formats", ["%Y-%m-%d"])
        super().__init__(**kwargs)


class _TimeField(forms.TimeField):
    """A time of day: 14:00, 2:00 pm, 2:00 p.m., 14 h, 14 h 30."""

    default_error_messages = {"invalid": _("Enter a time such as 14:00.")}

    def to_python(self, value):
        if isinstance(value, str):
            value = re.sub(r"\s+", " ", value.lower().replace(".", "")).strip()
            if french := re.fullmatch(r"(\d{1,2}) ?h ?(\d{2})?", value):
                value = f"{french[1]}:{french[2] or '00'}"
        return super().to_python(value)


class EasternDateTimeWidget(forms.MultiWidget):
    """A date and a time of day, side by side, each with its label. Posts NAME_0 and NAME_1."""

    template_name = "django/forms/widgets/eastern_datetime.html"

    def __init__(self, attrs=None):
        super().__init__(
            [
                forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
                forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            ],
            attrs,
        )

    def decompress(self, value):
        if not value:
            return [None, None]
        local = value.astimezone(text.EASTERN)
        return [local.date(), local.time().replace(second=0, microsecond=0)]


class EasternDateTimeField(forms.MultiValueField):
    """A moment typed as a day and a time in Eastern time; gives an aware datetime.

    Refuses the hour that does not exist when clocks go forward. Of the hour that comes twice when
    clocks go back it takes the first.
    """

    widget = EasternDateTimeWidget
    default_error_messages = {
        "gap": _(
            "Clocks go forward that night, so %(time)s does not exist on %(date)s in Eastern time. "
            "Enter a time one hour later."
        ),
    }

    def __init__(self, **kwargs):
        fields = (
            DateField(error_messages={"incomplete": _("Enter the date.")}),
            _TimeField(
                input_formats=["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%I %p", "%I%p"],
                error_messages={"incomplete": _("Enter the time, in Eastern time.")},
            ),
        )
        super().__init__(fields, require_all_fields=False, **kwargs)

    def compress(self, data_list):
        if not data_list:
            return None
        naive = dt.datetime.combine(*data_list)
        moment = naive.replace(tzinfo=text.EASTERN)
        if moment.astimezone(dt.UTC).astimezone(text.EASTERN).replace(tzinfo=None) != naive:
            language = (get_language() or "en")[:2]
            shown = f"{naive.hour} h {naive.minute:02d}" if language == "fr" else f"{naive:%-I:%M} a.m."
            raise ValidationError(
                self.error_messages["gap"],
                code="gap",
                params={"time": shown, "date": text.date_words(naive.date(), language)},
            )
        return moment

"""Small parts of forms about the contract: a day, a long text, an address of code, a share in percent."""

from datetime import date, datetime
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from microacq import clock

from .. import code_hosts


def today(now: datetime) -> date:
    """The day in Eastern time."""
    return now.astimezone(clock.EASTERN).date()


def long_text(label, **kwargs) -> forms.CharField:
    """A text of some lines, at most 2,000 characters unless told."""
    return forms.CharField(
        label=label, **{"max_length": 2000, "widget": forms.Textarea(attrs={"rows": 5}), **kwargs}
    )


class CodeAddressField(forms.URLField):
    """The https address of code on a public host, at most 300 characters."""

    widget = forms.URLInput(attrs={"inputmode": "url", "autocomplete": "url"})
    default_error_messages = {
        "invalid": _("Enter a whole address, such as https://github.com/example/example."),
        "not_public": _(
            "Enter an address that starts with https:// and that anybody can open: no local name, no IP address, no password in it."
        ),
    }

    def __init__(self, **kwargs):
        super().__init__(**{"max_length": 300, "assume_scheme": "https", **kwargs})

    def run_validators(self, value):
        super().run_validators(value)
        if value and not code_hosts.is_public(value):
            raise ValidationError(self.error_messages["not_public"], code="not_public")


class PercentField(forms.DecimalField):
    """A share in percent, more than 0 and at most 100, typed with a point or a comma."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "gc-w5", "autocomplete": "off"})

    def to_python(self, value):
        if isinstance(value, str):
            value = value.replace("%", "").replace("\u00a0", " ").strip().replace(",", ".")
        return super().to_python(value)

    def validate(self, value):
        super().validate(value)
        if value is not None and not Decimal(0) < value <= Decimal(100):
            raise ValidationError(_("Enter a share of more than 0 and at most 100 percent."), code="share")

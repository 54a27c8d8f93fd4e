"""Naming a colleague by email address: an active account of the department, and nobody else."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from microacq.models import User

ESDC_ROLES = (User.Role.CLIENT, User.Role.TEAM, User.Role.FINANCE)
NO_ACCOUNT = _(
    "No active account of the department has the address %(address)s. Check it, or ask the person to sign up here "
    "first with their departmental address."
)


def esdc_account(address: str) -> User | None:
    """The active account of the department with this address, whatever its case; None when there is none."""
    return User.objects.filter(email__iexact=address.strip(), is_active=True, role__in=ESDC_ROLES).first()


class EsdcAccountField(forms.EmailField):
    """An email address; gives the User."""

    def __init__(self, **kwargs):
        kwargs.setdefault("widget", forms.EmailInput(attrs={"class": "gc-w20", "autocomplete": "off"}))
        super().__init__(**kwargs)

    def clean(self, value):
        address = super().clean(value)
        if not address:
            return None
        account = esdc_account(address)
        if not account:
            raise ValidationError(NO_ACCOUNT, code="no_account", params={"address": address})
        return account


class EsdcAccountsField(forms.CharField):
    """Email addresses, one a line or with commas between; gives a list of Users, each once."""

    widget = forms.Textarea(attrs={"rows": 4, "autocomplete": "off"})

    def clean(self, value):
        text = super().clean(value)
        accounts, errors = [], []
        for address in filter(None, re.split(r"[\s,;]+", text)):
            try:
                validate_email(address)
            except ValidationError:
                errors.append(
                    ValidationError(_("“%(address)s” is not an email address."), params={"address": address})
                )
                continue
            account = esdc_account(address)
            if not account:
                errors.append(ValidationError(NO_ACCOUNT, code="no_account", params={"address": address}))
            elif account not in accounts:
                accounts.append(account)
        if errors:
            raise ValidationError(errors)
        return accounts

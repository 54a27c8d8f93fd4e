"""Row 23 of docs/assurance.md: card numbers in forms that no page of test_every_form.py shows; see there for the others."""

import pytest
from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string

from microacq.forms import GCForm, GCModelForm

pytestmark = pytest.mark.django_db
CARD = "4111111111111111"


def every_form():
    reverse("home")  # every module with an address is loaded
    waiting = [forms.BaseForm]
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        yield form


def test_23_every_form_of_ours_with_words_checks_them():
    unsafe = {
        f"{form.__module__}.{form.__name__}"
        for form in every_form()
        if form.__module__.startswith(("microacq.", "opportunities.", "evaluations."))
        and any(isinstance(field, forms.CharField) for field in getattr(form, "base_fields", {}).values())
        and not issubclass(form, GCForm | GCModelForm)
    }
    assert unsafe == set()


def test_23_so_do_those_of_libraries_in_which_words_are_kept(client, cast):
    for path in (*settings.ACCOUNT_FORMS.values(), *settings.MFA_FORMS.values()):
        assert issubclass(import_string(path), GCForm), path
    client.force_login(cast.li)
    page = client.post(reverse("account_email"), {"email": f"{CARD}@studio.example", "action_add": ""})
    assert page.status_code == 200
    assert not EmailAddress.objects.filter(email__contains=CARD).exists()
    assert CARD not in page.text.replace(f'value="{CARD}@studio.example"', "")

"""The pages of accounts, errors and the admin in a real browser: accessible, quiet, no wider than a phone."""

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from microacq.accounts import mark_verified
from microacq.models import User

PASSWORD = "correct horse battery"
OPEN = ["account_login", "account_signup", "account_reset_password", "account_reset_password_done"]
OPEN += ["account_email_verification_sent", "account_inactive"]
OWN = ["account_email", "account_change_password", "account_logout", "account_reauthenticate", "mfa_index"]
OWN += ["mfa_activate_totp", "mfa_add_webauthn", "mfa_list_webauthn", "socialaccount_connections"]
PROTECTED = ["mfa_index", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_deactivate_totp"]
ADMIN = ["admin:index", "admin:microacq_user_changelist", "admin:microacq_user_add"]


@pytest.fixture(params=["en", "fr"])
def visit(request, live_server, page, accessible):
    """Gives a function that opens a page by its name, 320 pixels wide unless told, and checks it."""
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)

    def go(name, width=320):
        with override(request.param):
            address = reverse(name) if not name.startswith("/") else f"/{request.param}{name}"
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(live_server.url + address)
        assert page.locator("html").get_attribute("lang") == request.param
        assert complaints == [], name
        accessible(page)
        complaints.clear()  # axe reads style sheets in ways that the security policy blocks

    return go


@pytest.fixture
def person(db):
    user = User.objects.create_user("li@supplier.example", PASSWORD, name="Li")
    mark_verified(user)
    return user


@pytest.fixture
def signed_in(live_server, page):
    """Gives a function that signs a person in with a fresh password check, as the forms of accounts ask for."""

    def sign_in(user):
        browser = Client()
        browser.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
        browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        cookie = {"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])

    return sign_in


def test_pages_open_to_everyone(visit):
    for name in OPEN:
        visit(name)
    visit("account_signup", width=1280)


def test_pages_of_an_account(visit, person, signed_in):
    signed_in(person)
    for name in OWN:
        visit(name)


def test_pages_of_a_second_factor(visit, person, signed_in):
    signed_in(person)
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(person)
    for name in PROTECTED:
        visit(name)


def test_the_admin(visit, person, signed_in):
    person.is_superuser = True
    person.save()
    signed_in(person)
    for name in ADMIN:
        visit(name)


def test_pages_for_what_is_not_there(live_server, page, accessible, db):
    for address in ("/en/nowhere/", "/fr/nulle-part/"):
        page.goto(live_server.url + address)
        accessible(page)


def test_an_error_can_be_followed_to_its_field(live_server, page, accessible, db):
    page.goto(live_server.url + reverse("account_signup"))
    page.locator("main form button").click()
    assert page.title().startswith("Error: ")
    accessible(page)
    page.locator(".gc-errors a").first.click()
    assert page.evaluate("document.activeElement.name || location.hash") in ("email", "#id_email")

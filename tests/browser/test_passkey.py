"""A passkey beside the app: added and used to sign in, with a browser's own key store."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.cast import PASSWORD, make_cast


@pytest.mark.django_db(transaction=True)
def test_25_a_passkey_is_added_and_asked_for_at_the_next_sign_in(live_server, page, settings, complaints):
    settings.SECOND_FACTOR_REQUIRED = settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    tess = make_cast().tess
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    keys.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )

    def sign_in():
        page.goto(live_server.url + reverse("account_login"))
        page.locator("input[name=login]").fill(tess.email)
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")

    sign_in()
    expect(page).to_have_url(live_server.url + reverse("mfa_index"))
    page.goto(live_server.url + reverse("mfa_add_webauthn"))
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(live_server.url + reverse("mfa_add_webauthn"))
    page.locator("input[name=name]").fill("Laptop")
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda url: "webauthn/add" not in url)
    assert tess.authenticator_set.filter(type="webauthn").count() == 1

    page.context.clear_cookies()
    sign_in()
    expect(page).to_have_url(live_server.url + reverse("mfa_authenticate"))
    page.locator("#mfa_webauthn_authenticate").click()
    expect(page).to_have_url(live_server.url + reverse("workspace"))

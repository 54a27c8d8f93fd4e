"""Signing in with a real browser, in either language, by keyboard alone, at 320 pixels."""

import pytest
from django.urls import reverse
from django.utils.translation import override
from playwright.sync_api import expect

from microacq.accounts import mark_verified
from microacq.models import User

PASSWORD = "correct horse battery"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_signing_in_by_keyboard_at_320_pixels(live_server, page, accessible, complaints, language):
    mark_verified(User.objects.create_user("li@supplier.example", PASSWORD, name="Li"))
    with override(language):
        sign_in, workspace = reverse("account_login"), reverse("workspace")
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(live_server.url + sign_in)
    assert page.locator("html").get_attribute("lang") == language
    accessible(page)
    page.locator("input[name=login]").focus()
    page.keyboard.type("li@supplier.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(live_server.url + workspace)
    accessible(page)

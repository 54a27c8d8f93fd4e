"""Finding an opportunity on a phone, with the keyboard alone, in either language: the list, its filters and its page."""

import pytest
from django.urls import reverse
from django.utils.translation import override
from playwright.sync_api import expect

from tests.factories import at

SEARCHED = {"en": "vists", "fr": "prestatoins"}  # both with a slip
TITLE = {
    "en": "Count visits to the benefits pages",
    "fr": "Compter les visites des pages sur les prestations",
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_opportunity_is_found_with_the_keyboard(live_server, page, accessible, complaints, cast, language):
    posted, done = at("posted", cast), at("complete", cast)
    with override(language):
        addresses = {name: live_server.url + reverse(name) for name in ("home", "opportunity_list")}
        own = [live_server.url + reverse("opportunity", args=[o.reference]) for o in (posted, done)]
    page.set_viewport_size({"width": 320, "height": 900})
    page.goto(addresses["opportunity_list"])
    expect(page.locator(".gc-card")).to_have_count(2)
    page.locator("#q").focus()
    page.keyboard.type(SEARCHED[language])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the filters are folded
    page.keyboard.press("Tab")
    expect(page.locator("#status")).to_be_focused()
    page.keyboard.press("ArrowDown")  # the first one: open
    page.locator("#q").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main .gc-notice")).to_contain_text(SEARCHED[language])
    expect(page.locator(".gc-card")).to_have_count(1)
    expect(page.locator("#status")).to_have_value("open")
    assert complaints == []
    accessible(page)
    complaints.clear()  # axe reads style sheets in ways that the security policy blocks
    page.locator(".gc-card a").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(own[0])
    expect(page.locator("h1")).to_have_text(TITLE[language])
    for address in (*own, addresses["home"], f"{addresses['opportunity_list']}?q=elephants&status=closed"):
        page.goto(address)
        assert complaints == [], address
        accessible(page)
        complaints.clear()
    page.goto(own[0])
    page.emulate_media(media="print")
    expect(page.locator(".gc-nav")).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    assert page.context.cookies() == []

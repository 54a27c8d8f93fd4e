"""The guides, notices and the mailing list's pages in a real browser: accessible, quiet, no wider than a phone."""

import pytest
from django.urls import reverse
from django.utils.translation import override
from post_office.models import Email

from microacq import clock
from opportunities import mailing_list
from opportunities.models import Skill, Subscription
from tests.factories import at
from tests.test_pages import PAGES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["en", "fr"])
def visit(request, live_server, page, accessible, complaints):
    """Gives a function that opens a page by its name and checks it: at 320 pixels in English, and wide in French."""
    width = 320 if request.param == "en" else 1280

    def go(name, *args):
        with override(request.param):
            address = live_server.url + reverse(name, args=args)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address)
        assert page.locator("html").get_attribute("lang") == request.param
        assert complaints == [], name
        accessible(page)
        complaints.clear()  # axe reads style sheets in ways that the security policy blocks

    return go


def test_every_page_that_explains(visit):
    for name in PAGES:
        visit(name)


def test_the_subscribers_pages(visit, page):
    python = Skill.objects.create(name_en="Python", name_fr="Python")
    mailing_list.ask("ada@example.ca", "fr", [python], "J’accepte.", clock.now())
    key = next(word for word in Email.objects.get().message.split() if word.startswith("http"))
    key = key.rstrip("/").rsplit("/", 1)[1]
    visit("confirm_subscription", key)
    page.locator("main form button").click()
    assert page.locator(".gc-notice--success").count() == 1
    kept = Subscription.objects.get()
    visit("confirm_subscription", key)
    visit("subscription", mailing_list.key(kept))
    visit("unsubscribe", mailing_list.key(kept))
    page.locator("main form button").click()
    assert not Subscription.objects.get().is_active
    visit("subscription", mailing_list.key(kept))


def test_following_with_the_keyboard_alone(visit, cast, client, live_server, page, accessible):
    opportunity = at("posted", cast)
    client.force_login(cast.noor)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    visit("follow", opportunity.reference)
    page.locator("button[name=how][value=daily]").focus()
    page.keyboard.press("Enter")
    page.locator("button[name=how][value=stop]").wait_for()
    accessible(page)
    assert opportunity.followings.get().digest


def test_what_is_wrong_in_a_form_is_said_and_reached(page, live_server, accessible):
    with override("fr"):
        page.goto(live_server.url + reverse("accessibility"))
    page.locator("main form button").click()
    accessible(page)
    page.locator(".gc-errors a").first.click()
    assert page.evaluate("document.activeElement.id") == "id_text"


SHIFTS = """() => new Promise(done => {
    let moved = 0
    new PerformanceObserver(list => list.getEntries().forEach(entry => moved += entry.value))
        .observe({type: "layout-shift", buffered: true})
    requestAnimationFrame(() => setTimeout(() => done(moved), 200))
})"""


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_while_a_page_loads(cast, page, live_server, width):
    opportunity = at("posted", cast)
    page.set_viewport_size({"width": width, "height": 900})
    for name, *args in (("home",), ("opportunity_list",), ("opportunity", opportunity.reference)):
        page.goto(live_server.url + reverse(name, args=args))
        page.evaluate("document.fonts.ready")
        assert page.evaluate(SHIFTS) == 0, name

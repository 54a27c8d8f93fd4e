"""A newcomer on a phone, with the keyboard alone and no script: from the home page to a receipt, in either language."""

import re

import pytest
from django.urls import reverse
from django.utils.translation import override

from microacq.models import User
from tests.factories import at

ADDRESS, PASSWORD = "ana@studio.example", "a long enough secret 42"


class Keyboard:
    """A page at 390 pixels that is only ever touched with keys."""

    def __init__(self, browser, live_server, language):
        self.language, self.base = language, live_server.url
        self.context = browser.new_context(
            java_script_enabled=False, locale=f"{language}-CA", viewport={"width": 390, "height": 844}
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)

    def address(self, name, *args):
        with override(self.language):
            return reverse(name, args=args)

    def reach(self, selector: str):
        """Press Tab until what has the focus fits."""
        for _press in range(150):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                return self
        raise AssertionError(f"{selector} cannot be reached on {self.page.url}")

    def follow(self, name, *args):
        """Reach the link to a page and open it."""
        self.reach(f'a[href^="{self.address(name, *args)}"]')
        return self.enter()

    def enter(self):
        """Press Enter and wait for the page that follows."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        return self

    def write(self, name, words):
        self.reach(f'main [name="{name}"]').page.keyboard.type(words)
        return self

    def choose(self, name, value):
        """Tick a box, or go down a list of choices with the arrow keys."""
        self.reach(f'main [name="{name}"]')
        field = self.page.locator(f'main [name="{name}"]').first
        if field.evaluate("field => field.tagName") == "SELECT":
            while field.input_value() != value:
                self.page.keyboard.press("ArrowDown")
            return self
        self.page.keyboard.press("Space")
        for _choice in range(6):
            if self.page.locator(f'main [name="{name}"][value="{value}"]').is_checked():
                return self
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{name} cannot be set to {value}")

    def send(self):
        """Reach the form's own button and press it."""
        return self.reach("main form .gc-button:not(.gc-button--secondary), main form button").enter()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_from_the_home_page_to_a_receipt(browser, live_server, cast, settings, mailoutbox, language):
    settings.SITE_URL = live_server.url
    opportunity = at("posted", cast)
    reference = opportunity.reference
    ana = Keyboard(browser, live_server, language)
    ana.page.goto(f"{ana.base}/{language}/")
    ana.follow("opportunity", reference)
    assert opportunity.status and ana.page.locator("h1").inner_text() == (
        opportunity.title_fr if language == "fr" else opportunity.title_en
    )
    ana.follow("account_signup")
    ana.write("email", ADDRESS).write("name", "Ana Newcomer")
    ana.write("password1", PASSWORD).write("password2", PASSWORD).send()
    assert mailoutbox[-1].to == [ADDRESS]
    ana.page.goto(re.search(r"http\S+", mailoutbox[-1].body)[0])
    ana.send()
    assert User.objects.get(email=ADDRESS).role == "supplier"
    if not ana.page.url.startswith(ana.base + ana.address("account_login")):
        ana.follow("account_login")
    ana.write("login", ADDRESS).write("password", PASSWORD).enter()
    ana.follow("opportunity_list").follow("opportunity", reference).follow("apply", reference)
    ana.follow("apply_about", reference)
    ana.choose("province", "QC").write("code_account", "https://gitlab.com/ana-newcomer").enter()
    ana.choose("of_age", "True").choose("standing", "canada").choose("uses_git", "True").choose(
        "needs_sign_off", "False"
    ).send()
    criterion = opportunity.evaluation_criteria.get()
    ana.write(
        f"answer_{criterion.pk}", "For two years I have written scripts that count visits, with their tests."
    ).send()
    ana.choose("means", "visa").send()
    ana.send()
    assert ana.page.url == ana.base + ana.address("receipt", reference)
    assert re.search(r"[0-9a-f]{32}", ana.page.locator("main").inner_text())
    application = opportunity.applications.get()
    assert (application.status, application.province, application.means) == ("submitted", "QC", "visa")
    ana.context.close()

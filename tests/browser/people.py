"""People at their browsers: each signs in, opens pages in their own language, fills in forms and presses the button."""

from django.urls import reverse
from django.utils.translation import override
from playwright.sync_api import expect

from tests.cast import PASSWORD


class Person:
    """One user in a browser of their own. `complaints` collects what a page's console or network should not show."""

    def __init__(self, browser, live_server, user):
        self.user, self.language, self.base = user, user.language, live_server.url
        self.context = browser.new_context(java_script_enabled=False, locale=f"{self.language}-CA")
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.complaints: list[str] = []
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(f"{self.page.url}: {message.text}")
                if message.type == "error" and "status of 4" not in message.text
                else None
            ),
        )
        self.page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((self.base, "data:"))
                else self.complaints.append(f"request to {request.url}")
            ),
        )

    def address(self, name: str, *args) -> str:
        """The address of a page in this person's language."""
        with override(self.language):
            return self.base + reverse(name, args=args)

    def sign_in(self) -> "Person":
        self.page.goto(self.address("account_login"))
        self.fill(login=self.user.email, password=PASSWORD)
        self.press()
        expect(self.page).to_have_url(self.address("workspace"))
        return self

    def status(self, name: str, *args) -> int:
        """Open a page; gives the HTTP status."""
        return self.page.goto(self.address(name, *args)).status

    def fetch(self, name: str, *args):
        """The same page as this person's browser would get it, without drawing it."""
        return self.context.request.get(self.address(name, *args), max_redirects=0)

    def open(self, name: str, *args) -> "Person":
        assert self.status(name, *args) == 200, self.page.url
        return self

    def fill(self, **values) -> "Person":
        """Fill in the main form's fields by name: text, "on" for a box, the value of a choice."""
        for name, value in values.items():
            fields = self.page.locator(f'main [name="{name}"]')
            kind = fields.first.evaluate("field => field.type")
            if kind == "radio":
                self.page.locator(f'main [name="{name}"][value="{value}"]').check()
            elif kind == "checkbox":
                fields.first.check()
            elif kind.startswith("select"):
                fields.first.select_option(value)
            else:
                fields.first.fill(str(value))
        return self

    def press(self, form: str = "form") -> "Person":
        """Press the first main button of the page's form."""
        self.page.locator(f"main {form} .gc-button:not(.gc-button--secondary)").first.click()
        return self

    def do(self, name: str, reference: str, **values) -> "Person":
        """Do a transition on its page: open, fill in, confirm, and land on the opportunity's page."""
        self.open(name, reference).fill(**values).press()
        assert self.page.url == self.address("workspace_opportunity", reference), self.text()[:3000]
        return self

    def text(self) -> str:
        """What the page says."""
        return self.page.locator("main").inner_text()

    def sees(self, *words: str) -> "Person":
        for word in words:
            assert word in self.text(), f"{word!r} is not on {self.page.url}:\n{self.text()[:2000]}"
        return self

    def does_not_see(self, *words: str) -> "Person":
        source = self.page.content()
        for word in words:
            assert word not in source, f"{word!r} is on {self.page.url}"
        return self

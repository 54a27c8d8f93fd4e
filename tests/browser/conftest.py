"""A real browser, the system's Chromium, for every test in this folder; pages must be accessible and quiet."""

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from microacq.bootstrap import BROWSERS

HERE = Path(__file__).parent
WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],  # what passes need not be told, which halves the time
    "preload": False,  # axe would put styles of its own into the page, which the content security policy refuses
}


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session", autouse=True)
def _patience():
    expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Playwright's own Chromium is not to be had everywhere: drive the system's."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.fail("No browser: install the package chromium.")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {
        **browser_type_launch_args,
        "executable_path": program,
        "args": [*sandbox, "--disable-dev-shm-usage"],
    }


@pytest.fixture
def accessible():
    """Gives a function that fails when axe finds something against WCAG 2.1 AA on a page, or that scrolls sideways."""

    def check(page):
        found = Axe().run(page, options=WCAG)
        assert found.violations_count == 0, found.generate_report()
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, f"{page.url} scrolls sideways"

    return check


@pytest.fixture(autouse=True)
def _nothing_from_elsewhere(browser, monkeypatch):
    """Whatever any page asks of another host than the test's own site fails the test."""
    asked, new_context = [], browser.new_context

    def watched(**options):
        context = new_context(**options)
        context.on("request", lambda request: asked.append(request.url))
        return context

    monkeypatch.setattr(browser, "new_context", watched)
    yield
    assert [url for url in asked if urlsplit(url).hostname not in (None, "localhost", "127.0.0.1")] == []


@pytest.fixture
def complaints(page):
    """What the page's console complains of, such as a breach of the content security policy; empty at the end."""
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield said
    assert said == []

"""The pages of what was bought, in a real browser: accessible, quiet, no wider than a phone."""

import pytest

from tests.factories import at

from .test_pages import visit  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)


def test_delivered_code_and_the_totals_of_each_year(visit, cast, page):  # noqa: F811
    visit("delivered")
    at("complete", cast)
    at("invoicing", cast, suppliers=[cast.sam])
    visit("delivered")
    assert page.locator("main .gc-card").count() == 2
    page.locator("main input[type=search]").fill("mit")
    page.locator("main form button").click()
    assert page.locator("main .gc-card").count() == 2
    visit("open_data")
    assert page.locator("main table").count() == 1

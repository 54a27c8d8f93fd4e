"""The public statistics: nothing of fewer than five, alone or by subtraction; no cookie; sent again only when changed."""

import csv
import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from itertools import permutations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from evaluations.measures import about
from evaluations.models import SurveyAnswer, SurveyInvitation
from microacq import clock
from opportunities import disclosure
from opportunities.disclosure import LEAST, Nested, is_small, may_share, protect
from opportunities.models import Contract, Opportunity
from tests.factories import at
from tests.need import NOW

COUNTS = st.lists(st.integers(0, 12), max_size=6)


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


@given(COUNTS)
def test_no_small_cell_is_shown_nor_had_by_subtraction(counts):
    safe = protect(counts)
    assert not any(is_small(cell) for cell in safe.cells if cell is not None)
    assert all(cell in (None, count) for cell, count in zip(safe.cells, counts, strict=True))
    hidden = [index for index, cell in enumerate(safe.cells) if cell is None]
    if safe.total is not None:
        assert safe.total == sum(counts) and not is_small(safe.total)
        rest = safe.total - sum(cell for cell in safe.cells if cell is not None)
        assert rest == 0 or (rest > LEAST and len(hidden) >= 2)
    assert bool(hidden) == any(map(is_small, counts)), "nothing is hidden without need"


@given(COUNTS)
def test_what_is_hidden_could_be_exchanged_without_anybody_seeing_it(counts):
    """Of no hidden cell can one tell whether it is small: the same table stands for every order of what is hidden."""
    safe = protect(counts)
    hidden = [index for index, cell in enumerate(safe.cells) if cell is None]
    for order in permutations([counts[index] for index in hidden]):
        other = list(counts)
        for index, value in zip(hidden, order, strict=True):
            other[index] = value
        assert protect(other) == safe
    if hidden and safe.total is not None:
        assert {is_small(counts[index]) for index in hidden} == {True, False}


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 10))
def test_a_share_tells_of_no_few_and_not_of_everybody(part, rest, silent):
    may = may_share(part, part + rest, part + rest + silent)
    if may:
        assert not is_small(part) and not is_small(rest) and part + rest >= LEAST
        assert silent or min(part, rest) >= LEAST
    assert may or is_small(part) or is_small(rest) or part + rest < LEAST or not silent


@given(st.lists(st.integers(0, 20)))
def test_no_difference_of_two_counts_side_by_side_is_small(counts):
    side = Nested()
    shown = [number for number in map(side.show, counts) if number is not None]
    assert not any(is_small(abs(a - b)) for a in shown for b in [*shown, 0])


@given(st.integers(0, 200))
def test_one_answer_more_is_not_seen_but_at_each_fifth(number):
    assert disclosure.rounded_down(number) % LEAST == 0
    assert about(number, number + 3) == about(number - number % 5, number + 3)


# the page


def numbers(client) -> dict:
    answer = client.get(reverse("statistics_json"))
    assert answer.status_code == 200 and not answer.cookies
    return {
        (row["table"], row["row"]): (row["value"], row["unit"])
        for row in json.loads(answer.content)["figures"]
    }


def test_a_small_world_shows_nothing_of_anybody(cast, client):
    at("complete", cast, now=NOW)
    SurveyAnswer.objects.create(
        kind="supplier", month=NOW.date().replace(day=1), region="X0A", would_again="yes"
    )
    for value, unit in numbers(client).values():
        if unit == "count" and value is not None:
            assert not is_small(int(value))
        if unit in ("share", "days", "dollars"):
            assert value is None
    for language in ("en", "fr"):
        with translation.override(language):
            page = client.get(reverse("statistics"))
        text = page.content.decode()
        assert not page.cookies and page["Cache-Control"] == "no-cache"
        assert "Li Supplier" not in text and "6,500" not in text and "X0A" not in text
    again = client.get(
        reverse("statistics"), headers={"if-none-match": client.get(reverse("statistics"))["ETag"]}
    )
    assert again.status_code == 304


def closed_ones(client_user, number, state, days_ago):
    """Opportunities as their rows are after closing, with no events."""
    moment = NOW - timedelta(days=days_ago)
    return Opportunity.objects.bulk_create(
        Opportunity(
            reference=f"MA-T-{state}-{n}", state=state, client=client_user, posted_at=moment - timedelta(days=9), closing_at=moment,
            fixed_price=Decimal(1000), modified_at=moment, title_en="x", title_fr="x",
        )
        for n in range(number)
    )  # fmt: skip


def test_a_larger_world_hides_what_is_small_and_its_cover(cast, client):
    won = closed_ones(cast.bo, 12, "work", 200)
    closed_ones(cast.bo, 6, "no_award", 60)
    closed_ones(cast.bo, 2, "opened", 5)
    closed_ones(cast.bo, 3, "cancelled", 5)
    for number, opportunity in enumerate(won):
        signed = NOW - timedelta(days=100 if number < 8 else 5)
        Contract.objects.create(opportunity=opportunity, supplier=cast.li, supplier_name="Li", price=Decimal("1000.00"), delivery_date=NOW.date(), terms_version="1", terms_en="x", terms_fr="x", terms_sha256="x", signed_language="en", signed_name="Li", signed_at=signed)  # fmt: skip
    month = NOW.date().replace(day=1)
    SurveyAnswer.objects.bulk_create([SurveyAnswer(kind="supplier", month=month, would_again=said) for said in ["yes"] * 7 + ["no"] * 6])  # fmt: skip
    SurveyInvitation.objects.create(token_sha256="x", kind="supplier", month=month)
    found = numbers(client)
    results = "Closed opportunities, by result"
    assert found[results, "Result to come"] == (None, "count"), "two"
    assert found[results, "Closed without a supplier"] == (None, "count"), "six, which cover the two"
    assert found[results, "Supplier selected"] == ("12", "count")
    assert found[results, "Total"] == ("20", "count"), "cancelled ones are left out"
    assert found["From the contract to the registry", "Contracts signed"] == ("12", "count")
    assert found["Value by quarter", "2026-27, January to March"] == (None, "dollars"), "four contracts"
    assert found["Value by quarter", "2026-27, October to December"] == (None, "dollars"), (
        "eight, which cover them"
    )
    assert found["Value by quarter", "Total"] == ("12000.00", "dollars")
    assert found["What suppliers and clients say", "Suppliers who would apply again"] == ("0.55", "share"), (
        "7 of 13, to the nearest five percent"
    )
    with CaptureQueriesContext(connection) as asked:
        text = client.get(reverse("statistics_csv")).content.decode("utf-8-sig")
    assert len(asked) <= 3, "made once, then kept until something changes"
    lines = list(csv.reader(StringIO(text)))[1:]
    assert {(table, row): (value or None, unit) for table, row, value, unit in lines} == found
    page = client.get(reverse("statistics")).content.decode()
    assert "$12,000.00" in page and page.count("Not shown") >= 4
    assert reverse("statistics") in client.get(reverse("home")).content.decode()
    closed_ones_more = Opportunity.objects.filter(state="opened").first()
    Opportunity.objects.filter(pk=closed_ones_more.pk).update(state="no_award", modified_at=NOW)
    assert numbers(client)[results, "Result to come"] == (None, "count"), "one is left"
    assert numbers(client)[results, "Closed without a supplier"] == (None, "count")

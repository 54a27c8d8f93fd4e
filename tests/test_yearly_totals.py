"""Totals by calendar year, in the shape of the federal publication of contracts under $10,000."""

import csv
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.urls import reverse

from microacq import clock
from opportunities.models import Extension
from opportunities.publishing import yearly_totals
from tests.factories import at, journey
from tests.need import NOW

MID_YEAR = NOW + timedelta(days=150)


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(MID_YEAR) as moment:
        yield moment


def published(client) -> list[dict]:
    answer = client.get(reverse("contracts_under_10k"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith(
        "\ufeffyear,contract_goods_number_of,contracts_goods_original_value,contracts_goods_amendment_value,"
    )
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))


def test_nothing_signed_gives_no_year(db, client):
    assert published(client) == []
    assert "No contract has been signed yet." in client.get(reverse("open_data")).content.decode()


def test_a_contract_paid_by_card_counts_as_a_service_and_as_a_card_payment(cast, client):
    opportunity = at("complete", cast, now=MID_YEAR)
    payment = opportunity.payment
    (year,) = published(client)
    assert year["year"] == str(opportunity.contract.signed_at.year) == str(payment.paid_on.year)
    assert (year["contract_service_number_of"], year["contracts_service_original_value"]) == ("1", "6500.00")
    assert (year["contract_goods_number_of"], year["contracts_construction_original_value"]) == ("0", "0.00")
    assert year["contracts_service_amendment_value"] == "0.00"
    assert year["acquisition_card_transactions_number_of"] == "1"
    assert year["acquisition_card_transactions_total_value"] == f"{payment.amount}"
    assert year["owner_org"] == "esdc-edsc"


def test_an_early_end_takes_the_value_back_and_a_new_date_is_an_amendment_without_value(cast, client):
    ended = at("terminated", cast, now=NOW)
    Extension.objects.create(opportunity=ended, side="client", old_date=NOW.date(), new_date=NOW.date(), reason="x", asked_at=NOW, settled_at=NOW, approved=True)  # fmt: skip
    Extension.objects.create(opportunity=ended, side="client", old_date=NOW.date(), new_date=NOW.date(), reason="x", asked_at=NOW, settled_at=NOW, approved=False)  # fmt: skip
    totals = {year.year: year for year in yearly_totals.years()}
    assert sum(year.amendments for year in totals.values()) == 2
    assert sum(year.amendment_value for year in totals.values()) == Decimal("-6500.00")
    assert sum(year.original_value for year in totals.values()) == Decimal("6500.00")
    assert totals[NOW.year].contracts == 1


def test_the_year_is_that_of_eastern_time(cast):
    opportunity = at("work", cast, now=NOW)
    signed = opportunity.contract.signed_at.astimezone(clock.EASTERN)
    assert [year.year for year in yearly_totals.years()] == [signed.year]


def test_paypal_is_no_card(cast):
    trip = journey(cast, now=MID_YEAR, state="complete")
    by_card = trip.paid
    trip.paid = lambda now: (
        by_card(now) | {"means": "paypal", "justification": "The supplier takes nothing else."}
    )
    trip.to("complete")
    (year,) = yearly_totals.years()
    assert (year.signed, year.card_payments, year.card_value) == (1, 0, 0)


def test_the_page_has_the_table_in_both_languages_and_names_nobody(cast, client):
    at("complete", cast, now=MID_YEAR)
    for prefix in ("/en/open-data/", "/fr/donnees-ouvertes/"):
        text = client.get(prefix).content.decode()
        assert "contracts-under-10k.csv" in text and "Li Supplier" not in text
        assert ("$6,500.00" in text) or ("6\u00a0500,00\u00a0$" in text)


def test_the_same_queries_for_one_year_and_for_more(cast, django_assert_num_queries):
    with django_assert_num_queries(3):
        yearly_totals.years()
    at("complete", cast, now=MID_YEAR)
    with django_assert_num_queries(3):
        yearly_totals.years()

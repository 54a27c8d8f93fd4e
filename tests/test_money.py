"""Dollars: what people type is read the one way it can be, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microacq import money


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1234.56", "1234.56"),
        ("$1,234.56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,56 $", "1234.56"),
        ("1\u00a0234,56\u00a0$", "1234.56"),
        ("1\u202f234,56 $", "1234.56"),
        ("1 234.56", "1234.56"),
        ("1,000", "1000"),  # a thousand, never one dollar
        ("$1,000", "1000"),
        ("10,000.00", "10000"),
        ("12345678", "12345678"),
        ("8690", "8690"),
        ("0,99", "0.99"),
        ("  $ 5  ", "5"),
        ("CAD 1,234.56", "1234.56"),
        ("1 234,56 $ CAD", "1234.56"),
    ],
)
def test_what_is_read(typed, amount):
    assert money.parse(typed) == Decimal(amount)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "$",
        "ten",
        "1.000",
        "1,5",
        "1.5",
        "12,34.00",
        "1,00,000",
        "1.234,56",
        "1,2345",
        "-5",
        "1e3",
        "٣٤",
        "5%",
    ]
    + ["1 23,00", "$1,234.567", "1" * 30, "NaN", "$$5", "1\n2"],
)
def test_what_is_refused(typed):
    with pytest.raises(ValueError):
        money.parse(typed)


@pytest.mark.parametrize(
    ("amount", "english", "french"),
    [
        ("1234.56", "$1,234.56", "1\u00a0234,56\u00a0$"),
        ("0", "$0.00", "0,00\u00a0$"),
        ("1234567.5", "$1,234,567.50", "1\u00a0234\u00a0567,50\u00a0$"),
        ("-12.3", "-$12.30", "-12,30\u00a0$"),
        ("0.005", "$0.01", "0,01\u00a0$"),
    ],
)
def test_what_is_shown(amount, english, french):
    assert money.display(Decimal(amount), "en") == english
    assert money.display(Decimal(amount), "fr") == french


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.sampled_from(["en", "fr"]))
def test_what_is_shown_can_be_typed_back(amount, language):
    assert money.parse(money.display(amount, language)) == amount


def test_the_highest_price_just_fits_under_the_ceiling():
    assert money.with_tax(money.MAX_PRICE, money.MAX_TAX_RATE) <= money.CEILING
    assert money.with_tax(money.MAX_PRICE + money.CENT, money.MAX_TAX_RATE) > money.CEILING
    assert money.with_tax(Decimal("100"), Decimal("0.14975")) == Decimal("114.98")

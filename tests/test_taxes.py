"""Sales taxes: the right rate for the province and the day, to the cent; registration numbers by shape."""

import datetime as dt
from decimal import Decimal

import pytest

from opportunities import taxes

TODAY = dt.date(2026, 3, 2)


def rates(province: str, day: dt.date = TODAY) -> list[tuple[str, str]]:
    return [(line.code, str(line.rate)) for line in taxes.taxes_for(province, Decimal(100), day)]


@pytest.mark.parametrize(
    ("province", "expected"),
    [
        ("ON", [("HST", "0.13")]),
        ("NB", [("HST", "0.15")]),
        ("NL", [("HST", "0.15")]),
        ("PE", [("HST", "0.15")]),
        ("NS", [("HST", "0.14")]),
        ("BC", [("GST", "0.05"), ("PST", "0.07")]),
        ("SK", [("GST", "0.05"), ("PST", "0.06")]),
        ("MB", [("GST", "0.05"), ("RST", "0.07")]),
        ("QC", [("GST", "0.05"), ("QST", "0.09975")]),
        ("AB", [("GST", "0.05")]),
        ("NT", [("GST", "0.05")]),
        ("NU", [("GST", "0.05")]),
        ("YT", [("GST", "0.05")]),
    ],
)
def test_each_province_charges_its_own_taxes(province, expected):
    assert rates(province) == expected


def test_every_province_and_territory_is_listed():
    assert len(taxes.PROVINCES) == 13


@pytest.mark.parametrize(
    ("day", "rate"),
    [(dt.date(2023, 9, 1), "0.15"), (dt.date(2025, 3, 31), "0.15"), (dt.date(2025, 4, 1), "0.14")],
)
def test_nova_scotia_lowered_its_rate_in_april_2025(day, rate):
    assert rates("NS", day) == [("HST", rate)]


def test_amounts_are_rounded_half_up_to_the_cent():
    gst, qst = taxes.taxes_for("QC", Decimal("6500.00"), TODAY)
    assert (gst.amount, qst.amount) == (Decimal("325.00"), Decimal("648.38"))  # 648.375
    (hst,) = taxes.taxes_for("ON", Decimal("0.50"), TODAY)
    assert str(hst.amount) == "0.07"  # 0.065


def test_quebec_tax_is_not_charged_on_the_federal_one():
    qst = taxes.taxes_for("QC", Decimal(1000), TODAY)[1]
    assert qst.amount == Decimal("99.75")


@pytest.mark.parametrize("province", taxes.PROVINCES)
def test_the_highest_price_stays_within_the_ceiling_everywhere(province):
    price = Decimal("8695.65")
    total = price + sum(line.amount for line in taxes.taxes_for(province, price, TODAY))
    assert total <= Decimal("10000.00")


@pytest.mark.parametrize(
    ("province", "price", "day"),
    [("XX", "1", TODAY), ("", "1", TODAY), ("ON", "-0.01", TODAY), ("ON", "1", dt.date(2019, 6, 30))],
)
def test_what_cannot_be_known_is_refused(province, price, day):
    with pytest.raises(ValueError):
        taxes.taxes_for(province, Decimal(price), day)


@pytest.mark.parametrize("number", ["123456789RT0001", "123456789 RT 0001", "123 456 789-rt-0001"])
def test_gst_numbers(number):
    assert taxes.valid_gst_number(number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "123456789",
        "12345678RT0001",
        "123456789RC0001",
        "123456789RT001",
        "x123456789RT0001",
        "١٢٣٤٥٦٧٨٩RT0001",
    ],
)
def test_other_texts_are_no_gst_numbers(number):
    assert not taxes.valid_gst_number(number)


def test_qst_numbers():
    assert taxes.valid_qst_number("1234567890TQ0001")
    assert taxes.valid_qst_number("1234567890 TQ 0001")
    assert not taxes.valid_qst_number("123456789TQ0001")
    assert not taxes.valid_qst_number("1234567890RT0001")


@pytest.mark.parametrize("number", ["PST-1234-5678", "1234567", "123456-7", "1234567 "])
def test_pst_numbers(number):
    assert taxes.valid_pst_number(number)


@pytest.mark.parametrize("number", ["", "none", "12", "abcde", "1234567 (pending)", "1" * 16])
def test_other_texts_are_no_pst_numbers(number):
    assert not taxes.valid_pst_number(number)

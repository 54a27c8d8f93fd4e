"""Sales taxes by province and date: what a supplier who charges tax adds to a fixed price.

Knows the general rates and the shape of registration numbers. Does not know whether a supplier is registered,
nor whether a tax applies to a given sale: the supplier's invoice says that.

Rates: Canada Revenue Agency, "Charge and collect the GST/HST: Which rate to charge"
(https://www.canada.ca/en/revenue-agency/services/tax/businesses/topics/gst-hst-businesses/charge-collect-which-rate.html),
the governments of British Columbia, Saskatchewan and Manitoba for PST and RST, and Revenu Québec for QST.
"""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext_lazy as _

PROVINCES = {
    "AB": _("Alberta"),
    "BC": _("British Columbia"),
    "MB": _("Manitoba"),
    "NB": _("New Brunswick"),
    "NL": _("Newfoundland and Labrador"),
    "NS": _("Nova Scotia"),
    "NT": _("Northwest Territories"),
    "NU": _("Nunavut"),
    "ON": _("Ontario"),
    "PE": _("Prince Edward Island"),
    "QC": _("Quebec"),
    "SK": _("Saskatchewan"),
    "YT": _("Yukon"),
}

# Every rate below was in force from this day or earlier; nothing is said of older prices.
SINCE = dt.date(2019, 7, 1)

_GST = ("GST", Decimal("0.05"))
# Province: (first day, taxes from that day on), newest first. Provinces not listed charge the GST alone.
_RATES: dict[str, list[tuple[dt.date, list[tuple[str, Decimal]]]]] = {
    "BC": [(dt.date(2013, 4, 1), [_GST, ("PST", Decimal("0.07"))])],
    "MB": [(dt.date(2019, 7, 1), [_GST, ("RST", Decimal("0.07"))])],
    "NB": [(dt.date(2016, 7, 1), [("HST", Decimal("0.15"))])],
    "NL": [(dt.date(2016, 7, 1), [("HST", Decimal("0.15"))])],
    "NS": [
        (dt.date(2025, 4, 1), [("HST", Decimal("0.14"))]),
        (dt.date(2010, 7, 1), [("HST", Decimal("0.15"))]),
    ],
    "ON": [(dt.date(2010, 7, 1), [("HST", Decimal("0.13"))])],
    "PE": [(dt.date(2016, 10, 1), [("HST", Decimal("0.15"))])],
    "QC": [(dt.date(2013, 1, 1), [_GST, ("QST", Decimal("0.09975"))])],
    "SK": [(dt.date(2017, 3, 23), [_GST, ("PST", Decimal("0.06"))])],
}
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class TaxLine:
    code: str  # "GST", "HST", "PST", "RST" or "QST"
    rate: Decimal  # a fraction: 0.13 for 13%
    amount: Decimal  # dollars, rounded half up to the cent


def taxes_for(province: str, price: Decimal, on_date: dt.date) -> list[TaxLine]:
    """The taxes on a price before tax (dollars) in a province ("ON") on a day, the federal one first.

    Each is computed on the price itself, never on another tax. Raises ValueError for an unknown province, a
    negative price or a day before the table begins.
    """
    if province not in PROVINCES:
        raise ValueError(f"unknown province: {province!r}")
    if price < 0:
        raise ValueError("a price cannot be negative")
    if on_date < SINCE:
        raise ValueError(f"no tax rates are known before {SINCE.isoformat()}")
    dated = _RATES.get(province, [(SINCE, [_GST])])
    rates = next(taxes for since, taxes in dated if since <= on_date)
    return [
        TaxLine(code, rate, (price * rate).quantize(_CENT, rounding=ROUND_HALF_UP)) for code, rate in rates
    ]


def valid_gst_number(text: str) -> bool:
    """Whether it has the shape of a GST/HST account: nine digits, RT, four digits; spaces and hyphens allowed."""
    return bool(re.fullmatch(r"[0-9]{9}RT[0-9]{4}", _bare(text)))


def valid_qst_number(text: str) -> bool:
    """Whether it has the shape of a QST account: ten digits, TQ, four digits; spaces and hyphens allowed."""
    return bool(re.fullmatch(r"[0-9]{10}TQ[0-9]{4}", _bare(text)))


def valid_pst_number(text: str) -> bool:
    """Whether it could be a PST or RST account. Each province has its own form (`PST-1234-5678`, `1234567`,
    `123456-7`): five to fifteen letters, digits, spaces, hyphens, at least five digits."""
    bare = _bare(text)
    return bool(re.fullmatch(r"[0-9A-Z]{5,15}", bare)) and sum(char.isdigit() for char in bare) >= 5


def _bare(text: str) -> str:
    return re.sub(r"[\s-]", "", text).upper()

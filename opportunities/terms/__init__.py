"""The one-page terms and conditions that a supplier signs, in both languages.

Knows the words, their version and how to fill in the particulars safely. Does not know opportunities or
contracts, nor who signs. A change of words is a new version in new files: what was signed stays readable.
"""

import datetime as dt
import functools
import hashlib
import re
from decimal import Decimal
from pathlib import Path

from microacq import money, text

VERSION = "1"

REQUIRED = (
    "reference",
    "title",
    "supplier_name",
    "client_name",
    "department",
    "price",
    "delivery_date",
    "licence",
    "repository",
)
OPTIONAL = {
    "taxes": {
        "en": "Taxes that the supplier must charge are added on the invoice.",
        "fr": "Les taxes que le fournisseur doit percevoir s’ajoutent sur la facture.",
    },
    "fund_reservation_number": {
        "en": "given to the supplier before the invoice",
        "fr": "communiqué au fournisseur avant la facture",
    },
}

Particular = str | Decimal | dt.date | None


def render(language: str, particulars: dict[str, Particular], version: str = VERSION) -> str:
    """The terms as Markdown in "en" or "fr", with the particulars filled in.

    Takes every name of REQUIRED and, if known, those of OPTIONAL. An amount (Decimal) and a date are written
    the way the language writes them; a text goes in as it is, its Markdown signs made harmless. Raises
    ValueError for a missing, empty or unknown particular, language or version.
    """
    template = _template(language, version)
    unknown = set(particulars) - set(REQUIRED) - set(OPTIONAL)
    if unknown:
        raise ValueError(f"unknown particulars: {', '.join(sorted(unknown))}")
    words = {}
    for name in (*REQUIRED, *OPTIONAL):
        written = _written(particulars.get(name), language)
        if not written and name in REQUIRED:
            raise ValueError(f"missing particular: {name}")
        words[name] = _harmless(written) if written else OPTIONAL[name][language]
    # One pass, so that a particular that looks like a placeholder stays what it is.
    return re.sub(r"\{(\w+)\}", lambda match: words[match[1]], template)


def sha256(terms: str) -> str:
    """The hexadecimal SHA-256 of a text in UTF-8: what identifies the terms that were signed."""
    return hashlib.sha256(terms.encode()).hexdigest()


@functools.cache
def _template(language: str, version: str) -> str:
    if language not in ("en", "fr") or not re.fullmatch(r"[0-9]+", version):
        raise ValueError(f"no terms {version!r} in {language!r}")
    path = Path(__file__).parent / f"v{version}.{language}.md"
    if not path.is_file():
        raise ValueError(f"no terms {version!r} in {language!r}")
    return path.read_text(encoding="utf-8")


def _written(value: Particular, language: str) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return money.display(value, language)
    if isinstance(value, dt.date):
        return text.date_words(value, language)
    # On one line, so that nothing typed can start a block; no-break spaces stay.
    return re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", value).strip(" ")


def _harmless(words: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>()#!|~&])", r"\\\1", words)

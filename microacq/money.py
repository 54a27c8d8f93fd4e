"""Canadian dollars: read what a person typed, show an amount in either language, add tax. Pure; Decimal only.

A mistyped comma once turned a bid of $1,000 into $1 in another system, so what could be read two ways is refused.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

CEILING = Decimal("10000")
"""The most that one micro-acquisition may cost, taxes included."""
MAX_TAX_RATE = Decimal("0.15")
"""The highest sales tax in Canada."""
MAX_PRICE = Decimal("8695.65")
"""The highest fixed price before tax that stays within CEILING under any tax in Canada."""

CENT = Decimal("0.01")
SPACES = "\u00a0\u202f\u2009"
_WHOLE = r"(?:\d+|\d{1,3}(?: \d{3})+)"
_FORMS = (
    re.compile(rf"({_WHOLE})"),  # 1234   1 234
    re.compile(rf"({_WHOLE})[.,](\d\d)"),  # 1234.56   1 234,56
    re.compile(r"(\d{1,3}(?:,\d{3})+)(?:\.(\d\d))?"),  # 1,234   1,234.56
)


def parse(text: str) -> Decimal:
    """Read `$1,234.56`, `1 234,56 $`, `1234`...; gives dollars with two decimals.

    Raises ValueError for anything else, above all for what could be read two ways (`1.000`, `1,5`, `12,34.00`).
    """
    plain = text.strip()
    for space in SPACES:
        plain = plain.replace(space, " ")
    plain = re.sub(r"^(?:CAD|CA)?\s*\$?\s*|\s*\$?\s*(?:CAD)?$", "", plain.strip())
    if len(plain) <= 20 and plain.isascii():
        for form in _FORMS:
            if found := form.fullmatch(plain):
                whole = found[1].replace(",", "").replace(" ", "")
                cents = found[2] if form.groups == 2 and found[2] else "00"
                return Decimal(f"{whole}.{cents}")
    raise ValueError("Not an amount in dollars and cents.")


def display(amount: Decimal, language: str) -> str:
    """`$1,234.56`, or `1 234,56 $` with no-break spaces when language is "fr"."""
    english = f"{amount.quantize(CENT, ROUND_HALF_UP):,}"
    if language == "fr":
        return english.replace(",", "\u00a0").replace(".", ",") + "\u00a0$"
    return f"-${english[1:]}" if english.startswith("-") else f"${english}"


def with_tax(amount: Decimal, rate: Decimal) -> Decimal:
    """The amount with tax at that rate (0.15 for 15%), to the cent, half a cent going up."""
    return (amount * (1 + rate)).quantize(CENT, ROUND_HALF_UP)

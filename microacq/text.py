"""What typed text is made of: its words, what it must not hold, and how a moment is written.

Pure functions, tested by example. Knows English and French writing; knows no form and no model.
"""

import re
import unicodedata
from datetime import date, datetime
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/Toronto")

# Marks that reverse the direction of what follows: a price or an address could read as another.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff\u00ad]")
_PHONE = re.compile(r"(?<!\d)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)")
_DIGIT_GROUPS = re.compile(r"(?<![^\W_])\d+(?:[ \t.-]\d+)*(?![^\W_])")
_CARD_PREFIX = re.compile(r"3[0-9]|[456]|2[2-7]")
_BREAKS = re.compile(r"\s+|[\u2013\u2014]|(?<=[^\W\d_])[,;](?=[^\W\d_])")

# fmt: off
_MONTHS = {
    "en": ["January", "February", "March", "April", "May", "June", "July",
           "August", "September", "October", "November", "December"],
    "fr": ["janvier", "février", "mars", "avril", "mai", "juin", "juillet",
           "août", "septembre", "octobre", "novembre", "décembre"],
}
# fmt: on


def french_spaces(line: str) -> str:
    """A line with the spaces of French as Canada writes it: a no-break one before a colon and inside guillemets, none
    before ; ! and ?. A colon inside a word, an hour or an address stays as it is."""
    line = re.sub(r"(?<=\S)[ \xa0\u202f]*:(?=\s|$)", "\xa0:", line)
    line = re.sub(r"«[ \xa0\u202f]*", "«\xa0", line)
    line = re.sub(r"[ \xa0\u202f]*»", "\xa0»", line)
    return re.sub(r"[ \xa0\u202f]+(?=[;!?])", "", line)


def count_words(text: str) -> int:
    """The number of words as a person counts them: punctuation standing alone is not a word."""
    return sum(1 for word in _BREAKS.split(text or "") if any(c.isalnum() for c in word))


def has_control_characters(text: str, *, one_line: bool = False) -> bool:
    """True when the text holds NUL or another control character; tab and new line are fine unless one line."""
    allowed = "\t" if one_line else "\t\n\r"
    return any(unicodedata.category(c) in ("Cc", "Cs") and c not in allowed for c in text)


def has_direction_marks(text: str) -> bool:
    """True when the text holds marks that override its direction."""
    return bool(_BIDI.search(text))


def holds_card_number(text: str) -> bool:
    """True when 13 to 19 digits, spaces and hyphens between them allowed, could be a card's number."""
    plain = _PHONE.sub("x", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))
    plain = re.sub("[\u2010-\u2015\u2212]", "-", plain)
    for run in _DIGIT_GROUPS.findall(plain):
        groups = re.split(r"[ \t.-]", run)
        for first in range(len(groups)):
            digits = ""
            for group in groups[first:]:
                digits += group
                if len(digits) > 19:
                    break
                if len(digits) >= 13 and _CARD_PREFIX.match(digits) and _luhn(digits):
                    return True
    return False


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def date_words(day: date, language: str) -> str:
    """A day in words: "January 15, 2027" or "15 janvier 2027". An aware datetime is taken in Eastern time."""
    if isinstance(day, datetime):
        day = day.astimezone(EASTERN).date()
    if language == "fr":
        number = "1er" if day.day == 1 else str(day.day)
        return f"{number} {_MONTHS['fr'][day.month - 1]} {day.year}"
    return f"{_MONTHS['en'][day.month - 1]} {day.day}, {day.year}"


def eastern_words(moment: datetime, language: str) -> str:
    """A moment in words with its zone: "January 15, 2027, 2:00 p.m. Eastern time" or
    "15 janvier 2027, 14 h, heure de l’Est", whose "14 h" does not break. Takes an aware datetime."""
    local = moment.astimezone(EASTERN)
    if language == "fr":
        minutes = f"\xa0{local.minute:02d}" if local.minute else ""
        return f"{date_words(local, 'fr')}, {local.hour}\xa0h{minutes}, heure de l’Est"
    half = "p.m." if local.hour >= 12 else "a.m."
    return f"{date_words(local, 'en')}, {local.hour % 12 or 12}:{local.minute:02d} {half} Eastern time"

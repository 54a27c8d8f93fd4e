"""What a card of the public list says of each opportunity, ready to be shown: light rows, one query, no models.

Knows only what was posted. Everything is in the reader's language; the time is given.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, ngettext

from microacq import clock, money
from microacq.templatetags.gc import eastern, eastern_date

from . import listing
from .models import Opportunity

LONGEST_TEXT = 240
PLACE = "REFERENCE"
"""Stands for the reference in the address of a page, so that one look-up serves every card."""


@dataclass
class Card:
    """One opportunity, as its card shows it."""

    reference: str
    state: str
    closing_at: datetime
    updated: bool
    title: str
    text: str
    price: str
    skills: str
    url: str
    status: listing.PublicStatus = listing.OPEN
    when: Any = ""

    def is_open(self, now: datetime) -> bool:
        """As `Opportunity.is_open`."""
        return self.state == "posted" and now < self.closing_at


def cards(parts, now: datetime) -> list[Card]:
    """The cards of what querysets of posted opportunities give, in their order. One query."""
    language = "fr" if (get_language() or "en").startswith("fr") else "en"
    other = "en" if language == "fr" else "fr"
    through = Opportunity.skills.through.objects.filter(opportunity=OuterRef("pk")).order_by("skill__name_en")
    names = ArraySubquery(through.values(f"skill__name_{language}"))
    facts = ["reference", "state", "closing_at", "amended_at", "fixed_price"]
    facts += [f"{name}_{tongue}" for name in ("title", "short_description") for tongue in (language, other)]
    pattern = reverse("opportunity", args=[PLACE])
    made = []
    rows = listing.one_after_another(parts, *facts, names)
    for reference, state, closing, amended, price, title, title2, text, text2, skills in rows:
        card = Card(
            reference=reference,
            state=state,
            closing_at=closing,
            updated=amended is not None,
            title=title or title2 or "",
            text=cut(text or text2 or ""),
            price=money.display(price, language),
            skills=", ".join(filter(None, skills)),
            url=pattern.replace(PLACE, reference),
        )
        card.status = listing.public_status(card, now)
        card.when = _when(card, now)
        made.append(card)
    return made


def cut(text: str) -> str:
    """The beginning of a text, with an ellipsis where it goes on."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1].rstrip() + "…"


def _when(card: Card, now: datetime) -> Any:
    if card.status is not listing.OPEN:
        closed = gettext("Closing date: %(when)s").replace("%(when)s", "{}")
        return format_html(closed, eastern_date(card.closing_at))
    days = days_between(now, card.closing_at)
    left = (
        ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days}
        if days
        else gettext("today")
    )
    return format_html(
        gettext("Closes %(when)s").replace("%(when)s", "{}") + " ({})", eastern(card.closing_at), left
    )


def days_between(now: datetime, then: datetime) -> int:
    """Calendar days in Eastern time; negative when it is past."""
    return (then.astimezone(clock.EASTERN).date() - now.astimezone(clock.EASTERN).date()).days

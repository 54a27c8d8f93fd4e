"""What the public list says of each opportunity, one card each, as HTML: one query, no models, no template.

Knows only what was posted. Everything is in the reader's language; the time is given.
"""

from dataclasses import dataclass
from datetime import datetime
from html import escape

from django.db import connection
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

from microacq import clock, money
from microacq.templatetags.gc import eastern, eastern_date

from . import listing
from .public_status import OPEN, STATUSES, public_status

LONGEST_TEXT = 240
PLACE = "REFERENCE"
"""Stands for the reference in the address of a page, so that one look-up serves every card."""
FACTS = """
SELECT posted.reference, posted.state, posted.closing_at, posted.amended_at IS NOT NULL, posted.fixed_price,
       coalesce(nullif(posted.title_{language}, ''), posted.title_{other}, ''),
       coalesce(nullif(posted.short_description_{language}, ''), posted.short_description_{other}, ''),
       ARRAY(SELECT skill.name_{language} FROM opportunities_opportunity_skills through
             JOIN opportunities_skill skill ON skill.id = through.skill_id
             WHERE through.opportunity_id = posted.id ORDER BY skill.name_en)
FROM unnest(ARRAY({keys})) WITH ORDINALITY AS wanted (id, place)
JOIN opportunities_opportunity posted ON posted.id = wanted.id
ORDER BY wanted.place
"""
CARD = """<li class="gc-card">
      <p><span class="gc-tag {tag}">{status}</span>{updated}</p>
      <{level}><a href="{url}">{title}</a></{level}>
      <p>{text}</p>
      <p><strong>{price}</strong> {before_taxes}</p>
      {skills}<p>{when}</p>
    </li>"""


@dataclass(frozen=True)
class Timed:
    """What the status of an opportunity depends on."""

    state: str
    closing_at: datetime

    def is_open(self, now: datetime) -> bool:
        """As `Opportunity.is_open`."""
        return self.state == "posted" and now < self.closing_at


def cards(parts, now: datetime, level: str = "h2") -> list[SafeString]:
    """The cards, each an item of a list, of what querysets of posted opportunities give, in their order. One query.

    `level` is the heading of a card.
    """
    language = "fr" if (get_language() or "en").startswith("fr") else "en"
    pattern = reverse("opportunity", args=[PLACE])
    before_taxes, skills_label = escape(gettext("before taxes")), escape(gettext("Skills:"))
    updated_tag = f' <span class="gc-tag">{escape(gettext("Updated"))}</span>'
    statuses = {status.key: escape(str(status.label)) for status in STATUSES}
    when, made = _When(now), []
    for reference, state, closing, updated, price, title, text, skills in _rows(parts, language):
        status = public_status(Timed(state, closing), now)
        named = escape(", ".join(filter(None, skills)))
        card = CARD.format(
            tag=status.tag,
            status=statuses[status.key],
            updated=updated_tag if updated else "",
            level=level,
            url=escape(pattern.replace(PLACE, reference)),
            title=escape(title),
            text=escape(cut(text)),
            price=escape(money.display(price, language)),
            before_taxes=before_taxes,
            skills=f"<p>{skills_label} {named}</p>\n      " if named else "",
            when=when.write(closing, status is OPEN),
        )
        made.append(mark_safe(card))  # noqa: S308 - each of its parts was escaped just here
    return made


def _rows(parts, language: str) -> list[tuple]:
    keys = listing.one_after_another(parts, "pk")
    if not parts:
        return []
    sql, params = keys.query.sql_with_params()
    other = "en" if language == "fr" else "fr"
    with connection.cursor() as cursor:
        cursor.execute(FACTS.format(language=language, other=other, keys=sql), params)
        return cursor.fetchall()


def cut(text: str) -> str:
    """The beginning of a text, with an ellipsis where it goes on."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1].rstrip() + "…"


class _When:
    """Writes when each closes, or closed; its words are looked up once for all cards."""

    def __init__(self, now: datetime) -> None:
        self.now, self.left = now, {0: escape(gettext("today"))}
        self.closes = escape(gettext("Closes %(when)s"))
        self.closed = escape(gettext("Closing date: %(when)s"))

    def write(self, closing: datetime, is_open: bool) -> str:
        if not is_open:
            return self.closed % {"when": eastern_date(closing)}
        days = days_between(self.now, closing)
        if days not in self.left:
            words = ngettext("%(days)s day left", "%(days)s days left", days)
            self.left[days] = escape(words % {"days": days})
        return self.closes % {"when": eastern(closing)} + f" ({self.left[days]})"


def days_between(now: datetime, then: datetime) -> int:
    """Calendar days in Eastern time; negative when it is past."""
    return (then.astimezone(clock.EASTERN).date() - now.astimezone(clock.EASTERN).date()).days

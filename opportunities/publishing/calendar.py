"""Closing and question deadlines as iCalendar (RFC 5545): one event each, in Eastern time with its rules.

An event keeps its UID; each amendment raises its SEQUENCE, so that calendars move it; what was cancelled before closing
is said to be cancelled. The same facts give the same bytes.
"""

from datetime import datetime, timedelta

from django.db.models import Count
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone

from microacq import clock, money

from .. import listing
from ..models import Opportunity
from .addresses import address

KEPT = timedelta(days=30)
"""How long a past or cancelled deadline stays in the calendar of all."""
MOST = 500
"""How many opportunities it holds at most, those that close last first."""

# Ontario's rules since 2007; no deadline is older.
EASTERN_RULES = """BEGIN:VTIMEZONE
TZID:America/Toronto
BEGIN:DAYLIGHT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
TZNAME:EDT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
TZNAME:EST
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
END:VTIMEZONE
"""


def calendar_of_all(asked: listing.Asked, now: datetime) -> bytes:
    """The deadlines of what was asked for, from 30 days ago on, in the reader's language."""
    found = listing.matching(asked, now).filter(closing_at__gte=now - KEPT).order_by("-closing_at", "-pk")
    return _calendar(_("Micro-acquisition: deadlines"), found[:MOST])


def calendar_of(opportunity) -> bytes:
    """The two deadlines of one opportunity."""
    return _calendar(opportunity.reference, Opportunity.objects.filter(pk=opportunity.pk))


def _calendar(name: str, opportunities) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Employment and Social Development Canada//Micro-acquisition//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", "America/Toronto")
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    calendar.add_component(Timezone.from_ical(EASTERN_RULES))
    for opportunity in opportunities.annotate(changes=Count("amendments")):
        for event in _events(opportunity):
            calendar.add_component(event)
    return calendar.to_ical()


def _events(opportunity) -> list[Event]:
    return [
        _event(
            opportunity,
            "questions",
            opportunity.questions_until,
            _("Last questions: %(title)s") % {"title": opportunity.title},
        ),
        _event(
            opportunity,
            "closing",
            opportunity.closing_at,
            _("Applications close: %(title)s") % {"title": opportunity.title},
        ),
    ]


def _event(opportunity, kind: str, at: datetime, summary: str) -> Event:
    language = {"LANGUAGE": (get_language() or "en")[:2] + "-CA"}
    changed = opportunity.amended_at or opportunity.posted_at
    page = address("opportunity", opportunity.reference)
    event = Event()
    event.add("uid", f"{opportunity.reference}-{kind}@esdc-edsc.micro-acquisition")
    event.add("dtstamp", changed)
    event.add("created", opportunity.posted_at)
    event.add("last-modified", changed)
    event.add("sequence", opportunity.changes)
    event.add("dtstart", at.astimezone(clock.EASTERN))
    event.add("summary", summary, parameters=language)
    price = money.display(opportunity.fixed_price, language["LANGUAGE"][:2])
    event.add(
        "description",
        _("%(reference)s. Fixed price, before taxes: %(price)s.")
        % {"reference": opportunity.reference, "price": price}
        + f"\n{opportunity.short_description}\n{page}",
        parameters=language,
    )
    event.add("url", page)
    event.add("class", "PUBLIC")
    event.add("transp", "TRANSPARENT")
    event.add("status", "CANCELLED" if _cancelled_before_closing(opportunity) else "CONFIRMED")
    return event


def _cancelled_before_closing(opportunity) -> bool:
    return opportunity.state == "cancelled" and opportunity.state_since < opportunity.closing_at

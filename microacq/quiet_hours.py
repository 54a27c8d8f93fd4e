"""When nobody is reminded: at night in Eastern time, and on days when the federal public service does not work.

For reminders alone: what follows somebody's act, or must be told at once to be fair, does not wait. Knows no mail.
"""

import re
from datetime import datetime, time

from django.conf import settings

from . import business_days, clock

MIDNIGHT = time()


def parse(text: str) -> tuple[time, time]:
    """From when to when, of "20:00-07:00"; the same time twice means never. Raises ValueError."""
    found = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", text.strip())
    if not found:
        raise ValueError(text)
    start, end = (time.fromisoformat(part) for part in found.groups())
    return start, end


def may_remind(now: datetime) -> bool:
    """Whether people may be reminded now."""
    local = now.astimezone(clock.EASTERN)
    start, end = settings.QUIET_HOURS
    if start > end:
        quiet = local.time() >= start or local.time() < end
    else:
        quiet = start <= local.time() < end
    return not quiet and business_days.is_business_day(local.date())


def opens(moment: datetime) -> datetime:
    """The first moment, from this one on, when people may be reminded."""
    if may_remind(moment):
        return moment
    local = moment.astimezone(clock.EASTERN)
    start, end = settings.QUIET_HOURS
    if business_days.is_business_day(local.date()) and local.time() < end:
        return datetime.combine(local.date(), end, clock.EASTERN)
    next_day = business_days.add(local.date(), 1)
    first = datetime.combine(next_day, MIDNIGHT, clock.EASTERN)
    return datetime.combine(next_day, end, clock.EASTERN) if not may_remind(first) else first


def morning(now: datetime) -> datetime | None:
    """When people may first be reminded today, Eastern; None when today is no business day."""
    midnight = datetime.combine(now.astimezone(clock.EASTERN).date(), MIDNIGHT, clock.EASTERN)
    first = opens(midnight)
    return first if first.date() == midnight.date() else None

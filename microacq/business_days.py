"""Business days of the federal public service: not Saturdays, Sundays or its holidays. Pure; knows no deadline.

The library `holidays` gives the federal government's; to them the public service's collective agreements add Easter
Monday and one more day, which is the first Monday in August.
"""

from datetime import date, timedelta
from functools import lru_cache

import holidays
from dateutil.easter import easter
from holidays.constants import GOVERNMENT, PUBLIC

ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    federal = holidays.country_holidays("CA", years=year, categories=(PUBLIC, GOVERNMENT))
    first_monday_in_august = date(year, 8, 7) - ONE_DAY * date(year, 8, 7).weekday()
    return frozenset(federal) | {easter(year) + ONE_DAY, first_monday_in_august}


def is_business_day(day: date) -> bool:
    """Whether the federal public service works on that day."""
    return day.weekday() < 5 and day not in _holidays(day.year)


def add(day: date, n: int) -> date:
    """The n-th business day after `day`, or before it for a negative n; `day` itself for 0, whatever day it is."""
    step = ONE_DAY if n > 0 else -ONE_DAY
    for _ in range(abs(n)):
        day += step
        while not is_business_day(day):
            day += step
    return day


def between(start: date, end: date) -> int:
    """How many business days there are after `start`, up to and including `end`; 0 when end is not after start."""
    return sum(is_business_day(start + ONE_DAY * n) for n in range(1, (end - start).days + 1))

"""Business days of the federal public service, by example."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microacq import business_days

days = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31))


@pytest.mark.parametrize(
    "day",
    [
        date(2027, 1, 1),  # New Year's Day
        date(2027, 3, 26),  # Good Friday
        date(2027, 3, 29),  # Easter Monday
        date(2027, 5, 24),  # Victoria Day
        date(2027, 7, 1),  # Canada Day
        date(2027, 8, 2),  # first Monday in August
        date(2027, 9, 6),  # Labour Day
        date(2027, 9, 30),  # National Day for Truth and Reconciliation
        date(2027, 10, 11),  # Thanksgiving
        date(2027, 11, 11),  # Remembrance Day
        date(2027, 12, 27),  # Christmas Day, which falls on a Saturday
        date(2027, 12, 28),  # Boxing Day, which falls on a Sunday
        date(2023, 11, 13),  # Remembrance Day, which falls on a Saturday
        date(2027, 1, 16),  # a Saturday
        date(2027, 1, 17),  # a Sunday
    ],
)
def test_not_a_business_day(day):
    assert not business_days.is_business_day(day)


@pytest.mark.parametrize(
    "day",
    [
        date(2027, 1, 15),
        date(2027, 2, 15),  # Family Day in Ontario, not a federal holiday
        date(2027, 6, 24),  # Saint-Jean-Baptiste in Quebec, not a federal holiday
    ],
)
def test_a_business_day(day):
    assert business_days.is_business_day(day)


@pytest.mark.parametrize(
    ("day", "n", "then"),
    [
        (date(2027, 1, 15), 1, date(2027, 1, 18)),  # Friday to Monday
        (date(2027, 1, 15), 5, date(2027, 1, 22)),
        (date(2027, 1, 16), 1, date(2027, 1, 18)),  # from a Saturday
        (date(2027, 1, 18), -1, date(2027, 1, 15)),
        (date(2027, 12, 24), 1, date(2027, 12, 29)),  # over Christmas
        (date(2027, 12, 29), -1, date(2027, 12, 24)),
        (date(2027, 1, 16), 0, date(2027, 1, 16)),
    ],
)
def test_so_many_business_days_later(day, n, then):
    assert business_days.add(day, n) == then


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        (date(2027, 1, 15), date(2027, 1, 15), 0),
        (date(2027, 1, 15), date(2027, 1, 17), 0),
        (date(2027, 1, 15), date(2027, 1, 18), 1),
        (date(2027, 3, 25), date(2027, 3, 30), 1),  # over Easter
        (date(2027, 1, 18), date(2027, 1, 15), 0),
    ],
)
def test_business_days_between(start, end, count):
    assert business_days.between(start, end) == count


@given(days, st.integers(min_value=1, max_value=60))
def test_between_undoes_add(day, n):
    later = business_days.add(day, n)
    assert business_days.is_business_day(later)
    assert business_days.between(day, later) == n

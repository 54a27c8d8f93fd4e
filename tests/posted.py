"""A posted opportunity whose closing is known, on a clock that stands eight days before."""

from datetime import datetime, timedelta

import pytest

from microacq import clock

from .factories import at

CLOSING = datetime(2027, 1, 20, 14, 0, tzinfo=clock.EASTERN)
"""A Wednesday."""
BEFORE = CLOSING - timedelta(days=8)


@pytest.fixture
def now():
    """The clock, which a test may move."""
    with clock.frozen(BEFORE) as stopped:
        yield stopped


@pytest.fixture
def posted(cast, now):
    return at("posted", cast, closing=CLOSING)

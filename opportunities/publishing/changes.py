"""When anything that the public reads last changed, so that a reader who asks again is told "nothing new" at once.

Knows posted opportunities only. Every change of one goes through `lifecycle.perform()`, which notes the moment; the other
thing that changes what is read is the time itself, when an opportunity closes or a day begins.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from microacq import clock

from ..kept import Fresh
from ..models.public_state import ask_first

# Each part is one row of an index or of a table of one row, however much is posted.
STATE = """
SELECT (SELECT mark FROM opportunities_publicstate),
       (SELECT modified_at FROM opportunities_opportunity WHERE posted_at IS NOT NULL
        ORDER BY modified_at DESC LIMIT 1),
       (SELECT closing_at FROM opportunities_opportunity WHERE posted_at IS NOT NULL AND closing_at <= %(now)s
        ORDER BY closing_at DESC LIMIT 1),
       (SELECT closing_at FROM opportunities_opportunity WHERE state = 'posted' AND closing_at > %(now)s
        ORDER BY closing_at LIMIT 1)
"""


@dataclass(frozen=True)
class State:
    """What is posted at a moment: its mark, when it last changed (None when nothing is), and until when it stays so."""

    mark: str
    changed_at: datetime | None
    now: datetime
    until: datetime

    def fresh(self, *moments: datetime | None) -> Fresh:
        """How long what is worked out of it stays true, which changes also when one of the moments comes."""
        to_come = [moment for moment in moments if moment and moment > self.now]
        return Fresh(self.mark, self.now, min([self.until, *to_come]))


def last_change(now: datetime) -> State:
    """The state of everything posted, in one query that reads four rows."""
    mark, modified, closed, closing = ask_first(STATE, {"now": now}) or (None,) * 4
    moments = [moment for moment in (modified, closed) if moment]
    to_come = [moment for moment in (closing, tomorrow(now)) if moment]
    return State(mark or "", max(moments, default=None), now, min(to_come))


def tomorrow(now: datetime) -> datetime:
    """When the next day begins in Eastern time: the days left are others."""
    day = now.astimezone(clock.EASTERN).date() + timedelta(days=1)
    return datetime.combine(day, time(), tzinfo=clock.EASTERN)

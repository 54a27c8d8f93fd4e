"""The one clock. Views and commands ask it and pass the time down; nothing deeper reads it.

Tests freeze it. The demonstration (settings.DEMO) may push it forward, never back, for every process at once: the
offset is kept in a file. Knows nothing of deadlines.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

EASTERN = ZoneInfo("America/Toronto")


class Frozen:
    """A stopped clock, for tests; `move_to` sets it to another time, forward or back."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment
        self.move_to(moment)

    def move_to(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise ValueError("The clock needs an aware datetime.")
        self.moment = moment.astimezone(UTC)


_frozen: list[Frozen] = []


def now() -> datetime:
    """The time, aware, in UTC."""
    if _frozen:
        return _frozen[-1].moment
    real = datetime.now(UTC)
    return real + demo_offset() if settings.DEMO else real


@contextmanager
def frozen(moment: datetime) -> Iterator[Frozen]:
    """Stop the clock of this whole process, other threads included, at an aware datetime."""
    stopped = Frozen(moment)
    _frozen.append(stopped)
    try:
        yield stopped
    finally:
        _frozen.remove(stopped)


def demo_offset() -> timedelta:
    """How far ahead the demonstration's clock is; nothing outside the demonstration."""
    if not settings.DEMO:
        return timedelta(0)
    try:
        return timedelta(seconds=int(_demo_file().read_text()))
    except (FileNotFoundError, ValueError):
        return timedelta(0)


def advance_demo(step: timedelta) -> timedelta:
    """Push the demonstration's clock forward, for every process; gives the new offset, in whole seconds.

    Raises ValueError for a step that is not forward, or outside the demonstration.
    """
    if not settings.DEMO:
        raise ValueError("Only the demonstration's clock can be moved.")
    if step <= timedelta(0):
        raise ValueError("The demonstration's clock moves forward only.")
    file = _demo_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        offset = demo_offset() + step
        fresh = file.with_suffix(".new")
        fresh.write_text(
            str(-int(-offset.total_seconds() // 1))
        )  # up to a whole second: never short of the target
        fresh.replace(file)
    return demo_offset()


def _demo_file() -> Path:
    return Path(settings.VAR_DIR) / "demo-clock"

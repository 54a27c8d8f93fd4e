"""The one clock: frozen in tests, pushed forward in the demonstration, real otherwise."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from microacq import clock

NOON = datetime(2027, 1, 15, 12, 0, tzinfo=clock.EASTERN)


def test_it_tells_the_real_time_in_utc():
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC


def test_it_stands_still_for_every_thread_and_moves_when_told():
    seen = []
    with clock.frozen(NOON) as stopped:
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
        assert seen == [NOON]
        stopped.move_to(NOON - timedelta(days=2))
        assert clock.now() == NOON - timedelta(days=2)
    assert abs(datetime.now(UTC) - clock.now()) < timedelta(minutes=1)


def test_a_clock_within_a_clock():
    with clock.frozen(NOON):
        with clock.frozen(NOON + timedelta(hours=1)):
            assert clock.now() == NOON + timedelta(hours=1)
        assert clock.now() == NOON


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="aware"), clock.frozen(datetime(2027, 1, 15)):  # noqa: DTZ001
        pass


def test_the_demonstration_moves_forward_only(settings, tmp_path):
    settings.DEMO, settings.VAR_DIR = True, tmp_path / "var"
    assert clock.demo_offset() == timedelta(0)
    assert clock.advance_demo(timedelta(hours=1)) == timedelta(hours=1)
    assert clock.advance_demo(timedelta(days=1, milliseconds=1)) == timedelta(days=1, hours=1, seconds=1)
    assert clock.now() - datetime.now(UTC) > timedelta(days=1)
    for step in (timedelta(0), timedelta(seconds=-1)):
        with pytest.raises(ValueError, match="forward"):
            clock.advance_demo(step)
    assert clock.demo_offset() == timedelta(days=1, hours=1, seconds=1)


def test_outside_the_demonstration_nothing_moves_it(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    (tmp_path / "demo-clock").write_text("86400")
    assert clock.demo_offset() == timedelta(0)
    assert clock.now() - datetime.now(UTC) < timedelta(minutes=1)
    with pytest.raises(ValueError, match="demonstration"):
        clock.advance_demo(timedelta(hours=1))

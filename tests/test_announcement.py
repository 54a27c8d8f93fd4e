"""An announcement is written with its event and told in batches: each subscriber once, whatever stops it in between."""

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from post_office.models import Email

from microacq import clock
from opportunities import due, mailing_list, notifications
from opportunities.actions import act
from opportunities.lifecycle import LIFECYCLE
from opportunities.models import Announcement, Notification, Subscription
from tests.cast import make_cast
from tests.factories import at, journey

NOW = datetime(2027, 1, 12, 10, 0, tzinfo=clock.EASTERN)


@pytest.fixture(autouse=True)
def _now():
    with clock.frozen(NOW):
        yield


def subscribe(*numbers):
    Subscription.objects.bulk_create(
        Subscription(email=f"s{number}@example.ca", language="en", confirmed_at=NOW) for number in numbers
    )


def told() -> list[str]:
    notices = Notification.objects.filter(template="new_opportunity").select_related("email")
    return sorted(notice.email.to[0] for notice in notices)


@pytest.fixture
def announced(cast, monkeypatch):
    """Posted, with five on the list, two to a batch."""
    subscribe(*range(5))
    monkeypatch.setattr(mailing_list, "BATCH", 2)
    return at("posted", cast, now=NOW)


EVERYBODY = [f"s{number}@example.ca" for number in range(5)]


def test_posting_queues_one_row_whatever_the_length_of_the_list(cast):
    way = journey(cast, state="posted", now=NOW)
    way.to("reserved")
    row = next(row for row in LIFECYCLE if row.name == "post")
    assert "subscribers" in notifications.LISTS & {notice.audience for notice in row.told}
    counts = []
    subscribe(*range(40))
    with CaptureQueriesContext(connection) as queries:
        way.enter("posted")
    counts.append(len(queries))
    assert told() == []
    waiting = Announcement.objects.get()
    assert (waiting.event.transition, waiting.audience, waiting.done_at) == ("post", "subscribers", None)
    assert counts[0] < 100, "the same transaction does not write to each of them"


def test_each_is_told_once_however_often_it_runs(announced):
    assert mailing_list.announce(NOW) == 5
    assert mailing_list.announce(NOW) == 0
    assert told() == EVERYBODY
    assert Announcement.objects.get().done_at == NOW
    assert "announce" in [name for _order, name, _function in due.JOBS]


def test_a_round_leaves_room_for_the_other_jobs(announced, monkeypatch):
    monkeypatch.setattr(mailing_list, "BATCHES", 1)
    assert [mailing_list.announce(NOW) for _time in range(4)] == [2, 2, 1, 0]
    assert told() == EVERYBODY


def test_killed_in_the_middle_of_a_batch_it_goes_on_where_it_was(announced, monkeypatch):
    queue, calls = notifications.queue, []

    def dies(*args, **kwargs):
        calls.append(args)
        if len(calls) == 4:
            raise SystemExit
        return queue(*args, **kwargs)

    monkeypatch.setattr(notifications, "queue", dies)
    with pytest.raises(SystemExit):
        mailing_list.announce(NOW)
    assert told() == EVERYBODY[:2], "the first batch is kept whole, the second not at all"
    assert mailing_list.announce(NOW) == 3
    assert told() == EVERYBODY


def test_who_left_meanwhile_gets_none(announced, monkeypatch):
    monkeypatch.setattr(mailing_list, "BATCHES", 1)
    mailing_list.announce(NOW)
    mailing_list.unsubscribe(Subscription.objects.get(email="s3@example.ca"), NOW)
    Subscription.objects.filter(email="s4@example.ca").update(bounced_at=NOW)
    mailing_list.announce(NOW + timedelta(minutes=2))
    mailing_list.announce(NOW + timedelta(minutes=2))
    assert told() == EVERYBODY[:3]


def test_what_was_cancelled_meanwhile_is_announced_no_more(announced, cast):
    act("cancel", announced, cast.tess, data={"reason_en": "No more need.", "reason_fr": "Plus besoin."})
    assert mailing_list.announce(NOW) == 0
    assert told() == []
    assert Announcement.objects.get().done_at == NOW


@pytest.mark.django_db(transaction=True)
def test_two_machines_at_once_tell_each_once(monkeypatch):
    monkeypatch.setattr(mailing_list, "BATCH", 3)
    subscribe(*range(12))
    at("posted", make_cast(), now=NOW)
    start = Barrier(2)

    def run():
        start.wait()
        try:
            mailing_list.announce(NOW)
        finally:
            connection.close()

    threads = [Thread(target=run) for _machine in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    mailing_list.announce(NOW)
    assert told() == sorted(f"s{number}@example.ca" for number in range(12))
    assert Email.objects.filter(to__endswith="@example.ca").count() == 12

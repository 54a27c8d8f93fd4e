"""The daily digest: what waits for each person, once a business morning; what others hold too long, to the team."""

from datetime import date, datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from post_office.models import STATUS, Email

from microacq import clock, quiet_hours
from opportunities import digest, due
from opportunities.actions import act
from opportunities.models import DailyDigest, Notification, SplittingFlag
from opportunities.views.questions import ask
from tests.cast import make_cast
from tests.factories import at, journey

NOW = datetime(2027, 2, 1, 10, 0, tzinfo=clock.EASTERN)  # a Monday
DAY = timedelta(days=1)
TUESDAY = datetime(2027, 2, 2, 7, 0, tzinfo=clock.EASTERN)


@pytest.fixture
def now():
    with clock.frozen(NOW) as stopped:
        yield stopped


def sent_to(person) -> list[Email]:
    notices = Notification.objects.filter(recipient=person, template=digest.TEMPLATE).order_by("pk")
    return [notice.email for notice in notices.select_related("email")]


# quiet hours


@pytest.mark.parametrize(
    ("day", "hour", "may", "opens"),
    [
        (1, "06:59", False, (1, "07:00")),
        (1, "07:00", True, (1, "07:00")),
        (1, "19:59", True, (1, "19:59")),
        (1, "20:00", False, (2, "07:00")),
        (5, "23:00", False, (8, "07:00")),  # a Friday
        (6, "12:00", False, (8, "07:00")),
    ],
)
def test_quiet_hours_are_nights_and_days_off(day, hour, may, opens):
    moment, first = (
        datetime.combine(date(2027, 2, d), time.fromisoformat(h), clock.EASTERN)
        for d, h in ((day, hour), opens)
    )
    assert quiet_hours.may_remind(moment) is may
    assert quiet_hours.opens(moment) == first


@pytest.mark.parametrize("text", ["", "20-7", "25:00-07:00", "20:00 to 07:00"])
def test_quiet_hours_that_cannot_be_read_are_refused(text):
    with pytest.raises(ValueError):
        quiet_hours.parse(text)


def test_quiet_hours_within_a_day_and_none_at_all(settings):
    settings.QUIET_HOURS = quiet_hours.parse("12:00-13:00")
    assert not quiet_hours.may_remind(NOW.replace(hour=12))
    assert quiet_hours.opens(NOW.replace(hour=12)) == NOW.replace(hour=13)
    assert quiet_hours.morning(NOW) == NOW.replace(hour=0)
    settings.QUIET_HOURS = quiet_hours.parse("00:00-00:00")
    assert quiet_hours.may_remind(NOW.replace(hour=3))
    assert quiet_hours.morning(NOW + 5 * DAY) is None, "a Saturday"


# one a day


def test_each_gets_one_in_the_morning_in_their_language_with_what_waits_for_them(cast, now):
    screened = at("screening", cast, now=NOW)
    to_commit = at("committing", cast, now=NOW)
    unsent = at("draft", cast, now=NOW)
    for quiet in (NOW.replace(hour=23), TUESDAY - timedelta(minutes=1)):
        assert digest.send(quiet) == 0
    assert not DailyDigest.objects.exists()
    assert digest.send(TUESDAY) > 0
    assert digest.send(TUESDAY) == digest.send(TUESDAY + timedelta(hours=9)) == 0
    (mona,), (tess,), (tom,) = map(sent_to, (cast.mona, cast.tess, cast.tom))
    assert to_commit.reference in mona.message and screened.reference not in mona.message
    assert reverse("workspace_opportunity", args=[screened.reference]) in tess.message
    assert to_commit.reference not in tess.message
    assert "Check the eligibility: since today" in tess.message or "business day" in tess.message
    assert "/fr/" in tom.message and "Compter les visites" in mona.message, "both read French"
    assert sent_to(cast.amara) == [], "a draft that was never sent is nobody's business"
    assert unsent.reference not in tess.message
    assert sent_to(cast.li) == sent_to(cast.fin) == []
    taken_care_of = DailyDigest.objects.filter(day=TUESDAY.date()).values_list("person", flat=True)
    assert {cast.fin.pk, cast.amara.pk} <= set(taken_care_of)
    assert digest.send(TUESDAY + DAY) > 0
    assert len(sent_to(cast.tess)) == 2
    assert digest.send(TUESDAY + 4 * DAY) == 0, "a Saturday"


def test_what_began_after_the_quiet_hours_is_in_tomorrows(cast, now):
    way = journey(cast, state="screening", now=TUESDAY + timedelta(hours=3))
    way.to("screening")
    way.opportunity.state_since = TUESDAY + timedelta(hours=1)
    way.opportunity.save(update_fields=["state_since"])
    assert digest.send(TUESDAY + timedelta(hours=2)) == 0
    assert digest.send(TUESDAY + DAY) > 0


def test_other_things_that_wait_than_states(cast, now):
    way = journey(cast, closing=NOW + 8 * DAY)
    opportunity = way.to("posted")
    ask(opportunity, cast.li, "Which library?")
    Email.objects.create(from_email="a@b.example", to="c@d.example", status=STATUS.failed)
    other = journey(cast, state="work", now=NOW).to("work")
    act("ask_extension", other, cast.li, data={"new_date": "2027-06-01", "reason": "Illness."})
    act("raise_dispute", other, cast.li, data={"position": "I disagree."})
    with clock.frozen(NOW + DAY):
        digest.send(TUESDAY)
    (tess,), (amara,) = sent_to(cast.tess), sent_to(cast.amara)
    assert "1 question to answer" in tess.message and "1 email that failed" in tess.message
    assert "Answer the dispute" in amara.message and "Answer the new delivery date" in amara.message
    assert "Answer the dispute" not in tess.message
    assert sent_to(cast.li) == [], "the work has reminders of its own"


def test_the_supplier_is_told_until_when_the_offer_can_be_answered(cast, now):
    way = journey(cast, state="selection", now=NOW)
    way.to("selection")
    assert digest.send(TUESDAY) > 0
    (li,) = sent_to(cast.li)
    assert "Answer the offer" in li.message and "Answer by" in li.message
    assert sent_to(cast.sam) == []


def test_what_others_hold_past_its_target_escalates_to_the_team_alone(cast, now, settings):
    settings.ESCALATION_DAYS = 2
    late = at("committing", cast, now=NOW)
    since = late.state_since.astimezone(clock.EASTERN)
    digest.send(TUESDAY)
    assert sent_to(cast.tess) == [], "not late enough"
    later = datetime.combine(since.date(), time(9), clock.EASTERN) + 7 * DAY
    digest.send(later)
    (tess,), (mona, *_rest) = sent_to(cast.tess), sent_to(cast.mona)[::-1]
    assert tess.subject == "Late, held by others"
    assert "Late, held by the manager" in tess.message and late.reference in tess.message
    assert "(article 32)" in mona.message and mona.message.count("**") == 4, (
        "her own line and what comes next"
    )


def test_the_queries_do_not_grow_with_what_waits(cast, now):
    counts = []
    for more in (1, 2):
        for _time in range(more):
            at("screening", cast, now=NOW)
            at("committing", cast, now=NOW)
        morning = digest.Morning(cast.tess, NOW + 9 * DAY, NOW + 9 * DAY)
        with CaptureQueriesContext(connection) as queries:
            found = digest.context_for(morning)
        counts.append(len(queries))
    alike = SplittingFlag.objects.undecided().count()  # the test's needs look like each other
    assert found["number"] == 3 + alike and len(found["escalated"][0]["lines"]) == 3
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_two_machines_at_once_write_once(now):
    cast = make_cast()
    at("screening", cast, now=NOW)
    start, counts = Barrier(2), []

    def run():
        start.wait()
        try:
            counts.append(digest.send(TUESDAY))
        finally:
            connection.close()

    threads = [Thread(target=run) for _machine in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    digest.send(TUESDAY)
    assert sum(counts) == Notification.objects.filter(template=digest.TEMPLATE).count() == 4
    assert len(sent_to(cast.tess)) == 1


def test_tick_sends_it_before_the_mail_goes_out():
    order = [name for _order, name, _function in due.JOBS]
    assert order.index("daily digest") < order.index("mail")

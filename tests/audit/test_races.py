"""Rows 8, 9, 10 and 11: clicked twice, done by twenty at once, two clocks for a week, an old page sent again."""

import threading
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from post_office.models import STATUS, Email

from evaluations import applications
from evaluations.models import Offer
from microacq import clock
from opportunities import lifecycle
from opportunities.actions import act
from opportunities.due import JOBS
from opportunities.lifecycle import BY_NAME, Refused
from opportunities.models import Event, Notification, Opportunity
from tests.choosing import CLOSING, CRITERIA, DATA, FREEZE, ROUND_AT, SIGNATURE
from tests.factories import NEED, STATEMENT, at, people
from tests.test_applying import words

from ..choosing import Journey, Words
from .races import at_once

BLOCKED = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
)
TWENTY = ("close", "freeze", "draw", "sign", "certify", "pay")
"""What twenty try at once; everything else is clicked twice."""


class Raced(Journey):
    """A journey on which every button is pressed by several at the same moment, and the page sent once more after."""

    def __init__(self, cast, stopped):
        words = Words(NEED, STATEMENT | {"evaluation_criteria": CRITERIA})
        super().__init__(people(cast, [cast.li, cast.sam]), words, CLOSING, [True, True])
        self.stopped, self.done = stopped, []

    def act(self, name, by, now, **data):
        self.stopped.move_to(now)
        self.opportunity.refresh_from_db()
        old = {"version": self.opportunity.version, **data}
        before, events = self.opportunity.version, self.opportunity.events.count()

        def by_clock():
            try:
                return (
                    act(name, Opportunity.objects.get(pk=self.opportunity.pk), by, data=data, now=now) and 302
                )
            except Refused:
                return 409

        def by_hand(browser):
            return browser.post(reverse(name, args=[self.opportunity.reference]), old).status_code

        number = 20 if name in TWENTY else 2
        tries = [by_clock] * number
        if by is not lifecycle.CLOCK:
            browsers = [Client() for _n in range(number)]
            for browser in browsers:
                browser.force_login(by)
            tries = [lambda browser=browser: by_hand(browser) for browser in browsers]
        assert Counter(at_once(tries)) == {302: 1, 409: number - 1}, name
        assert (by_clock() if by is lifecycle.CLOCK else by_hand(browsers[0])) == 409, f"{name}, sent again"
        self.opportunity.refresh_from_db()
        assert self.opportunity.version == before + 1, name
        added = list(self.opportunity.events.order_by("number"))[events:]
        assert [event.transition for event in added] == [name]
        if BY_NAME[name].target:
            assert self.opportunity.state == BY_NAME[name].target
        self.done.append(name)

    def apply_one(self, supplier, number, now):
        self.stopped.move_to(now)
        data = DATA | self.application(supplier, number)
        applications.save_draft(self.opportunity, supplier, data, now=now)
        browsers = [Client() for _n in range(3)]
        for browser in browsers:
            browser.force_login(supplier)
        page = reverse("apply_check", args=[self.opportunity.reference])
        answers = at_once([lambda browser=browser: browser.post(page).status_code for browser in browsers])
        assert answers == [302] * 3, "a second click leads to the same receipt"
        assert self.opportunity.applications.get(supplier=supplier).submissions.count() == 1

    def enter_drawing(self, now):
        super().enter_drawing(FREEZE)

    def draw(self):
        pool = self.opportunity.pools.frozen().get()
        pool.announced_at = pool.frozen_at + timedelta(minutes=1)
        pool.save(update_fields=["announced_at"])
        self.act("draw", lifecycle.CLOCK, ROUND_AT + timedelta(seconds=5), signature_hex=SIGNATURE)


@pytest.mark.django_db(transaction=True)
def test_08_09_11_every_button_pressed_by_several_works_once_and_an_old_page_does_nothing(cast):
    with clock.frozen(CLOSING) as stopped:
        way = Raced(cast, stopped)
        opportunity = way.to("complete")
    assert set(TWENTY) <= set(way.done)
    assert opportunity.offers.filter(status=Offer.Status.SIGNED).count() == 1
    assert opportunity.payments.count() == opportunity.contracts.count() == 1
    twice = Counter(Notification.objects.values_list("event", "template", "recipient", "audience"))
    assert [row for row, times in twice.items() if times > 1] == []
    call_command("verify_events")


# two clocks


def week_of_ticks(begins: datetime, stopped, days: int = 7) -> None:
    """Every three hours, two machines do at the same moment what is due."""

    def one_round():
        return [run(clock.now()) for _order, _name, run in JOBS]

    for hours in range(0, 24 * days, 3):
        stopped.move_to(begins + timedelta(hours=hours, minutes=5))
        for outcome in at_once([one_round, one_round]):
            assert isinstance(outcome, list), outcome


@pytest.mark.django_db(transaction=True)
def test_10_two_clocks_for_a_week_do_nothing_twice_and_miss_nothing(cast, settings, tmp_path):
    settings.EMAIL_FILE_PATH = tmp_path
    begins = datetime(2027, 1, 18, 13, tzinfo=clock.EASTERN)
    with clock.frozen(begins - timedelta(days=1)) as stopped:
        closing = datetime(2027, 1, 20, 14, tzinfo=clock.EASTERN)
        applied = at("posted", cast, closing=closing)
        applications.apply(applied, cast.li, DATA | words_for(applied))
        empty = at("posted", cast, closing=closing)
        offered = at("selection", cast, now=begins, passing=[True, False])
        working = at("work", cast, now=begins)
        stopped.move_to(begins)
        week_of_ticks(begins, stopped)
    states = {o.pk: o.state for o in Opportunity.objects.all()}
    assert (states[applied.pk], states[empty.pk], states[working.pk]) == ("opened", "no_award", "work")
    assert list(applied.events.filter(transition="close").values_list("at", flat=True)) == [
        datetime(2027, 1, 20, 14, 5, tzinfo=clock.EASTERN) + timedelta(hours=2)
    ]
    assert offered.offers.get().status == Offer.Status.EXPIRED
    by_clock = Counter(Event.objects.filter(role="clock").values_list("opportunity", "transition"))
    assert by_clock[offered.pk, "expire_offer"] == by_clock[empty.pk, "close_empty"] == 1
    assert max(by_clock.values()) == 1
    twice = Counter(
        Notification.objects.exclude(event=None).values_list("event", "template", "recipient", "audience")
    )
    assert [row for row, times in twice.items() if times > 1] == []
    mails = Email.objects.all()
    assert mails.exclude(status=STATUS.sent).count() == 0
    call_command("verify_events")


def words_for(opportunity) -> dict:
    answers = {criterion.pk: "I wrote it in Python." for criterion in opportunity.evaluation_criteria.all()}
    return {"legal_name": "Li Supplier", "code_account": "https://gitlab.com/li", "answers": answers}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", ["apply_check", "withdraw_application"])
def test_08_what_is_withdrawn_in_another_window_at_the_same_moment_is_said_to_be(cast, page):
    held, waited = threading.Event(), threading.Event()
    with clock.frozen(CLOSING - timedelta(days=1)):
        posted = at("posted", cast, closing=CLOSING)
        draft = applications.save_draft(posted, cast.li, words(posted))
        browser = Client()
        browser.force_login(cast.li)

        def withdraw():
            with transaction.atomic():
                applications.withdraw(draft, cast.li)
                held.set()
                assert waited.wait(30)

        def press():
            assert held.wait(30)
            return browser.post(reverse(page, args=[posted.reference]))

        def see_it_wait():
            assert held.wait(30)
            with connection.cursor() as cursor:
                for _look in range(2000):
                    cursor.execute(BLOCKED)
                    if cursor.fetchone()[0]:
                        return waited.set()
                    cursor.execute("SELECT pg_sleep(0.01)")

        _nothing, answer, _seen = at_once([withdraw, press, see_it_wait])
    assert answer.status_code == 409
    assert "You withdrew this application in another window" in answer.text

"""The closing rush: two clicks on either side of closing, and how the crowd of `make rush` comes."""

import random
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from evaluations import applications
from evaluations.models import Submission
from microacq import clock, limits
from opportunities.actions import act
from opportunities.lifecycle import CLOCK
from tests.bench import crowd
from tests.factories import at
from tests.test_applying import words

CLOSING = datetime(2027, 1, 20, 14, 0, tzinfo=clock.EASTERN)


@pytest.fixture
def now():
    with clock.frozen(CLOSING - timedelta(days=3)) as stopped:
        yield stopped


def test_the_second_of_two_clicks_comes_too_late_and_says_that_the_first_stands(
    client, cast, now, monkeypatch
):
    opportunity = at("posted", cast, closing=CLOSING)
    application = applications.save_draft(opportunity, cast.li, words(opportunity))
    room = limits.room

    def other_click_first(what, *place):
        # Between the second click's reading of the application and its turn: the first click is done, and it closes.
        if what == "send-application" and not Submission.objects.exists():
            now.move_to(CLOSING - timedelta(milliseconds=20))
            applications.submit(application, cast.li)
            now.move_to(CLOSING + timedelta(milliseconds=20))
        return room(what, *place)

    monkeypatch.setattr(limits, "room", other_click_first)
    client.force_login(cast.li)
    answer = client.post(reverse("apply_check", args=[opportunity.reference]))
    assert answer.status_code == 409
    assert crowd.SENTENCE.search(answer.text)
    assert crowd.STANDS in answer.text
    assert Submission.objects.count() == 1
    act("close", opportunity, CLOCK, now=clock.now())
    for address in (
        "apply_check",
        "apply_answers",
    ):  # whoever comes once it is closed by `tick` reads both times too
        answer = client.post(reverse(address, args=[opportunity.reference]))
        assert answer.status_code == 409
        assert crowd.SENTENCE.search(answer.text)
        assert crowd.STANDS in answer.text


def test_the_crowd_comes_as_the_bids_did():
    shares = crowd.pace()
    assert len(shares) == 173
    assert shares[0] >= 0 and shares[-1] <= 1
    found = crowd.moments(500, random.Random(1))
    assert len(found) == 500
    assert sum(moment >= crowd.RUSH for moment in found) >= 50
    assert max(found) <= crowd.RUSH + crowd.PAST
    assert sum(crowd.RUSH - 1 <= moment < crowd.RUSH for moment in found) > 90  # the last second's crowd

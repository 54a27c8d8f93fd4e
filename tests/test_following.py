"""Following an opportunity: told at once or once a day, never twice, and only of what is public."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from post_office.models import Email

from microacq import clock
from opportunities import due, following
from opportunities.actions import act
from opportunities.models import Following, Notification
from opportunities.views.questions import ask
from tests.factories import at, journey
from tests.test_posting import LATER, WHY, answer

CLOSING = datetime(2027, 1, 20, 14, 0, tzinfo=clock.EASTERN)  # a Wednesday
BEFORE = datetime(2027, 1, 12, 10, 0, tzinfo=clock.EASTERN)
EIGHT = datetime(2027, 1, 13, 8, 1, tzinfo=clock.EASTERN)


@pytest.fixture
def now():
    with clock.frozen(BEFORE) as stopped:
        yield stopped


@pytest.fixture
def posted(cast, now):
    return at("posted", cast, closing=CLOSING)


def follow(client, who, opportunity, how="at_once"):
    client.force_login(who)
    return client.post(reverse("follow", args=[opportunity.reference]), {"how": how})


def told(who):
    return list(Notification.objects.filter(recipient=who).order_by("pk").values_list("template", flat=True))


def test_a_follower_is_told_of_changes_answers_a_later_closing_and_the_result(client, cast, now):
    trip = journey(cast, closing=CLOSING)
    opportunity = trip.to("posted")
    assert follow(client, cast.noor, opportunity).status_code == 302
    assert "told at once" in client.get(reverse("opportunity", args=[opportunity.reference])).text
    now.move_to(BEFORE + timedelta(hours=1))
    act("amend", opportunity, cast.tess, data={"work_en": "Twice.", "work_fr": "Deux fois.", **WHY})
    question = ask(opportunity, cast.li, "Which library?")
    act("publish_answers", opportunity, cast.tess, data=answer(question))
    act("extend_closing", opportunity, cast.tess, data=LATER)
    act("cancel", opportunity, cast.tess, data={"reason_en": "No more need.", "reason_fr": "Plus besoin."})
    assert told(cast.noor) == [
        "opportunity_amended",
        "answers_published",
        "closing_extended",
        "opportunity_cancelled",
    ]
    mail = Email.objects.filter(to=[cast.noor.email]).first()
    assert "because you follow" in mail.message


def test_the_award_is_told_to_followers_and_once_to_who_heard_already(client, cast, now):
    trip = journey(cast, closing=CLOSING)
    opportunity = trip.to("selection")
    follow(client, cast.noor, opportunity)
    follow(client, cast.sam, opportunity)
    trip.enter("work")
    assert told(cast.noor) == ["opportunity_awarded"]
    assert "opportunity_awarded" not in told(cast.sam)
    assert "supplier_selected" in told(cast.sam)


def test_once_a_day_after_eight_in_one_mail(client, cast, posted, now):
    other = at("posted", cast, closing=CLOSING)
    follow(client, cast.noor, posted, "daily")
    follow(client, cast.noor, other, "daily")
    now.move_to(BEFORE + timedelta(hours=1))
    for opportunity in (posted, other):
        act("amend", opportunity, cast.tess, data={"work_en": "Twice.", "work_fr": "Deux fois.", **WHY})
    act("extend_closing", posted, cast.tess, data=LATER)
    assert told(cast.noor) == []
    for early in (BEFORE + timedelta(hours=9), EIGHT - timedelta(minutes=1, seconds=1)):
        assert following.send_digests(early) == 0
    assert following.next_digest(BEFORE + timedelta(hours=9)) == EIGHT
    assert following.send_digests(EIGHT) == 1
    assert following.send_digests(EIGHT) == 0
    assert told(cast.noor) == ["followed_digest"]
    mail = Email.objects.get(to=[cast.noor.email]).message
    assert posted.reference in mail and other.reference in mail
    assert "The closing date was extended." in mail
    assert following.next_digest(EIGHT) is None
    assert following.send_digests(EIGHT + timedelta(days=1)) == 0


def test_what_happens_after_eight_waits_for_the_next_day(client, cast, posted, now):
    follow(client, cast.noor, posted, "daily")
    now.move_to(EIGHT + timedelta(hours=3))
    act("extend_closing", posted, cast.tess, data=LATER)
    assert following.send_digests(EIGHT + timedelta(hours=4)) == 0
    assert following.send_digests(EIGHT + timedelta(days=1)) == 1


def test_what_was_before_following_is_not_told(client, cast, posted, now):
    act("extend_closing", posted, cast.tess, data=LATER)
    now.move_to(BEFORE + timedelta(minutes=5))
    follow(client, cast.noor, posted, "daily")
    assert following.send_digests(EIGHT) == 0


def test_an_applicant_who_wants_one_mail_a_day_is_still_told_at_once_and_not_twice(client, cast, posted, now):
    ask(posted, cast.li, "Which library?")
    follow(client, cast.li, posted, "daily")
    now.move_to(BEFORE + timedelta(minutes=5))
    act("extend_closing", posted, cast.tess, data=LATER)
    assert told(cast.li) == ["closing_extended"]
    assert following.send_digests(EIGHT) == 0


def test_choosing_at_once_loses_nothing_that_waited(client, cast, posted, now):
    follow(client, cast.noor, posted, "daily")
    now.move_to(BEFORE + timedelta(minutes=5))
    act("extend_closing", posted, cast.tess, data=LATER)
    follow(client, cast.noor, posted, "at_once")
    assert following.send_digests(EIGHT) == 1


def test_questions_set_aside_are_no_news(client, cast, posted, now):
    follow(client, cast.noor, posted, "daily")
    follow(client, cast.kim, posted, "at_once")
    now.move_to(BEFORE + timedelta(minutes=5))
    question = ask(posted, cast.li, "Which library?")
    act("publish_answers", posted, cast.tess, data=answer(question, do="set_aside", reason="Said already."))
    assert following.send_digests(EIGHT) == 0
    assert told(cast.kim) == []


def test_stopping_and_a_closed_account(client, cast, posted, now):
    follow(client, cast.noor, posted, "daily")
    follow(client, cast.kim, posted, "daily")
    follow(client, cast.noor, posted, "stop")
    assert "no longer follow" in client.get(reverse("opportunity", args=[posted.reference])).text
    cast.kim.is_active = False
    cast.kim.save()
    now.move_to(BEFORE + timedelta(minutes=5))
    act("extend_closing", posted, cast.tess, data=LATER)
    assert following.send_digests(EIGHT) == 0
    assert told(cast.noor) == told(cast.kim) == []


def test_following_needs_an_account_and_leads_back(client, posted):
    page = client.get(reverse("opportunity", args=[posted.reference])).text
    assert reverse("follow", args=[posted.reference]) in page
    assert reverse("subscribe") in page
    response = client.post(reverse("follow", args=[posted.reference]), {"how": "daily"})
    assert response.status_code == 302
    assert "login" in response.url
    assert not Following.objects.exists()


def test_what_cannot_be_followed(client, cast, now):
    draft, ended = at("reserved", cast, closing=CLOSING), at("cancelled", cast, closing=CLOSING)
    client.force_login(cast.noor)
    assert client.post(reverse("follow", args=[draft.reference]), {"how": "daily"}).status_code == 404
    assert client.post(reverse("follow", args=[ended.reference]), {"how": "daily"}).status_code == 409
    assert "Follow:" not in client.get(reverse("opportunity", args=[ended.reference])).text
    open_one = at("posted", cast, closing=CLOSING)
    assert client.post(reverse("follow", args=[open_one.reference]), {"how": "x"}).status_code == 422
    assert not Following.objects.exists()


def test_a_double_click_follows_once_and_the_workspace_shows_it(client, cast, posted):
    for _time in range(2):
        follow(client, cast.noor, posted)
    assert Following.objects.count() == 1
    assert posted.reference in client.get(reverse("workspace")).text


def test_every_news_has_its_words_and_tick_sends_it():
    assert set(following.NEWS) == set(following.TOLD)
    assert "digests" in [name for _order, name, _function in due.JOBS]

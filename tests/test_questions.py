"""Suppliers ask until two business days before closing; only they and the team read it until it is published."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override
from post_office.models import Email

from evaluations.models import SupplierProfile
from microacq import clock
from microacq.models import User
from opportunities.actions import Invalid, act
from opportunities.desk import queues
from opportunities.models import Question
from opportunities.views.questions import ask
from tests.factories import at
from tests.posted import BEFORE, CLOSING
from tests.test_posting import answer

UNTIL = datetime(2027, 1, 18, 14, 0, tzinfo=clock.EASTERN)
SECRET = "Is the zebracadabra library allowed?"


def url(name, opportunity):
    return reverse(name, args=[opportunity.reference])


def test_a_supplier_asks_and_the_team_is_told_without_the_words(client, cast, posted):
    assert client.get(url("ask_question", posted)).status_code == 302
    client.force_login(cast.li)
    assert client.post(url("ask_question", posted), {"text": SECRET}).status_code == 302
    assert Question.objects.get().asker == cast.li
    mail = Email.objects.filter(to=[cast.tess.email]).latest("pk")
    assert posted.reference in mail.subject
    assert SECRET not in mail.message
    assert "Li" not in mail.message.replace("http", "")


def test_only_the_asker_and_the_team_read_it_until_it_is_published(client, cast, posted, now):
    posted.evaluators.add(cast.eve)
    ask(posted, cast.li, SECRET)
    readers = {"li": True, "tess": True, "sam": False, "amara": False, "eve": False, "fin": False}
    for who, reads in readers.items():
        client.force_login(getattr(cast, who))
        assert (SECRET in client.get(url("workspace_opportunity", posted)).text) is reads, who
        assert SECRET not in client.get(url("opportunity", posted)).text or who == "li"
    client.logout()
    assert SECRET not in client.get(url("opportunity", posted)).text
    now.move_to(BEFORE + timedelta(days=2))
    client.force_login(cast.tess)
    assert "Waiting, 2 business days" in client.get(url("workspace_opportunity", posted)).text


def test_what_is_published_is_anonymous(client, cast, posted):
    question = ask(posted, cast.li, SECRET)
    act("publish_answers", posted, cast.tess, data=answer(question))
    page = client.get(url("opportunity", posted)).text
    assert "The latest." in page
    assert SECRET not in page
    assert "Li Supplier" not in page
    with override("fr"):
        assert "La dernière." in client.get(url("opportunity", posted)).text


def test_a_question_set_aside_says_why_to_the_asker_alone(client, cast, posted):
    question = ask(posted, cast.li, SECRET)
    act(
        "publish_answers",
        posted,
        cast.tess,
        data=answer(question, do="set_aside", reason="Already in the statement."),
    )
    client.force_login(cast.li)
    assert "Already in the statement." in client.get(url("opportunity", posted)).text
    client.force_login(cast.sam)
    assert "Already in the statement." not in client.get(url("opportunity", posted)).text


def test_two_business_days_before_closing_it_is_too_late_and_the_text_is_still_there(
    client, cast, posted, now
):
    assert posted.questions_until == UNTIL
    now.move_to(UNTIL - timedelta(seconds=1))
    client.force_login(cast.li)
    assert client.post(url("ask_question", posted), {"text": "In time?"}).status_code == 302
    now.move_to(UNTIL)
    response = client.post(url("ask_question", posted), {"text": SECRET})
    assert response.status_code == 409
    assert "January 18, 2027, 2:00 p.m. Eastern time" in response.text
    assert SECRET in response.text
    assert Question.objects.count() == 1
    assert "Ask a question" not in client.get(url("opportunity", posted)).text


@pytest.mark.parametrize("who", ["amara", "mona", "tess", "fin"])
def test_questions_are_for_suppliers(client, cast, posted, who):
    client.force_login(getattr(cast, who))
    assert client.post(url("ask_question", posted), {"text": SECRET}).status_code == 409
    assert not Question.objects.exists()


def test_a_double_click_asks_once(client, cast, posted):
    client.force_login(cast.li)
    for _time in range(2):
        client.post(url("ask_question", posted), {"text": SECRET})
    assert Question.objects.count() == 1


@pytest.mark.parametrize("text", ["", "   ", "a\x00b", "x" * 2001, "4111 1111 1111 1111"])
def test_what_cannot_be_asked_is_said(client, cast, posted, text):
    client.force_login(cast.li)
    assert client.post(url("ask_question", posted), {"text": text}).status_code == 422
    assert not Question.objects.exists()


def test_nobody_asks_about_what_is_not_posted(client, cast, now):
    reserved = at("reserved", cast, closing=CLOSING)
    client.force_login(cast.li)
    assert client.post(url("ask_question", reserved), {"text": SECRET}).status_code == 404
    client.force_login(cast.tess)
    assert client.get(url("ask_question", reserved)).status_code == 409


def waiting_in_queue():
    lines = queues(User.objects.filter(role="team").first(), clock.now())["team"]
    return [(line.count, line.days) for line in lines if line.label == "Questions to answer" and line.count]


def test_the_teams_queue_holds_it_with_its_age_until_it_is_dealt_with(client, cast, posted, now):
    first, _second = ask(posted, cast.li, SECRET), ask(posted, cast.sam, "Another?")
    now.move_to(BEFORE + timedelta(days=2))
    assert waiting_in_queue() == [(2, 2)]
    act("publish_answers", posted, cast.tess, data=answer(first))
    assert waiting_in_queue() == [(1, 2)]
    client.force_login(cast.tess)
    assert "Questions to answer" in client.get(reverse("admin:index")).text
    now.move_to(CLOSING)  # nothing is published after closing: no work is left, and the asker reads so
    assert waiting_in_queue() == []
    client.force_login(cast.sam)
    for name in ("opportunity", "workspace_opportunity"):
        assert "not answered before closing" in client.get(url(name, posted)).text.lower()


@pytest.mark.parametrize("text", ["Studio Li asks: which?", "See https://gitlab.com/li-codes", "STUDIO LI"])
def test_a_question_is_not_published_with_the_askers_business_or_account(cast, posted, text):
    SupplierProfile.objects.create(
        user=cast.li, business_name="Studio Li", code_account="https://gitlab.com/li-codes"
    )
    question = ask(posted, cast.li, text)
    with pytest.raises(Invalid):
        act("publish_answers", posted, cast.tess, data=answer(question, question_en=text))
    act("publish_answers", posted, cast.tess, data=answer(question))


def test_the_page_says_how_to_ask_well(client, cast, posted):
    client.force_login(cast.li)
    assert "Do not write who you are" in client.get(url("ask_question", posted)).text

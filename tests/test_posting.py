"""Posting, amending, extending, answering, cancelling: what each records and what it refuses."""

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse
from post_office.models import Email

from evaluations import applications
from evaluations.models import Offer
from microacq import clock
from opportunities.actions import Invalid, act
from opportunities.lifecycle import CLOCK, Refused
from opportunities.models import Amendment, Event
from opportunities.publishing.posted import statement_sha256
from opportunities.views.questions import ask
from tests.factories import at
from tests.posted import BEFORE, CLOSING
from tests.test_applying import words

WHY = {"reason_en": "A word was missing.", "reason_fr": "Il manquait un mot."}
LATER = {
    "closing_at_0": "2027-01-25",
    "closing_at_1": "16:30",
    "selection_date": "2027-01-29",
    "delivery_date": "2027-02-19",
    **WHY,
}


def test_posting_records_when_and_exactly_what(posted):
    assert posted.posted_at == Event.objects.get(transition="post").at
    assert posted.original_closing_at == CLOSING
    assert posted.original_delivery_date == posted.delivery_date
    event = Event.objects.get(transition="post")
    assert event.data["statement_sha256"] == statement_sha256(posted)
    posted.work_fr += " et plus"
    assert event.data["statement_sha256"] != statement_sha256(posted)


def test_an_opportunity_open_less_than_five_business_days_is_not_posted(cast, now):
    reserved = at("reserved", cast, closing=CLOSING)
    with pytest.raises(Refused, match="five business days"):
        act("post", reserved, cast.tess, now=CLOSING - timedelta(days=6))


def test_an_amendment_keeps_old_and_new_in_both_languages(cast, posted):
    criterion = posted.evaluation_criteria.get()
    data = {
        "work_en": "Read the logs twice.",
        f"evaluation_{criterion.pk}_fr": "Montrez vos compétences.",
        "delivery_date": "2027-03-01",
        **WHY,
    }
    event = act("amend", posted, cast.tess, data=data)
    posted.refresh_from_db()
    criterion.refresh_from_db()
    amendment = Amendment.objects.get()
    assert {
        "field": "work",
        "language": "en",
        "old": "Read the logs and write a table.",
        "new": "Read the logs twice.",
    } in amendment.changes
    assert {row["field"] for row in amendment.changes} == {
        "work",
        "delivery_date",
        f"evaluation_{criterion.pk}",
    }
    assert posted.work_en == "Read the logs twice."
    assert posted.work_fr == "Lire les journaux et écrire un tableau."
    assert posted.delivery_date == date(2027, 3, 1)
    assert posted.original_delivery_date != posted.delivery_date
    assert criterion.text_fr == "Montrez vos compétences."
    assert posted.amended_at == BEFORE
    assert posted.state == "posted"
    assert event.data["statement_sha256"] == statement_sha256(posted)


@pytest.mark.parametrize(
    "data",
    [
        WHY,
        {"work_en": "Other.", "reason_en": "Only English."},
        {"work_en": "", **WHY},
        {"title_fr": "x" * 101, **WHY},
        {"selection_date": "2027-01-20", **WHY},
        {"selection_date": "2027-03-02", "delivery_date": "2027-03-01", **WHY},
        {"work_en": "bad\x00text", **WHY},
    ],
)
def test_an_amendment_that_does_not_hold_changes_nothing(cast, posted, data):
    with pytest.raises(Invalid):
        act("amend", posted, cast.tess, data=data)
    assert not Amendment.objects.exists()


def test_line_ends_of_a_browser_are_no_change(client, cast, posted):
    posted.background_en = "One.\n\nTwo."
    posted.save()
    client.force_login(cast.tess)
    page = client.get(reverse("amend", args=[posted.reference]))
    form = page.context["form"]
    sent = {name: form[name].value() or "" for name in form.fields} | {"material": ""} | WHY
    sent = {
        name: value.isoformat() if isinstance(value, date) else str(value).replace("\n", "\r\n")
        for name, value in sent.items()
    }
    del sent["material"]
    response = client.post(page.wsgi_request.path, {**sent, "version": posted.version})
    assert response.status_code == 422
    assert "Nothing is changed" in response.text
    response = client.post(
        page.wsgi_request.path, {**sent, "title_en": "Count every visit", "version": posted.version}
    )
    assert response.status_code == 302
    assert [row["field"] for row in Amendment.objects.get().changes] == ["title"]


def test_an_extension_moves_the_dates_and_keeps_the_first_ones(cast, posted):
    event = act("extend_closing", posted, cast.tess, data=LATER)
    posted.refresh_from_db()
    assert posted.closing_at == datetime(2027, 1, 25, 16, 30, tzinfo=clock.EASTERN)
    assert posted.original_closing_at == CLOSING
    assert (posted.selection_date, posted.delivery_date) == (date(2027, 1, 29), date(2027, 2, 19))
    changes = {row["field"]: (row["old"], row["new"]) for row in Amendment.objects.get().changes}
    assert changes["closing_at"][1].startswith("2027-01-25T16:30")
    assert event.data["statement_sha256"] == statement_sha256(posted)


@pytest.mark.parametrize(
    "wrong",
    [
        {"closing_at_0": "2027-01-20", "closing_at_1": "14:00"},
        {"closing_at_0": "2027-01-11", "closing_at_1": "14:00"},
        {"closing_at_0": "2027-01-30"},
        {"selection_date": "2027-02-20"},
        {"reason_fr": ""},
        {"closing_at_0": "not a date"},
    ],
)
def test_an_extension_that_does_not_hold_changes_nothing(cast, posted, wrong):
    with pytest.raises(Invalid):
        act("extend_closing", posted, cast.tess, data=LATER | wrong)
    posted.refresh_from_db()
    assert posted.closing_at == CLOSING


def test_nothing_is_changed_after_closing_though_no_job_has_run(cast, posted, now):
    now.move_to(CLOSING)
    ask_at = CLOSING - timedelta(days=7)
    ask(posted, cast.li, "Which version?", ask_at)
    for name, data in (
        ("amend", {"work_en": "Other.", **WHY}),
        ("extend_closing", LATER),
        ("publish_answers", {}),
    ):
        with pytest.raises(Refused, match="closing time has passed"):
            act(name, posted, cast.tess, data=data)


def answer(question, **changes):
    key = f"q{question.pk}_"
    data = {
        "do": "publish",
        "question_en": "Which version?",
        "question_fr": "Quelle version?",
        "answer_en": "The latest.",
        "answer_fr": "La dernière.",
    }
    return {key + name: value for name, value in (data | changes).items()}


def test_answers_are_published_singly_or_together_and_the_rest_waits(cast, posted):
    first, second, third = (ask(posted, cast.li, f"Question {n}?") for n in range(3))
    event = act(
        "publish_answers",
        posted,
        cast.tess,
        data=answer(first) | answer(third, do="set_aside", reason="It is already in the statement."),
    )
    for question in (first, second, third):
        question.refresh_from_db()
    assert first.published_at == BEFORE
    assert (first.public_question_fr, first.answer_en) == ("Quelle version?", "The latest.")
    assert second.published_at is None
    assert second.set_aside_at is None
    assert third.set_aside_at == BEFORE
    assert third.set_aside_reason == "It is already in the statement."
    assert event.data == {"published": [first.pk], "set_aside": [third.pk]}
    assert "Question 0" not in str(event.data)


@pytest.mark.parametrize(
    "changes",
    [
        {"do": "leave"},
        {"answer_fr": ""},
        {"question_en": ""},
        {"do": "set_aside"},
        {"question_en": "Li Supplier asks: which version?"},
        {"answer_fr": "Écrivez à li@studio.example."},
    ],
)
def test_an_answer_in_one_language_or_that_names_the_asker_is_not_published(cast, posted, changes):
    question = ask(posted, cast.li, "Which version?")
    with pytest.raises(Invalid):
        act("publish_answers", posted, cast.tess, data=answer(question, **changes))
    question.refresh_from_db()
    assert question.published_at is None


def test_the_answers_page_holds_each_question_with_its_fields(client, cast, posted):
    question = ask(posted, cast.sam, "Quelle version de Python?")
    client.force_login(cast.tess)
    page = client.get(reverse("publish_answers", args=[posted.reference])).text
    assert page.count("Quelle version de Python?") == 2  # as asked, and begun in the asker's language
    assert "Sam Supplier" not in page
    response = client.post(
        reverse("publish_answers", args=[posted.reference]), {**answer(question), "version": posted.version}
    )
    assert response.status_code == 302


def test_cancelling_gives_a_public_reason_and_tells_everyone(client, cast, posted, now):
    applications.apply(posted, cast.li, words(posted))
    posted.evaluators.add(cast.eve)
    act("cancel", posted, cast.tess, data=WHY)
    posted.refresh_from_db()
    assert posted.state == "cancelled"
    assert posted.ending_reason_fr == WHY["reason_fr"]
    assert Amendment.objects.get().kind == "cancel"
    assert "A word was missing." in client.get(reverse("opportunity", args=[posted.reference])).text
    told = {address for mail in Email.objects.all() for address in mail.to}
    assert {cast.amara.email, cast.mona.email, cast.eve.email, cast.li.email} <= told


def test_cancelling_before_posting_is_not_public(client, cast, now):
    preparing = at("preparing", cast, closing=CLOSING)
    act("cancel", preparing, cast.tess, data=WHY)
    assert not Amendment.objects.exists()
    assert client.get(reverse("opportunity", args=[preparing.reference])).status_code == 404


def test_cancelling_in_selection_cancels_the_offer(cast):
    found = at("selection", cast)
    offer = Offer.objects.open().get()
    event = act("cancel", found, cast.tia, data=WHY)
    offer.refresh_from_db()
    assert offer.status == "cancelled"
    assert event.data["offers_cancelled"] == 1


def test_cancelling_while_a_draw_is_pending_voids_the_pool(cast):
    found = at("drawing", cast)
    act("cancel", found, cast.tia, data=WHY)
    pool = found.pools.get()
    assert pool.voided_at
    assert pool.void_reason_fr == WHY["reason_fr"]


def test_closing_with_nobody_says_so_in_both_languages(cast, posted, now):
    now.move_to(CLOSING)
    act("close_empty", posted, CLOCK)
    posted.refresh_from_db()
    assert posted.state == "no_award"
    assert posted.ending_reason_en == "Nobody had applied when the opportunity closed."
    assert posted.ending_reason_fr

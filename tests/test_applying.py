"""Suppliers apply: page by page, sealed, until the closing time to the second."""

import hashlib
import json
import threading
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from post_office.models import Email

from evaluations import applications
from evaluations.models import Application, Submission
from microacq import clock
from opportunities.actions import act
from opportunities.lifecycle import CLOCK, Refused
from tests.factories import at

CLOSING = datetime(2027, 1, 20, 14, 0, tzinfo=clock.EASTERN)
BEFORE = CLOSING - timedelta(days=3)
SECRET = "zebracadabra"


@pytest.fixture
def now():
    with clock.frozen(BEFORE) as stopped:
        yield stopped


@pytest.fixture
def posted(cast, now):
    """Open until CLOSING; nobody has applied."""
    return at("posted", cast, closing=CLOSING)


def words(opportunity, text=f"I wrote {SECRET} in Python from 2021 to 2024."):
    return {
        "legal_name": "Li Supplier", "business_name": "", "province": "ON", "code_account": "https://gitlab.com/li",
        "of_age": True, "standing": "canada", "uses_git": True, "needs_sign_off": False, "means": "visa",
        "answers": {criterion.pk: text for criterion in opportunity.evaluation_criteria.all()},
    }  # fmt: skip


def url(name, opportunity):
    return reverse(name, args=[opportunity.reference])


def answer_field(opportunity):
    return f"answer_{opportunity.evaluation_criteria.get().pk}"


def test_a_newcomer_goes_from_the_start_page_to_a_receipt(client, cast, posted):
    start = client.get(url("apply", posted))
    assert "Sign in to apply" in start.text
    assert "250 words" in start.text
    client.force_login(cast.li)
    assert "About you" in client.get(url("apply", posted)).text
    about = {"legal_name": "Li Chen", "province": "QC", "code_account": "gitlab.com/li"}
    assert client.post(url("apply_about", posted), about).url == url("apply_eligibility", posted)
    eligible = {"of_age": "True", "standing": "permit", "uses_git": "True", "needs_sign_off": "False"}
    assert client.post(url("apply_eligibility", posted), eligible).url == url("apply_answers", posted)
    written = {answer_field(posted): "I did it in 2022, with tests."}
    assert client.post(url("apply_answers", posted), written).url == url("apply_payment", posted)
    assert client.post(url("apply_payment", posted), {"means": "paypal"}).url == url("apply_check", posted)
    check = client.get(url("apply_check", posted)).text
    assert "Li Chen" in check
    assert "7 of 250 words" in check
    assert "https://gitlab.com/li" in check
    assert client.post(url("apply_check", posted)).url == url("receipt", posted)
    application = Application.objects.get()
    receipt = client.get(url("receipt", posted)).text
    for shown in (
        application.receipt,
        application.sha256,
        "January 20, 2027, 2:00 p.m. Eastern time",
        "January 22, 2027",
    ):
        assert shown in receipt
    assert len(application.receipt) == 32
    mail = Email.objects.latest("pk")
    assert mail.to == [cast.li.email]
    assert application.receipt in mail.message
    assert "2022" not in mail.message + mail.html_message


def test_each_page_can_be_read_in_french(client, cast, posted):
    client.force_login(cast.sam)
    applications.save_draft(posted, cast.sam, words(posted))
    for name in (
        "apply",
        "apply_about",
        "apply_eligibility",
        "apply_answers",
        "apply_payment",
        "apply_check",
        "application",
        "withdraw_application",
    ):
        address = url(name, posted).replace("/en/", "/fr/", 1)
        response = client.get(reverse_in_french(name, posted))
        assert response.status_code == 200, address
        assert '<html lang="fr"' in response.text


def reverse_in_french(name, opportunity):
    from django.utils.translation import override

    with override("fr"):
        return url(name, opportunity)


def test_every_page_saves_and_what_is_wrong_is_said_without_losing_the_rest(client, cast, posted):
    client.force_login(cast.li)
    response = client.post(
        url("apply_about", posted),
        {"legal_name": "Li Chen", "province": "", "code_account": "not an address"},
    )
    assert response.status_code == 422
    assert "not an address" in response.text
    assert Application.objects.get().working["legal_name"] == "Li Chen"
    later = client.post(
        url("apply_about", posted),
        {"legal_name": "Li Chen", "province": "ON", "code_account": "", "later": "1"},
    )
    assert later.url == url("apply", posted)
    assert Application.objects.get().working["province"] == "ON"


def test_an_answer_of_251_words_is_kept_counted_and_not_sendable(client, cast, posted):
    client.force_login(cast.li)
    applications.save_draft(posted, cast.li, words(posted))
    long = " ".join(["mot"] * 251)
    response = client.post(url("apply_answers", posted), {answer_field(posted): long})
    assert response.status_code == 422
    assert "251 words" in response.text
    assert long in response.text
    application = Application.objects.get()
    assert list(application.working["answers"].values()) == [long]
    with pytest.raises(Refused) as refusal:
        applications.submit(application, cast.li)
    assert refusal.value.code == "incomplete"
    assert client.post(url("apply_check", posted)).status_code == 422
    assert (
        client.post(
            url("apply_answers", posted), {answer_field(posted): long.removeprefix("mot ")}
        ).status_code
        == 302
    )
    applications.submit(application, cast.li)


@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "\u202eabc", "4111 1111 1111 1111", "x" * 10_001])
def test_text_that_cannot_be_kept_is_refused_with_a_sentence(client, cast, posted, text):
    client.force_login(cast.li)
    response = client.post(url("apply_answers", posted), {answer_field(posted): text})
    assert response.status_code == 422
    assert "There is a problem" in response.text
    assert not any(Application.objects.get().working["answers"].values())


def test_html_and_emoji_are_text_like_any_other(client, cast, posted):
    client.force_login(cast.li)
    text = "<script>alert(1)</script> 🙂 \u200b{{ 7|add:7 }}"
    applications.apply(posted, cast.li, words(posted, text))
    page = client.get(url("application", posted)).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "🙂" in page


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (
            {"of_age": "False", "standing": "canada", "uses_git": "True", "needs_sign_off": "False"},
            "age of majority",
        ),
        (
            {"of_age": "True", "standing": "neither", "uses_git": "True", "needs_sign_off": "False"},
            "permits to work",
        ),
        ({"of_age": "True", "standing": "canada", "uses_git": "False", "needs_sign_off": "False"}, "use Git"),
    ],
)
def test_who_cannot_be_a_supplier_is_told_kindly_and_cannot_send(client, cast, posted, answers, sentence):
    client.force_login(cast.li)
    applications.save_draft(posted, cast.li, words(posted))
    assert client.post(url("apply_eligibility", posted), answers).url == url("apply_stop", posted)
    page = client.get(url("apply_stop", posted)).text
    assert sentence in page
    assert "Thank you" in page
    with pytest.raises(Refused):
        applications.submit(Application.objects.get(), cast.li)


@pytest.mark.parametrize("who", ["amara", "mona", "eve", "tess", "fin", "root"])
def test_whoever_has_another_part_cannot_apply(client, cast, posted, who):
    posted.evaluators.add(cast.eve)
    person = getattr(cast, who)
    client.force_login(person)
    assert "You cannot apply" in client.get(url("apply", posted)).text
    assert client.get(url("apply_about", posted)).status_code == 409
    assert client.post(url("apply_about", posted), {"legal_name": "X"}).status_code == 409
    with pytest.raises(Refused, match="another part"):
        applications.apply(posted, person, words(posted))
    assert not Application.objects.exists()


def test_a_public_servant_without_a_part_needs_the_sign_off(cast, posted):
    with pytest.raises(Refused, match="sign-off"):
        applications.apply(posted, cast.bo, words(posted))


@pytest.mark.parametrize("late_by", [timedelta(0), timedelta(seconds=1), timedelta(days=2)])
def test_too_late_is_refused_with_the_times_and_the_text_is_there_to_copy(client, cast, posted, now, late_by):
    client.force_login(cast.li)
    applications.save_draft(posted, cast.li, words(posted))
    now.move_to(CLOSING + late_by)  # no job has run: the state still says posted
    response = client.post(url("apply_check", posted))
    assert response.status_code == 409
    assert "14:00:00" in response.text
    assert f"{CLOSING + late_by:%H:%M:%S}" in response.text
    assert SECRET in response.text
    typed = client.post(url("apply_answers", posted), {answer_field(posted): "typed at the last second"})
    assert typed.status_code == 409
    assert "typed at the last second" in typed.text
    assert not Submission.objects.exists()
    application = Application.objects.get()
    assert application.status == "draft"
    with pytest.raises(Refused, match="Closing was"):
        applications.withdraw(application, cast.li)


def test_the_last_second_is_in_time(cast, posted, now):
    now.move_to(CLOSING - timedelta(seconds=1))
    assert applications.apply(posted, cast.li, words(posted)).number == 1


def test_the_clock_is_read_once_the_row_is_locked(cast, posted, monkeypatch):
    """A request that waited for the lock past closing is late."""
    application = applications.save_draft(posted, cast.li, words(posted), now=BEFORE)
    rows = type(type(posted).objects)
    original = rows.held_still

    def slow(self, key):
        found = original(self, key)
        clock._frozen[-1].move_to(CLOSING)
        return found

    monkeypatch.setattr(rows, "held_still", slow)
    with pytest.raises(Refused, match="Closing was"):
        applications.submit(application, cast.li)


def test_an_extension_lets_it_be_sent_again(cast, posted, now):
    applications.save_draft(posted, cast.li, words(posted))
    data = {
        "closing_at_0": "2027-01-22",
        "closing_at_1": "14:00",
        "reason_en": "More time.",
        "reason_fr": "Plus de temps.",
    }
    act("extend_closing", posted, cast.tess, data=data)
    now.move_to(CLOSING + timedelta(hours=1))
    posted.refresh_from_db()
    applications.submit(Application.objects.get(), cast.li)


def test_what_was_sent_stands_until_it_is_sent_again(client, cast, posted):
    first = applications.apply(posted, cast.li, words(posted))
    applications.save_draft(posted, cast.li, words(posted, "A better text."))
    application = Application.objects.get()
    assert SECRET in application.answers.get().text
    client.force_login(cast.li)
    assert "did not send it" in client.get(url("apply", posted)).text
    second = applications.submit(application, cast.li)
    application.refresh_from_db()
    assert (first.number, second.number) == (1, 2)
    assert application.answers.get().text == "A better text."
    assert SECRET in application.submissions.first().content
    assert (
        application.receipt == json.loads(first.content)["receipt"] == json.loads(second.content)["receipt"]
    )


def test_the_hash_is_that_of_the_copy_and_the_copy_cannot_change(cast, posted):
    submission = applications.apply(posted, cast.li, words(posted))
    assert hashlib.sha256(submission.content.encode()).hexdigest() == submission.sha256
    with pytest.raises(DatabaseError), transaction.atomic():
        Submission.objects.update(content="{}")
    with pytest.raises(DatabaseError), transaction.atomic():
        Submission.objects.all().delete()


def test_sending_twice_makes_one_submission(client, cast, posted):
    client.force_login(cast.li)
    applications.save_draft(posted, cast.li, words(posted))
    for _time in range(2):
        assert client.post(url("apply_check", posted)).status_code == 302
    assert Submission.objects.count() == 1
    assert Email.objects.filter(to__contains=cast.li.email).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_double_click_makes_one_submission(cast, now):
    posted = at("posted", cast, closing=CLOSING)
    application = applications.save_draft(posted, cast.li, words(posted))
    gate, found, wrong = threading.Barrier(4), [], []

    def send():
        try:
            mine = Application.objects.get(pk=application.pk)
            gate.wait(timeout=20)
            found.append(applications.submit(mine, cast.li).pk)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(set(found)) == 1
    assert Submission.objects.count() == 1
    assert Email.objects.filter(to__contains=cast.li.email).count() == 1


def test_withdrawn_is_out_and_can_come_back_with_the_same_receipt(client, cast, posted, now):
    applications.apply(posted, cast.li, words(posted))
    receipt = Application.objects.get().receipt
    client.force_login(cast.li)
    assert client.get(url("withdraw_application", posted)).status_code == 200
    assert Application.objects.in_play().count() == 1
    assert client.post(url("withdraw_application", posted)).status_code == 302
    assert not Application.objects.in_play().exists()
    assert "withdrawn" in client.get(url("apply", posted)).text
    applications.submit(Application.objects.get(), cast.li)
    application = Application.objects.in_play().get()
    assert application.receipt == receipt
    assert application.submissions.count() == 2
    applications.withdraw(application, cast.li)
    now.move_to(CLOSING)
    act("close_empty", posted, CLOCK)
    posted.refresh_from_db()
    assert posted.state == "no_award"
    assert "Nobody had applied" in posted.ending_reason_en


def test_a_draft_that_was_never_sent_is_erased(client, cast, posted):
    applications.save_draft(posted, cast.li, words(posted))
    client.force_login(cast.li)
    client.post(url("withdraw_application", posted))
    assert not Application.objects.exists()


def test_the_supplier_follows_the_application_in_the_workspace(client, cast, posted, now):
    applications.apply(posted, cast.li, words(posted))
    client.force_login(cast.li)
    assert "Received and sealed" in client.get(url("workspace_opportunity", posted)).text
    now.move_to(CLOSING + timedelta(minutes=1))
    act("close", posted, CLOCK)
    assert client.get(url("apply", posted)).url == url("application", posted)
    assert "preparing the evaluation" in client.get(url("application", posted)).text


def test_a_material_change_lets_the_same_text_be_sent_again(client, cast, posted, now):
    applications.apply(posted, cast.li, words(posted))
    now.move_to(BEFORE + timedelta(hours=1))
    act(
        "amend",
        posted,
        cast.tess,
        data={
            "work_en": "Other work.",
            "work_fr": "Autre travail.",
            "material": "on",
            "reason_en": "a",
            "reason_fr": "b",
        },
    )
    application = Application.objects.get()
    client.force_login(cast.li)
    assert "to confirm it" in client.get(url("apply", posted)).text
    now.move_to(BEFORE + timedelta(hours=2))
    assert applications.submit(application, cast.li).number == 2
    assert applications.submit(application, cast.li).number == 2
    assert "to confirm it" not in client.get(url("apply", posted)).text


def test_what_is_known_of_a_supplier_is_filled_in_the_next_time(cast, posted):
    applications.apply(posted, cast.li, words(posted) | {"business_name": "Studio Li"})
    assert applications.prefill(cast.li)["business_name"] == "Studio Li"
    assert applications.prefill(cast.noor) == {"legal_name": cast.noor.name}

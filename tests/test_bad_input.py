"""What people type that nobody thought of: empty, too long, odd characters, markup, two windows, the Back button, odd nights."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from evaluations import applications
from evaluations.models import Application, Submission
from microacq import clock
from microacq.forms import MoneyField
from opportunities.actions import Invalid, act
from opportunities.lifecycle import Refused
from opportunities.models import Amendment, Opportunity, Question
from opportunities.views.questions import ask
from tests.factories import at
from tests.test_applying import BEFORE, CLOSING, answer_field, url, words
from tests.test_files import EXE, PDF, send_sign_off, stored
from tests.test_posting import WHY, answer

SCRIPT = "<script>alert('zebra')</script><img src=x onerror=alert(1)>{{ 41000|add:963 }}"
ODD = "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 zero\u200bwidth\u200djoin 🙂👩‍💻 é e\u0301"
RAW = ("<script>alert('zebra')", "<img src=x", "onerror=alert(1)>", "41963</")
REFUSED = {"NUL": "a\x00b", "escape": "a\x1bb", "reversed": "pay \u202e0001", "card": "4111 1111 1111 1111"}


@pytest.fixture
def now():
    with clock.frozen(BEFORE) as stopped:
        yield stopped


@pytest.fixture
def posted(cast, now):
    return at("posted", cast, closing=CLOSING)


def page_data(opportunity, text):
    """Every text field of the supplier's pages, filled with the same text."""
    return {
        "apply_about": {"legal_name": text, "business_name": text, "province": "ON", "code_account": text},
        "apply_answers": {answer_field(opportunity): text},
        "ask_question": {"text": text},
    }


def profile(text):
    return {"name": text, "business_name": text, "province": "ON", "code_account": "", "language": "en"}


# every field of the supplier's pages


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_shown_is_refused_with_a_sentence_in_every_field(client, cast, posted, now, text):
    now.move_to(CLOSING - timedelta(days=6))
    client.force_login(cast.li)
    for name, data in page_data(posted, text).items():
        response = client.post(url(name, posted), data)
        assert response.status_code == 422, name
        assert "There is a problem" in response.text
        for field in data:
            if field != "province":
                assert f'href="#id_{field}"' in response.text, field
    assert client.post(reverse("my_profile"), profile(text)).status_code == 422
    assert not Question.objects.exists()
    kept = Application.objects.get().working
    assert text not in str(kept)
    cast.li.refresh_from_db()
    assert cast.li.name == "Li Supplier"


@pytest.mark.parametrize("text", [SCRIPT, ODD], ids=["markup", "scripts and emoji"])
def test_any_other_text_is_kept_as_it_is_and_shown_as_text(client, cast, posted, now, text):
    now.move_to(CLOSING - timedelta(days=6))
    client.force_login(cast.li)
    data = words(posted, text) | {"legal_name": text, "business_name": text}
    applications.apply(posted, cast.li, data)
    client.post(url("ask_question", posted), {"text": text})
    assert Question.objects.get().text == text
    client.post(reverse("my_profile"), profile(text[:150]))
    sent = Submission.objects.get()
    assert Application.objects.get().answers.get().text == text
    assert "zebra" in sent.content or "🙂" in sent.content
    own = ["apply", "apply_about", "apply_answers", "apply_check", "application", "receipt", "workspace_opportunity", "opportunity", "ask_question"]  # fmt: skip
    addresses = [url(name, posted) for name in own]
    addresses += [
        reverse(name) for name in ("workspace", "my_applications", "my_profile", "my_data", "my_data_html")
    ]
    for address in addresses:
        page = client.get(address).text
        for raw in RAW:
            assert raw not in page, address
    client.force_login(cast.tess)
    for name in ("workspace_opportunity", "publish_answers"):
        page = client.get(url(name, posted)).text
        for raw in RAW:
            assert raw not in page, name


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u200b", "\n\n"])
def test_nothing_is_not_an_answer(client, cast, posted, text):
    client.force_login(cast.li)
    applications.save_draft(posted, cast.li, words(posted))
    response = client.post(url("apply_answers", posted), {answer_field(posted): text})
    assert response.status_code in (302, 422)
    with pytest.raises(Refused, match="Answer criterion 1"):
        applications.submit(Application.objects.get(), cast.li)


def test_251_words_and_10001_characters(client, cast, posted, now):
    now.move_to(CLOSING - timedelta(days=6))
    client.force_login(cast.li)
    applications.save_draft(posted, cast.li, words(posted))
    for text, said in ((" ".join(["mot"] * 251), "251 words"), ("x" * 10_001, "10001")):
        response = client.post(url("apply_answers", posted), {answer_field(posted): text})
        assert response.status_code == 422
        assert said in response.text.replace("10,001", "10001")
        assert text in response.text  # still there to mend
    assert client.post(url("apply_answers", posted), {answer_field(posted): "x" * 10_000}).status_code == 302
    assert client.post(url("ask_question", posted), {"text": "x" * 10_001}).status_code == 422
    with pytest.raises(Invalid):
        act("amend", posted, cast.tess, data={"work_en": "x" * 10_001, **WHY})


def test_a_program_named_pdf_is_refused(client, cast, posted):
    before = stored()
    client.force_login(cast.li)
    for content in (EXE, EXE + PDF, b"#!/bin/sh\n%PDF-1.4\n%%EOF", b"MZ" + PDF):
        response = send_sign_off(client, posted, content, "signoff.pdf")
        assert response.status_code == 422
        assert "whatever its name says" in response.text
    assert stored() == before


# what the team writes in public


def test_markup_in_what_the_team_writes_is_shown_as_text(client, cast, posted, now):
    question = ask(posted, cast.li, "Which version?", CLOSING - timedelta(days=6))
    fields = ("title", "short_description", "background", "work", "deliverables")
    texts = {f"{name}_{code}": SCRIPT for name in fields for code in ("en", "fr")}
    criterion = posted.evaluation_criteria.get()
    texts |= {f"evaluation_{criterion.pk}_{code}": SCRIPT for code in ("en", "fr")}
    texts |= {f"title_{code}": SCRIPT[:100] for code in ("en", "fr")}
    act("amend", posted, cast.tess, data={**texts, "reason_en": SCRIPT, "reason_fr": SCRIPT})
    act(
        "publish_answers",
        posted,
        cast.tess,
        data=answer(question, question_en=SCRIPT, question_fr=SCRIPT, answer_en=SCRIPT, answer_fr=SCRIPT),
    )
    for address in (url("opportunity", posted), reverse("opportunity_list"), reverse("home")):
        page = client.get(address).text
        for raw in RAW:
            assert raw not in page, address
    assert "zebra" in client.get(url("opportunity", posted)).text


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_the_team_cannot_post_it_either(cast, posted, now, text):
    question = ask(posted, cast.li, "Which version?", CLOSING - timedelta(days=6))
    for data in (
        {"title_en": text, **WHY},
        {"work_fr": text, **WHY},
        {"work_fr": "Autre.", **WHY, "reason_en": text},
    ):
        with pytest.raises(Invalid):
            act("amend", posted, cast.tess, data=data)
    with pytest.raises(Invalid):
        act("publish_answers", posted, cast.tess, data=answer(question, answer_en=text))
    with pytest.raises(Invalid):
        act("cancel", posted, cast.tess, data={"reason_en": text, "reason_fr": "Non."})
    assert not Amendment.objects.exists()


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1 234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1\u00a0234,56\u00a0$", "1234.56"),
        ("$1,234.56", "1234.56"),
        ("1 234,56 $", "1234.56"),
    ],
)
def test_money_is_typed_as_in_english_or_in_french(client, cast, typed, amount):
    client.force_login(cast.amara)
    address = reverse("new_inquiry")
    form = client.get(address).context["form"]
    data = {
        "title_en": "A count",
        "need": "n",
        "reason": "r",
        "team_name": "t",
        "branch": "IITB",
        "department": "ESDC",
    }
    assert "budget" in form.fields
    client.post(address, {**data, "budget": typed})
    assert Opportunity.objects.get().budget == Decimal(amount)


@pytest.mark.parametrize("typed", ["1,234,56", "1.234.56", "12,34.56", "1 23,456,7", "NaN", "1e3", "-5", "0"])
def test_an_amount_that_could_mean_two_things_is_refused(typed):
    with pytest.raises(ValidationError):
        MoneyField().clean(typed)


# two windows, Back, and the clock


def seen_on(response, name="seen"):
    return response.text.split(f'name="{name}" value="')[1].split('"')[0]


def test_a_second_window_does_not_silently_undo_the_first(client, cast, posted):
    client.force_login(cast.li)
    applications.save_draft(posted, cast.li, words(posted, "The first text."))
    page, field = url("apply_answers", posted), answer_field(posted)
    one, two = seen_on(client.get(page)), seen_on(client.get(page))
    assert client.post(page, {field: "Written in the first window.", "seen": one}).status_code == 302
    response = client.post(page, {field: "Written in the second.", "seen": two})
    assert response.status_code == 409
    assert "in another window" in response.text
    assert "Written in the first window." in response.text
    assert "Written in the second." in response.text
    assert list(Application.objects.get().working["answers"].values()) == ["Written in the first window."]
    again = client.post(page, {field: "Written in the second.", "seen": seen_on(response)})
    assert again.status_code == 302
    assert list(Application.objects.get().working["answers"].values()) == ["Written in the second."]
    # Saving twice the same thing, or another page meanwhile, is no conflict.
    old = seen_on(client.get(page))
    for _time in range(2):
        assert client.post(page, {field: "The same.", "seen": old}).status_code == 302
    fresh = seen_on(client.get(page))
    client.post(url("apply_payment", posted), {"means": "paypal"})
    assert client.post(page, {field: "Other.", "seen": fresh}).status_code == 302


@pytest.mark.parametrize("part", ["about", "eligibility", "payment"])
def test_every_page_notices_another_window(client, cast, posted, part):
    client.force_login(cast.li)
    applications.save_draft(posted, cast.li, words(posted))
    data = {
        "about": {
            "legal_name": "Li",
            "business_name": "",
            "province": "QC",
            "code_account": "https://gitlab.com/li",
        },
        "eligibility": {
            "of_age": "True",
            "standing": "permit",
            "uses_git": "True",
            "needs_sign_off": "False",
        },
        "payment": {"means": "paypal"},
    }[part]
    address = url(f"apply_{part}", posted)
    old = seen_on(client.get(address))
    applications.save_draft(
        posted,
        cast.li,
        {
            "legal_name": "Li Wei",
            "standing": "canada",
            "uses_git": False,
            "means": "visa",
            "province": "MB",
            "of_age": False,
        },
    )
    response = client.post(address, {**data, "seen": old})
    assert (response.status_code, "in another window" in response.text) == (
        (302, False) if part == "payment" else (409, True)
    )


def test_only_what_was_read_is_sent(client, cast, posted, now):
    client.force_login(cast.li)
    applications.save_draft(posted, cast.li, words(posted, "As it was read."))
    page = url("apply_check", posted)
    shown = seen_on(client.get(page), "shown")
    applications.save_draft(posted, cast.li, words(posted, "Changed in another window."))
    response = client.post(page, {"shown": shown})
    assert response.status_code == 409
    assert "nothing was sent" in response.text
    assert "Changed in another window." in response.text
    assert not Submission.objects.exists()
    shown = seen_on(response, "shown")
    now.move_to(BEFORE + timedelta(minutes=5))
    criterion = posted.evaluation_criteria.get()
    data = {f"evaluation_{criterion.pk}_en": "Show more.", f"evaluation_{criterion.pk}_fr": "Plus.", **WHY}
    act("amend", posted, cast.tess, data=data)
    assert client.post(page, {"shown": shown}).status_code == 409  # the question changed meanwhile
    assert client.post(page, {"shown": seen_on(client.get(page), "shown")}).status_code == 302


def test_the_back_button_after_sending_sends_nothing_twice(client, cast, posted):
    client.force_login(cast.li)
    applications.save_draft(posted, cast.li, words(posted))
    page = url("apply_check", posted)
    shown = seen_on(client.get(page), "shown")
    first = client.post(page, {"shown": shown})
    assert first.url == url("receipt", posted)
    assert "no-store" in client.get(page)["Cache-Control"]  # Back asks the server
    assert "already sent" in client.get(page).text
    assert client.post(page, {"shown": shown}).url == url("receipt", posted)
    assert Submission.objects.count() == 1


def test_closing_while_a_form_is_filled_in_gives_the_text_back(client, cast, posted, now):
    client.force_login(cast.li)
    applications.save_draft(posted, cast.li, words(posted))
    page = url("apply_answers", posted)
    old = seen_on(client.get(page))
    shown = seen_on(client.get(url("apply_check", posted)), "shown")
    now.move_to(CLOSING)
    for address, data in (
        (page, {answer_field(posted): "At the last second.", "seen": old}),
        (url("apply_check", posted), {"shown": shown}),
    ):
        response = client.post(address, data)
        assert response.status_code == 409
        assert "Closing was on January 20, 2027, 14:00:00" in response.text
    assert "At the last second." in client.post(page, {answer_field(posted): "At the last second."}).text
    question = client.post(url("ask_question", posted), {"text": "Too late?"})
    assert question.status_code == 409
    assert "Too late?" in question.text


# closing on the night when clocks change


def eastern(*parts, fold=0):
    return datetime(*parts, tzinfo=clock.EASTERN, fold=fold)


def open_until(cast, closing, now):
    now.move_to(closing - timedelta(days=4))
    return at("posted", cast, closing=closing)


def test_closing_on_the_day_when_clocks_go_back(client, cast, now):
    closing = eastern(2026, 11, 1, 1, 30)  # the first of the two half past ones
    found = open_until(cast, closing, now)
    client.force_login(cast.li)
    applications.save_draft(found, cast.li, words(found))
    now.move_to(closing - timedelta(seconds=1))
    assert found.is_open(clock.now())
    applications.submit(Application.objects.get(), cast.li)
    applications.save_draft(found, cast.li, words(found, "Later."))
    second_time = eastern(
        2026, 11, 1, 1, 10, fold=1
    )  # twenty minutes earlier on the wall, forty later in truth
    now.move_to(second_time)
    assert not found.is_open(clock.now())
    response = client.post(url("apply_check", found))
    assert response.status_code == 409
    assert "01:30:00 (daylight time)" in response.text
    assert "01:10:00 (standard time)" in response.text
    assert found.questions_until == eastern(2026, 10, 29, 1, 30)


def test_closing_on_the_day_when_clocks_go_forward(cast, now):
    closing = eastern(2026, 3, 8, 14, 0)
    found = open_until(cast, closing, now)
    found.refresh_from_db()
    assert found.closing_at - eastern(2026, 3, 7, 14, 0) == timedelta(hours=23)  # 24 by the wall
    now.move_to(eastern(2026, 3, 8, 13, 59, 59))
    applications.apply(found, cast.li, words(found))
    now.move_to(closing)
    with pytest.raises(Refused, match="14:00:00"):
        applications.withdraw(Application.objects.get(), cast.li)


def test_an_hour_that_does_not_exist_is_not_a_closing_time(cast, now):
    found = open_until(cast, eastern(2026, 3, 6, 14, 0), now)
    data = {
        "closing_at_0": "2026-03-08",
        "closing_at_1": "02:30",
        "selection_date": "2026-03-10",
        "delivery_date": "2026-04-10",
        **WHY,
    }
    with pytest.raises(Invalid) as problem:
        act("extend_closing", found, cast.tess, data=data)
    assert "does not exist" in str(problem.value.form.errors)
    act("extend_closing", found, cast.tess, data={**data, "closing_at_1": "03:00"})
    found.refresh_from_db()
    assert found.closing_at == eastern(2026, 3, 8, 3, 0)
    assert Opportunity.objects.get().is_open(eastern(2026, 3, 8, 1, 59))

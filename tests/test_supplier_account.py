"""A supplier's own side: what stands where, the profile, a copy of what is held, and closing the account."""

import json
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.urls import reverse
from django.utils.translation import override
from post_office.models import STATUS, Email

from evaluations import applications, closing_account, own_data, supplying
from evaluations.models import Application, Offer, Submission, SupplierProfile, Upload
from microacq import clock
from microacq.models import User
from opportunities import mailing_list
from opportunities.actions import act
from opportunities.lifecycle import Refused
from opportunities.models import Event, Following, Question, Subscription, SubscriptionRequest
from opportunities.views.questions import ask
from tests.cast import PASSWORD
from tests.factories import at
from tests.test_applying import BEFORE, CLOSING, SECRET, answer_field, words
from tests.test_files import PDF, send_sign_off, stored
from tests.test_files import url as address

PAGES = ("my_applications", "my_profile", "my_data", "close_account")
CHANGE = {
    "work_en": "Other work.",
    "work_fr": "Autre travail.",
    "material": "on",
    "reason_en": "a",
    "reason_fr": "b",
}


@pytest.fixture
def now():
    with clock.frozen(BEFORE) as stopped:
        yield stopped


@pytest.fixture
def posted(cast, now):
    return at("posted", cast, closing=CLOSING)


def line_of(user):
    """State and action of the user's one application, in words."""
    (line,) = supplying.application_lines(supplying.applications(user), clock.now())
    return str(line.state), str(line.action.label) if line.action else None


# what stands where


def test_every_page_is_for_whoever_is_signed_in_and_in_both_languages(client, cast):
    for name in PAGES:
        assert client.get(reverse(name)).status_code == 302
    for who in (cast.li, cast.sam):
        client.force_login(who)
        with override(who.language):
            for name in PAGES:
                response = client.get(reverse(name))
                assert response.status_code == 200
                assert f'<html lang="{who.language}"' in response.text


def test_an_application_is_followed_from_the_draft_to_the_result(cast, posted, now):
    applications.save_draft(posted, cast.li, words(posted))
    assert line_of(cast.li) == ("Draft, not sent", "Continue")
    applications.submit(Application.objects.get(), cast.li)
    assert line_of(cast.li) == ("Received and sealed", "Change or withdraw it")
    now.move_to(BEFORE + timedelta(hours=1))
    act("amend", posted, cast.tess, data=CHANGE)
    assert line_of(cast.li) == ("To confirm: the opportunity changed", "Confirm it")
    now.move_to(BEFORE + timedelta(hours=2))
    applications.withdraw(Application.objects.get(), cast.li)
    assert line_of(cast.li) == ("Withdrawn", "Send it again")
    posted.refresh_from_db()
    now.move_to(posted.closing_at)
    assert line_of(cast.li) == ("Withdrawn", None)


@pytest.mark.parametrize(
    ("state", "li", "sam"),
    [
        ("opened", ("Being evaluated, without your name", None), ("Being evaluated, without your name", None)),
        ("confirmed", ("Being evaluated, without your name", None), ("Being evaluated, without your name", None)),
        ("selection", ("Selected: the contract is offered to you", "Answer the offer"), ("Did not pass every criterion", "Debrief")),
        ("work", ("Selected, and signed", None), ("Did not pass every criterion", "Debrief")),
    ],
)  # fmt: skip
def test_the_result_is_said_when_it_may_be(cast, state, li, sam):
    at(state, cast)
    assert (line_of(cast.li), line_of(cast.sam)) == (li, sam)


def test_the_page_shows_applications_questions_offers_contracts_and_invoices(client, cast):
    found = at("certification", cast)
    Question.objects.create(opportunity=found, asker=cast.li, asked_at=found.posted_at, text="Which version?")
    client.force_login(cast.li)
    page = client.get(reverse("my_applications")).text
    for shown in (
        "Selected, and signed",
        "To be certified",
        "$6,500.00",
        "Which version?",
        "Not answered before closing",
        "signed",
    ):
        assert shown in page, shown
    assert "Sam" not in page
    workspace = client.get(reverse("workspace")).text
    assert "Selected, and signed" in workspace
    assert reverse("my_profile") in workspace
    client.force_login(cast.amara)
    assert "Your applications" not in client.get(reverse("workspace")).text


def test_a_question_says_where_it_stands(cast, posted, now):
    from tests.test_posting import answer

    now.move_to(CLOSING - timedelta(days=8))
    first, second = ask(posted, cast.li, "One?"), ask(posted, cast.li, "Two?")
    act(
        "publish_answers",
        posted,
        cast.tess,
        data=answer(first) | answer(second, do="set_aside", reason="No."),
    )
    ask(posted, cast.li, "Three?")
    states = {line.more: str(line.state) for line in supplying.question_lines(cast.li, clock.now())}
    assert states == {"One?": "Answered", "Two?": "Not published", "Three?": "With the team"}


def test_the_page_costs_the_same_however_much_there_is(client, cast, now, django_assert_max_num_queries):
    client.force_login(cast.li)
    at("complete", cast)
    client.get(reverse("my_applications"))
    with django_assert_max_num_queries(100) as counted:
        client.get(reverse("my_applications"))
    one = len(counted)
    for state in ("selection", "paying"):
        at(state, cast)
    with django_assert_max_num_queries(one):
        client.get(reverse("my_applications"))


# the profile


def test_the_profile_fills_in_the_next_application(client, cast, posted):
    client.force_login(cast.li)
    data = {
        "name": "Li Chen",
        "business_name": "Studio Li",
        "province": "QC",
        "code_account": "gitlab.com/li",
        "language": "fr",
    }
    assert client.post(reverse("my_profile"), data).status_code == 302
    cast.li.refresh_from_db()
    assert (cast.li.name, cast.li.language) == ("Li Chen", "fr")
    form = client.get(address("apply_about", posted)).context["form"]
    assert [form[name].value() for name in ("legal_name", "business_name", "province", "code_account")] == ["Li Chen", "Studio Li", "QC", "https://gitlab.com/li"]  # fmt: skip
    application = applications.save_draft(posted, cast.li, {"legal_name": "Li Wei Chen"})
    assert application.working["business_name"] == "Studio Li"
    client.post(reverse("my_profile"), data | {"business_name": ""})
    application.refresh_from_db()
    assert application.working["business_name"] == "Studio Li"  # what was begun stays


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"code_account": "not an address"}, {"language": "de"}, {"province": "XX"}]
)
def test_a_profile_that_does_not_hold_is_said(client, cast, wrong):
    client.force_login(cast.li)
    data = {"name": "Li", "business_name": "", "province": "", "code_account": "", "language": "en"} | wrong
    response = client.post(reverse("my_profile"), data)
    assert response.status_code == 422
    assert "There is a problem" in response.text
    assert not SupplierProfile.objects.exists()


# the copy


def test_the_copy_holds_everything_and_nothing_of_anybody_else(client, cast):
    found = at("complete", cast)
    asked = Question.objects.create(opportunity=found, asker=cast.li, asked_at=found.posted_at, text="Zebra?")
    client.force_login(cast.li)
    client.post(reverse("my_profile"), {"name": "Li Supplier", "province": "ON", "language": "en"})
    response = client.get(reverse("my_data_json"))
    assert response["Content-Disposition"] == 'attachment; filename="micro-acquisition.json"'
    assert "no-store" in response["Cache-Control"]
    held = json.loads(response.content)
    assert held["account"][0]["email"] == cast.li.email
    assert held["profile"][0]["province"] == "ON"
    assert held["applications"][0]["outcome"] == "offer_signed"
    sent = Submission.objects.get(application__supplier=cast.li)
    assert held["submissions"][0]["content"] == sent.content
    assert held["contracts"][0]["price"] == "6500.00"
    assert held["questions"][0]["text"] == asked.text
    assert held["invoices"] and held["payments"] and held["deliveries"] and held["offers"]
    assert len(held["mails"]) == cast.li.notifications.count() > 3
    assert {act_["transition"] for act_ in held["acts"]} >= {"sign", "deliver", "invoice"}
    page = client.get(reverse("my_data_html"))
    assert page["Content-Disposition"] == 'attachment; filename="micro-acquisition.html"'
    for text in (response.text, page.text):
        assert "Zebra?" in text
        for other in (cast.sam, cast.eve, cast.fin):
            assert other.email not in text
            assert other.name not in text
    assert "Which applications" not in page.text
    assert client.get(reverse("my_data")).status_code == 200
    with override("fr"):
        assert '<html lang="fr"' in client.get(reverse("my_data_html")).text


def test_the_copy_tells_no_result_before_its_time(cast):
    at("confirmed", cast)
    assert Application.objects.get(supplier=cast.sam).passed is False
    (held,) = json.loads(own_data.as_json(cast.sam, clock.now()))["applications"]
    assert held["outcome"] == "waiting"
    assert {"passed", "label", "checked_at", "set_aside_reason"}.isdisjoint(held)


def test_every_role_can_take_its_copy(cast):
    found = at("work", cast, evaluators=[cast.eve])
    for who in (cast.amara, cast.eve, cast.tess, cast.fin, cast.mona):
        held = json.loads(own_data.as_json(who, clock.now()))
        assert held["account"][0]["name"] == who.name
    held = json.loads(own_data.as_json(cast.eve, clock.now()))
    assert {mark["opportunity"] for mark in held["marks"]} == {found.reference}
    assert cast.li.name not in json.dumps(held["marks"])


# closing the account


def close_it(client, user, password=PASSWORD):
    client.force_login(user)
    return client.post(reverse("close_account"), {"password": password})


def test_closing_erases_who_it_was_and_ends_every_session(
    client, cast, posted, now, django_capture_on_commit_callbacks
):
    email = cast.li.email
    applications.apply(posted, cast.li, words(posted))
    question = ask(posted, cast.sam, "Mine?")
    Following.objects.create(opportunity=posted, user=cast.li, told_until=now.moment)
    SupplierProfile.objects.create(user=cast.li, business_name="Studio Li")
    asked = SubscriptionRequest.objects.create(
        email=email, language="en", asked_at=now.moment, consent_version="1", consent_text="Yes."
    )
    mailing_list.confirm(asked, now.moment)
    elsewhere = type(client)()
    elsewhere.force_login(cast.li)
    call_command("tick", verbosity=0)
    assert Email.objects.filter(to=[email], status=STATUS.sent).exists()
    response = close_it(client, cast.li)
    assert response.status_code == 302
    assert response.url == reverse("account_closed")
    assert "closed" in client.get(response.url).text
    assert "_auth_user_id" not in client.session
    assert elsewhere.get(reverse("workspace")).status_code == 302
    gone = User.objects.get(pk=cast.li.pk)
    assert (gone.is_active, gone.name, gone.email) == (False, "", f"closed-{gone.pk}@closed.invalid")
    assert not gone.has_usable_password()
    assert not EmailAddress.objects.filter(user=gone).exists()
    assert not SupplierProfile.objects.exists()
    assert not Following.objects.exists()
    assert Subscription.objects.get().unsubscribed_at
    application = Application.objects.get()
    assert (application.status, application.working) == ("withdrawn", {})
    assert SECRET in application.submissions.get().content  # what was received stays
    assert Question.objects.get() == question
    assert not client.login(email=email, password=PASSWORD)
    # The last mail still leaves; then nothing keeps the address.
    (last,) = Email.objects.filter(to=[email], status=STATUS.queued)
    assert "closed" in last.subject
    call_command("tick", verbosity=0)
    assert not Email.objects.filter(notification__recipient=gone).exclude(message="").exists()
    assert not Email.objects.filter(notification__recipient=gone, to=[email]).exists()
    assert Event.first_break() is None
    assert User.objects.create_user(email, PASSWORD)  # the address is free again


def test_drafts_and_their_files_are_erased(client, cast, posted, now, django_capture_on_commit_callbacks):
    before = stored()
    client.force_login(cast.li)
    send_sign_off(client, posted, PDF)
    assert stored() != before
    with django_capture_on_commit_callbacks(execute=True):
        close_it(client, cast.li)
    assert not Application.objects.exists()
    assert stored() == before
    assert not Upload.objects.exists()


def test_what_was_sent_to_a_closed_opportunity_stays_and_is_evaluated(client, cast):
    found = at("opened", cast)
    assert close_it(client, cast.sam).status_code == 302
    kept = Application.objects.get(supplier=cast.sam)
    assert kept.status == "submitted"
    assert kept.legal_name == "Sam Supplier"
    assert found.applications.in_play().count() == 2


def test_the_password_is_asked_again(client, cast):
    response = close_it(client, cast.li, "wrong")
    assert response.status_code == 422
    assert "not your password" in response.text
    assert User.objects.get(pk=cast.li.pk).is_active
    for _time in range(12):
        response = close_it(client, cast.li, "wrong")
    assert response.status_code == 429


@pytest.mark.parametrize("state", ["selection", "work", "acceptance", "invoicing", "certification", "paying"])
def test_an_open_offer_or_contract_comes_first(client, cast, state):
    at(state, cast)
    response = close_it(client, cast.li)
    assert response.status_code == 409
    assert "still open" in response.text
    with pytest.raises(Refused):
        closing_account.close(cast.li, clock.now())
    assert User.objects.get(pk=cast.li.pk).is_active


def test_a_finished_contract_stays_on_record_when_its_supplier_leaves(client, cast):
    found = at("complete", cast)
    assert close_it(client, cast.li).status_code == 302
    contract = found.contracts.get()
    assert contract.supplier_name == "Li Supplier"
    assert "Li Supplier" in client.get(reverse("opportunity", args=[found.reference])).text
    assert Event.first_break() is None


@pytest.mark.parametrize("who", ["amara", "tess", "fin", "root"])
def test_the_departments_accounts_are_closed_by_the_team(client, cast, who):
    response = close_it(client, getattr(cast, who))
    assert response.status_code == 409
    assert "closed by the micro-acquisition team" in response.text


def test_who_signs_on_without_a_password_sets_one_first(client, cast):
    cast.li.set_unusable_password()
    cast.li.save()
    response = close_it(client, cast.li, "")
    assert response.status_code == 200
    assert "Set a password" in response.text
    assert User.objects.get(pk=cast.li.pk).is_active


def test_nothing_breaks_where_a_closed_account_has_a_part(client, cast):
    found = at("confirmed", cast)
    close_it(client, cast.sam)
    client.force_login(cast.tom)
    assert client.get(reverse("workspace_opportunity", args=[found.reference])).status_code == 200
    act("award_single", found, cast.tom)
    assert Offer.objects.open().get().supplier == cast.li


def test_answers_typed_are_in_nobody_elses_copy(client, cast, posted):
    client.force_login(cast.li)
    client.post(address("apply_answers", posted), {answer_field(posted): SECRET})
    assert SECRET in own_data.as_json(cast.li, clock.now())
    for who in (cast.sam, cast.tess, cast.amara):
        assert SECRET not in own_data.as_json(who, clock.now())

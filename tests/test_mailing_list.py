"""The mailing list: asked by anybody, confirmed by the owner of the address, told of what matches, ended by one click."""

from datetime import datetime, timedelta

import pytest
from django.core import mail as sent_mail
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override
from post_office.models import STATUS, Email

from microacq import clock, outbox
from opportunities import due, mailing_list
from opportunities.forms.subscription import CONSENT
from opportunities.models import Consent, Notification, Skill, Subscription, SubscriptionRequest
from tests.factories import at

NOW = datetime(2027, 1, 12, 10, 0, tzinfo=clock.EASTERN)
ADDRESS = "ada@example.ca"


@pytest.fixture
def now():
    with clock.frozen(NOW) as stopped:
        yield stopped


@pytest.fixture
def python(db):
    return Skill.objects.create(name_en="Python", name_fr="Python")


def asks(client, email=ADDRESS, language="en", **more):
    return client.post(reverse("subscribe"), {"email": email, "language": language, **more})


def link_in(email, word="confirm"):
    """The path of the first link of a mail that holds this word."""
    found = next(
        part for part in email.message.split() if part.startswith("http://testserver") and word in part
    )
    return found.removeprefix("http://testserver")


def confirmed(client, email=ADDRESS, **more) -> Subscription:
    asks(client, email, **more)
    client.post(link_in(Email.objects.filter(to=[email]).latest("pk")))
    return Subscription.objects.get(email=email)


def test_an_address_is_on_the_list_once_its_owner_confirms(client, db, now, python):
    response = asks(client, "Ada@Example.CA", "fr", skills=[python.pk])
    assert response.status_code == 302
    assert "Check your email" in client.get(response.url).text
    assert not Subscription.objects.exists()
    mail = Email.objects.get()
    assert mail.to == [ADDRESS]
    assert ADDRESS not in link_in(mail)
    assert link_in(mail).startswith("/fr/")
    page = client.get(link_in(mail))
    assert ADDRESS in page.text
    assert not Subscription.objects.exists(), "a GET confirms nothing"
    now.move_to(NOW + timedelta(hours=2))
    client.post(link_in(mail))
    kept = Subscription.objects.get()
    assert (kept.email, kept.language, list(kept.skills.all())) == (ADDRESS, "fr", [python])
    assert kept.confirmed_at == NOW + timedelta(hours=2)


def test_the_proof_of_consent_is_kept_as_shown_and_cannot_be_changed(client, db, now):
    kept = confirmed(client)
    proof = kept.consents.get()
    assert (proof.kind, proof.asked_at, proof.at) == (Consent.Kind.GIVEN, NOW, NOW)
    assert (proof.text, proof.version) == (str(CONSENT), mailing_list.CONSENT_VERSION)
    assert proof.text in client.get(reverse("subscribe")).text
    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.update(text="Anything.")
    with pytest.raises(DatabaseError), transaction.atomic():
        proof.delete()


def test_the_answer_tells_nobody_who_is_on_the_list(client, db, now):
    confirmed(client)
    answers = []
    for email in (ADDRESS, "never-heard-of@example.ca"):
        with CaptureQueriesContext(connection) as queries:
            response = asks(client, email)
        answers.append((response.status_code, response.url, response.content, len(queries)))
        words = Email.objects.filter(to=[email]).latest("pk")
        answers[-1] += (words.subject,)
        assert not any('FROM "opportunities_subscription"' in query["sql"] for query in queries)
    assert answers[0] == answers[1]


def test_somebody_else_cannot_change_what_an_address_receives(client, db, now, python):
    kept = confirmed(client)
    asks(client, ADDRESS, "fr", skills=[python.pk])
    kept.refresh_from_db()
    assert (kept.language, kept.skills.count()) == ("en", 0)


def test_a_link_works_seven_days_then_is_thrown_away(client, db, now):
    asks(client)
    link = link_in(Email.objects.get())
    now.move_to(NOW + timedelta(days=7))
    assert client.get(link).status_code == 404
    assert client.post(link).status_code == 404
    assert mailing_list.forget(clock.now()) == 1
    assert not SubscriptionRequest.objects.exists()
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("name", ["confirm_subscription", "subscription", "unsubscribe"])
@pytest.mark.parametrize("key", ["x", "0" * 32, "0" * 32 + ":" + "a" * 43, "é"])
def test_a_link_that_was_not_signed_here_opens_nothing(client, db, name, key):
    assert client.get(reverse(name, args=[key])).status_code == 404
    assert client.post(reverse(name, args=[key])).status_code == 404


def test_the_key_of_a_request_does_not_open_a_subscription(client, db, now):
    asks(client)
    key = link_in(Email.objects.get()).rstrip("/").rsplit("/", 1)[1]
    assert client.post(reverse("unsubscribe", args=[key])).status_code == 404


def test_confirming_twice_is_confirming_once(client, db, now):
    confirmed(client)
    link = link_in(Email.objects.filter(subject__contains="Confirm").latest("pk"))
    kept = Subscription.objects.get()
    mailing_list.unsubscribe(kept, NOW)
    assert client.post(link).status_code == 302
    kept.refresh_from_db()
    assert not kept.is_active, "a used link does not subscribe again"
    assert "Already confirmed" in client.get(link).text


def test_the_link_is_sent_three_times_a_day_and_no_more(client, db, now):
    for _time in range(5):
        assert asks(client).status_code == 302
    assert Email.objects.count() == mailing_list.ASKED_A_DAY
    assert asks(client, "somebody-else@example.ca").status_code == 302
    assert Email.objects.count() == mailing_list.ASKED_A_DAY + 1


def test_one_network_cannot_ask_for_everybody(client, db, now):
    answers = [asks(client, f"a{number}@example.ca").status_code for number in range(22)]
    assert answers == [302] * 20 + [429] * 2


@pytest.mark.parametrize(
    "email", ["", "ada", "a@b@c", "ada@example.ca\nBcc: x@example.ca", "a\x00@example.ca"]
)
def test_what_is_no_address_is_said(client, db, email):
    assert asks(client, email).status_code == 422
    assert not Email.objects.exists()


def test_a_new_opportunity_is_told_to_those_whose_skills_match(client, cast, now):
    everything = confirmed(client)
    python = Skill.objects.create(name_en="Python", name_fr="Python")
    cobol = Skill.objects.create(name_en="COBOL", name_fr="COBOL")
    matching = confirmed(client, "py@example.ca", language="fr", skills=[python.pk, cobol.pk])
    confirmed(client, "cobol@example.ca", skills=[cobol.pk])
    gone = confirmed(client, "gone@example.ca")
    mailing_list.unsubscribe(gone, NOW)
    asks(client, "unconfirmed@example.ca")
    opportunity = at("posted", cast, now=NOW)
    mailing_list.announce(NOW)
    assert python in opportunity.skills.all()
    told = Notification.objects.filter(template="new_opportunity")
    assert {note.email.to[0] for note in told} == {everything.email, matching.email}
    assert all(note.recipient is None and note.event.transition == "post" for note in told)
    mail = told.get(email__to=[matching.email]).email
    assert "Compter les visites" in mail.message
    with override("fr"):
        assert reverse("unsubscribe", args=[mailing_list.key(matching)]) in mail.message


def test_each_mail_of_the_list_offers_one_click(client, cast, now, settings):
    confirmed(client)
    at("posted", cast, now=NOW)
    mailing_list.announce(NOW)
    settings.POST_OFFICE = {
        **settings.POST_OFFICE,
        "BACKENDS": {"default": "django.core.mail.backends.locmem.EmailBackend"},
    }
    outbox.send_due(NOW + timedelta(minutes=10))
    mail = next(
        message for message in sent_mail.outbox if message.to == [ADDRESS] and "MA-" in message.subject
    )
    raw = mail.message().as_string()
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in raw
    address = mail.extra_headers["List-Unsubscribe"].strip("<>")
    assert settings.POSTAL_ADDRESS in mail.body
    path = address.removeprefix("http://testserver")
    assert client.get(path).status_code == 200
    assert Subscription.objects.get().is_active, "a GET ends nothing"
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    kept = Subscription.objects.get()
    assert not kept.is_active
    assert strict.post(path).status_code == 200
    assert [proof.kind for proof in kept.consents.all()] == ["given", "withdrawn"]


def test_the_subscriber_changes_what_they_receive_and_can_come_back(client, db, now, python):
    kept = confirmed(client)
    page = reverse("subscription", args=[mailing_list.key(kept)])
    assert ADDRESS in client.get(page).text
    assert client.post(page, {"language": "fr", "skills": [python.pk]}).status_code == 302
    kept.refresh_from_db()
    assert (kept.language, list(kept.skills.all())) == ("fr", [python])
    assert client.post(page, {"language": "de"}).status_code == 422
    client.post(reverse("unsubscribe", args=[mailing_list.key(kept)]))
    assert "not on the mailing list" in client.get(page).text
    again = confirmed(client)
    assert again == kept
    assert again.is_active
    assert again.consents.count() == 3


def test_no_page_of_the_list_is_kept_by_caches(client, db, now):
    kept = confirmed(client)
    for name in ("subscription", "unsubscribe"):
        assert "no-store" in client.get(reverse(name, args=[mailing_list.key(kept)]))["Cache-Control"]


def test_forgetting_is_a_job_of_tick():
    assert "forget requests" in [name for _order, name, _function in due.JOBS]


def test_the_team_sees_whose_mail_fails_and_stops_writing_to_them(client, cast, now):
    kept, fine = confirmed(client), confirmed(client, "fine@example.ca")
    Email.objects.filter(to=[ADDRESS]).update(status=STATUS.failed)
    listed = reverse("admin:opportunities_subscription_changelist")
    client.force_login(cast.amara)
    assert client.get(listed).status_code == 302
    client.force_login(cast.tess)
    page = client.get(listed, {"status": "failed"}).text
    assert ADDRESS in page
    assert fine.email not in page
    proof = client.get(reverse("admin:opportunities_subscription_change", args=[kept.pk])).text
    assert str(CONSENT) in proof
    client.post(listed, {"action": "stop_writing", "_selected_action": [kept.pk]})
    kept.refresh_from_db()
    assert kept.bounced_at == NOW
    assert not kept.is_active
    assert confirmed(client).is_active, "the owner can come back"

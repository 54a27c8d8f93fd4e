"""The log of emails: what was sent, to whom, why not; its words where they may be read; sent again, on record."""

import re
from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from post_office.models import STATUS, Email, Log

from evaluations import survey
from microacq import clock, outbox
from opportunities import mail_log, mailing_list
from opportunities.actions import act
from opportunities.models import Notification, SentAgain, SentMail, Subscription
from tests.factories import at

NOW = datetime(2027, 2, 2, 10, 0, tzinfo=clock.EASTERN)
LIST = "/en/admin/opportunities/sentmail/"


@pytest.fixture(autouse=True)
def _now(db):
    with clock.frozen(NOW):
        yield


def email_to(person, template) -> Email:
    return Notification.objects.filter(recipient=person, template=template).latest("pk").email


def sent(email, status=STATUS.sent) -> Email:
    Email.objects.filter(pk=email.pk).update(status=status, last_updated=NOW)
    email.refresh_from_db()
    return email


def detail(client, email):
    return client.get(f"{LIST}{email.pk}/change/").text


def again(client, email):
    return client.post(reverse("admin:opportunities_sentmail_again", args=[email.pk]))


def test_the_words_are_shown_and_a_sent_email_goes_again_on_record(client, cast):
    at("screening", cast, now=NOW)
    email = sent(email_to(cast.amara, "inquiry_received"))
    client.force_login(cast.tess)
    page = detail(client, email)
    assert email.subject in page and "Submit the inquiry" in page
    assert email.message.splitlines()[0] in page and "Send again" in page
    assert client.get(reverse("admin:opportunities_sentmail_again", args=[email.pk])).status_code == 405
    cast.amara.email = "amara.moved@hrsdc-rhdcc.gc.ca"
    cast.amara.save()
    assert again(client, email).status_code == 302
    kept = SentAgain.objects.get()
    assert (kept.email, kept.asked_by, kept.asked_at) == (email, cast.tess, NOW)
    assert (kept.copy.message, kept.copy.to) == (email.message, [cast.amara.email])
    assert kept.copy.status == STATUS.queued
    assert (kept.copy.notification.template, kept.copy.notification.event) == ("inquiry_received", None)
    assert str(cast.tess) in detail(client, email)
    refused = again(client, email)
    assert refused.status_code == 409 and "in the queue already" in refused.text
    assert SentAgain.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        SentAgain.objects.update(asked_by=cast.tom)


def test_a_failed_email_says_why_and_is_queued_again_as_it_is(client, cast):
    at("screening", cast, now=NOW)
    email = sent(email_to(cast.amara, "inquiry_received"), STATUS.failed)
    Email.objects.filter(pk=email.pk).update(number_of_retries=6, scheduled_time=NOW)
    Log.objects.create(email=email, status=STATUS.failed, exception_type="SMTPRecipientsRefused", message="")
    client.force_login(cast.tess)
    assert "the mail server refused the address" in detail(client, email)
    assert again(client, email).status_code == 302
    email.refresh_from_db()
    assert (email.status, email.number_of_retries, email.scheduled_time) == (STATUS.queued, 0, None)
    assert email in outbox.due(NOW)
    assert SentAgain.objects.get().copy is None
    assert again(client, email).status_code == 409


@pytest.mark.parametrize(
    ("language", "told", "chosen"),
    [
        ("en", "Submit the inquiry → the client", "Submit the inquiry → the micro-acquisition team"),
        ("fr", "Soumettre la demande initiale → le client", "Soumettre la demande initiale → l’équipe"),
    ],
)
def test_each_email_and_each_filter_is_named_in_words(client, cast, language, told, chosen):
    at("screening", cast, now=NOW)
    client.force_login(cast.tess)
    page = client.get(LIST.replace("/en/", f"/{language}/")).text
    assert told in page and chosen in page
    shown = re.sub(r"<[^>]+>", " ", page)
    for name in mail_log.names():
        assert not re.search(rf"\b{name}\b", shown) or "_" not in name, name
    client.force_login(cast.tom)
    samples = re.sub(r"<[^>]+>", " ", client.get(reverse("admin:mail_samples")).text)
    assert "inquiry_received" not in samples


def test_what_went_to_suppliers_is_closed_until_the_evaluation_is_confirmed(client, cast):
    opportunity = at("review", cast, now=NOW)
    client.force_login(cast.tom)
    listed = client.get(LIST, {"template": "application_period_closed"}).text
    assert "a supplier" in listed and cast.li.name not in listed
    email = sent(email_to(cast.li, "application_period_closed"))
    page = detail(client, email)
    assert "sealed until the evaluation is confirmed" in page and "Send again" not in page
    for secret in (cast.li.name, cast.li.email, email.message[:40]):
        assert secret not in page, secret
    assert again(client, email).status_code == 409
    to_suppliers = SentMail.objects.filter(notification__recipient__role="supplier")
    assert to_suppliers.exists()
    assert all(mail_log.why_closed(kept) for kept in to_suppliers)
    assert again(client, sent(email, STATUS.failed)).status_code == 302, "queued again, unread"
    act("confirm", opportunity, cast.tom, now=NOW)
    assert cast.li.name in detail(client, email)


def test_links_that_open_something_are_neither_shown_nor_sent_again(client, cast):
    kept = Subscription.objects.create(email="ada@example.ca", language="en", confirmed_at=NOW)
    client.post(reverse("subscribe"), {"email": "new@example.ca", "language": "en"})
    at("posted", cast, now=NOW)
    mailing_list.announce(NOW)
    account = Email.objects.create(
        from_email="a@b.example", to="li@studio.example", subject="Confirm", message="https://x/secret/"
    )
    to_confirm = Notification.objects.get(template="confirm_subscription").email
    news = Notification.objects.get(template="new_opportunity").email
    client.force_login(cast.tess)
    for email, reason in (
        (account, "hold links that open it"),
        (to_confirm, "own links"),
        (news, "own links"),
    ):
        page = detail(client, sent(email))
        assert reason in page and "Send again" not in page
        assert "http" not in page.partition("field-words")[2].partition("</div>")[0]
        assert again(client, email).status_code == 409
    assert again(client, sent(news, STATUS.failed)).status_code == 302
    mailing_list.unsubscribe(kept, NOW)
    assert again(client, sent(news, STATUS.failed)).status_code == 409
    kept.refresh_from_db()
    Subscription.objects.filter(pk=kept.pk).update(bounced_at=NOW, unsubscribed_at=None)
    Email.objects.filter(pk=news.pk).update(status=STATUS.sent, created=NOW)
    listed = client.get(LIST, {"status": "back"}).text
    assert "came back" in listed and f"{news.pk}/change" in listed and f"{account.pk}/change" not in listed


def test_the_secret_of_a_survey_is_not_shown_and_what_lost_it_is_not_sent_again(client, cast):
    at("complete", cast, now=NOW)
    email = email_to(cast.amara, "complete")
    assert survey.MARK in email.message
    client.force_login(cast.tess)
    assert survey.MARK not in detail(client, email)
    Email.objects.filter(pk=email.pk).update(message=outbox.kept_copy(email)["message"])
    page = detail(client, sent(email))
    assert "works once and is not kept" in page and "Send again" not in page
    assert again(client, email).status_code == 409


def test_the_list_is_for_the_team_filtered_and_costs_the_same_however_long(client, cast):
    counts = []
    client.force_login(cast.tess)
    for _time in range(2):
        opportunity = at("screening", cast, now=NOW)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(LIST, {"template": "inquiry_submitted", "status": str(STATUS.queued)})
        counts.append(len(queries))
    assert counts[0] == counts[1]
    shown = {mail.notification.template for mail in page.context["cl"].result_list}
    assert opportunity.reference in page.text and shown == {"inquiry_submitted"}
    of_one = client.get(LIST, {"notification__opportunity__id__exact": opportunity.pk})
    assert {mail.notification.opportunity for mail in of_one.context["cl"].result_list} == {opportunity}
    found = client.get(LIST, {"q": cast.amara.email}).context["cl"].result_list
    assert not found, "never by address"
    email = email_to(cast.amara, "inquiry_received")
    assert client.get(f"/fr/admin/opportunities/sentmail/{email.pk}/change/").status_code == 200
    client.force_login(cast.amara)
    for url in (LIST, f"{LIST}{email.pk}/change/"):
        assert client.get(url).status_code == 302
    assert again(client, email).status_code == 302
    assert not SentAgain.objects.exists()

"""How mail leaves: queued first, then by SMTP, GC Notify or files."""

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage, send_mail
from notifications_python_client.errors import InvalidResponse
from post_office.models import STATUS, Email

from microacq.mail import NotifyBackend, Smtp, smtp_settings


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("smtp://a%40b:s%2Fecret@mail.example", Smtp("mail.example", 587, "a@b", "s/ecret", True, False)),
        ("smtps://u:p@mail.example:4650", Smtp("mail.example", 4650, "u", "p", False, True)),
        ("smtp+plain://localhost", Smtp("localhost", 25, "", "", False, False)),
    ],
)
def test_an_smtp_server_is_one_setting(url, read):
    assert smtp_settings(url) == read


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://", "smtp://h:port"])
def test_anything_else_is_refused(url):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL cannot be read"):
        smtp_settings(url)


@pytest.mark.django_db
def test_sending_only_queues(settings):
    settings.EMAIL_BACKEND = "post_office.EmailBackend"
    send_mail("Subject", "Body", None, ["li@supplier.example"])
    assert list(Email.objects.values_list("status", "subject")) == [(STATUS.queued, "Subject")]
    assert mail.outbox == []


class Service:
    """Stands where GC Notify's client stands, and keeps what it was asked to send."""

    asked: list = []
    refuses: tuple = ()

    def __init__(self, api_key, base_url):
        self.who = (api_key, base_url)

    def send_email_notification(self, **request):
        if request["email_address"] in self.refuses:
            raise InvalidResponse("refused")
        self.asked.append((self.who, request))


@pytest.fixture
def service(monkeypatch, settings):
    settings.NOTIFY_API_KEY, settings.NOTIFY_TEMPLATE_ID = "key", "template"
    settings.NOTIFY_BASE_URL = "https://notify.example"
    fresh = type("Fresh", (Service,), {"asked": [], "refuses": ()})
    monkeypatch.setattr("notifications_python_client.notifications.NotificationsAPIClient", fresh)
    return fresh


def test_gc_notify_gets_subject_and_body_for_each_recipient(service):
    message = EmailMessage("Objet", "Texte", None, ["a@x.example"], bcc=["b@x.example"])
    assert NotifyBackend().send_messages([message]) == 1
    words = {"template_id": "template", "personalisation": {"subject": "Objet", "body": "Texte"}}
    assert service.asked == [
        (("key", "https://notify.example"), {"email_address": email, **words})
        for email in ("a@x.example", "b@x.example")
    ]


def test_a_refusal_is_raised_so_that_the_queue_tries_again(service):
    service.refuses = ("a@x.example",)
    message = EmailMessage("Objet", "Texte", None, ["a@x.example"])
    with pytest.raises(InvalidResponse):
        NotifyBackend().send_messages([message])
    assert NotifyBackend(fail_silently=True).send_messages([message]) == 0

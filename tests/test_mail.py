"""How mail leaves: queued first, then by SMTP, GC Notify or files."""

import re

import pytest
from django.conf import settings
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail
from django.urls import reverse
from notifications_python_client.errors import InvalidResponse
from post_office.models import STATUS, Email

from microacq import outbox
from microacq.mail import NotifyBackend, Smtp, smtp_settings
from opportunities.actions import act
from tests.need import NOW, a_draft


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
    settings.EMAIL_BACKEND = "microacq.outbox.QueueBackend"
    send_mail("Subject", "Body", None, ["li@supplier.example"])
    assert list(Email.objects.values_list("status", "subject")) == [(STATUS.queued, "Subject")]
    assert mail.outbox == []


TEMPLATE = "{{ 7|add:7 }} {% include 'base.html' %} {% zqx %} {# gone #} {{{%{#{{ {%"


@pytest.mark.django_db
def test_words_in_a_mail_are_never_code(settings):
    settings.EMAIL_BACKEND = "microacq.outbox.QueueBackend"
    message = EmailMultiAlternatives(TEMPLATE, f"Hello {TEMPLATE}", None, ["li@supplier.example"])
    message.attach_alternative(f"<p>{TEMPLATE}</p>", "text/html")
    message.send()
    outbox.queue(
        recipients=["li@supplier.example"], subject=TEMPLATE, message=TEMPLATE, html_message=TEMPLATE
    )
    first, second = Email.objects.order_by("pk")
    assert (first.subject, first.message) == (TEMPLATE, f"Hello {TEMPLATE}")
    assert first.html_message == f"<p>{TEMPLATE}</p>"
    assert {second.subject, second.message, second.html_message} == {TEMPLATE}


@pytest.mark.django_db
def test_a_name_or_a_title_is_never_code_in_a_mail(client, cast, settings):
    settings.EMAIL_BACKEND = "microacq.outbox.QueueBackend"
    cast.li.name = "Li {% zqx %}"
    cast.li.save()
    assert client.post(reverse("account_reset_password"), {"email": cast.li.email}).status_code == 302
    assert Email.objects.filter(to=[cast.li.email]).exists()
    need = a_draft(cast.amara, title_en=TEMPLATE[:90])
    act("submit", need, cast.amara, now=NOW)
    assert TEMPLATE[:90] in Email.objects.get(to=[cast.amara.email]).message


@pytest.mark.django_db
def test_no_link_of_a_mail_hides_where_it_leads(cast):
    need = a_draft(cast.amara, title_en="[Sign in again](https://evil.example/login)")
    act("submit", need, cast.amara, now=NOW)
    html = Email.objects.get(to=[cast.amara.email]).html_message
    assert "[Sign in again](" in html
    for target, words in re.findall(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>', html):
        assert words == target


def test_nothing_else_queues_mail():
    asks = re.compile(r"post_office(\.mail import| import mail)")
    root = settings.BASE_DIR
    found = {
        str(path.relative_to(root))
        for app in ("microacq", "opportunities", "evaluations")
        for path in (root / app).rglob("*.py")
        if asks.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"microacq/outbox.py"}


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

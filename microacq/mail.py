"""How mail leaves: the address of an SMTP server as one setting, and GC Notify. Knows nothing of what is sent.

GC Notify sends through one template of ours whose whole subject is ((subject)) and whole body is ((body)), so the
words stay in this project.
"""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.base import BaseEmailBackend


class Smtp(NamedTuple):
    """Where and how to reach an SMTP server; `starttls` and `tls` are never both true."""

    host: str
    port: int
    user: str
    password: str
    starttls: bool
    tls: bool


def smtp_settings(url: str) -> Smtp:
    """Read `smtp://user:password@host:587` (STARTTLS), `smtps://host:465` (TLS) or `smtp+plain://localhost:25`.

    Raises ImproperlyConfigured for anything else; percent-encode special characters in user and password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    ports = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
    if parts.scheme not in ports or not parts.hostname:
        raise ImproperlyConfigured(
            "EMAIL_URL cannot be read: write smtp://user:password@host:587, smtps://... or smtp+plain://..."
        )
    return Smtp(
        parts.hostname,
        port or ports[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parts.scheme == "smtp",
        parts.scheme == "smtps",
    )


class NotifyBackend(BaseEmailBackend):
    """Django's email backend for GC Notify; one request a recipient, as its service wants."""

    def send_messages(self, email_messages):
        """Send each message's text to each of its recipients; returns how many messages went out whole.

        Raises the client's HTTPError when the service refuses, unless fail_silently, so that the queue retries.
        """
        from notifications_python_client.errors import HTTPError, InvalidResponse
        from notifications_python_client.notifications import NotificationsAPIClient

        client = NotificationsAPIClient(settings.NOTIFY_API_KEY, base_url=settings.NOTIFY_BASE_URL)
        sent = 0
        for message in email_messages or []:
            try:
                for recipient in message.recipients():
                    client.send_email_notification(
                        email_address=recipient,
                        template_id=settings.NOTIFY_TEMPLATE_ID,
                        personalisation={"subject": message.subject, "body": message.body},
                    )
            except (HTTPError, InvalidResponse):
                if not self.fail_silently:
                    raise
            else:
                sent += 1
        return sent

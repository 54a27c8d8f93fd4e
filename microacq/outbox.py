"""Queues mail and sends what is queued. Knows the queue (django-post-office) and nothing of what the mails say.

The queue runs what it is given as a Django template: somebody's name or title would be code in it, or break it. So
everything is queued word for word, through `queue()` or the backend here, and nothing else calls `post_office.mail`.

Each mail is claimed with a row lock that others skip, sent, and marked in the same transaction: two machines never
send one twice. A process killed after the mail server took a mail and before the mark sends that one again.
"""

import copy
import logging
import re
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from post_office import mail
from post_office.backends import EmailBackend
from post_office.connections import connections
from post_office.models import STATUS, Email, Log

log = logging.getLogger("microacq.outbox")
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
"""How long a refused mail waits before each new try."""

TAGS = {"{": "openvariable", "%": "openblock", "#": "opencomment"}


def word_for_word(text: str) -> str:
    """A Django template that gives this text, whatever is in it."""
    return re.sub(r"\{([{%#])", lambda found: f"{{% templatetag {TAGS[found[1]]} %}}", text)


def queue(*, subject: str, message: str, html_message: str = "", **more: Any) -> Email:
    """Put an email into the queue, in the caller's transaction, its words as they are.

    `more` is what `post_office.mail.send` takes: recipients, sender, headers...
    """
    words = {"subject": subject, "message": message, "html_message": html_message}
    return mail.send(**{name: word_for_word(text) for name, text in words.items()}, **more)


class QueueBackend(EmailBackend):
    """Django's email backend that only queues: for what Django and allauth send. Set as EMAIL_BACKEND."""

    def send_messages(self, email_messages):
        """Queue each message, its words as they are; returns how many were sent at once: none."""
        quoted = []
        for message in email_messages or []:
            quoted.append(one := copy.copy(message))
            one.subject, one.body = word_for_word(str(message.subject)), word_for_word(message.body)
            alternatives = getattr(message, "alternatives", None) or []
            one.alternatives = [(word_for_word(content), kind) for content, kind in alternatives]
        return super().send_messages(quoted)


FORGOTTEN: list[re.Pattern[str]] = []


def forget_once_sent(pattern: re.Pattern[str]) -> None:
    """What matches is in the mail that goes out, and not in the copy that is kept."""
    FORGOTTEN.append(pattern)


def without_secrets(words: str) -> str:
    """A mail's words without what may be in no copy."""
    for pattern in FORGOTTEN:
        words = pattern.sub("…", words or "")
    return words


def kept_copy(email: Email) -> dict[str, str]:
    """The words that stay once the mail is sent. The demonstration keeps all: its copy is the reader's mailbox."""
    kept = {"message": email.message, "html_message": email.html_message}
    return kept if settings.DEMO else {name: without_secrets(words) for name, words in kept.items()}


def due(now: datetime):
    """Mails that are queued and whose time has come, oldest first."""
    return Email.objects.filter(
        Q(scheduled_time=None) | Q(scheduled_time__lte=now), status__in=(STATUS.queued, STATUS.requeued)
    ).order_by("pk")


def send_due(now: datetime) -> int:
    """Send every mail that is due. Gives how many were sent. Stops when the mail server itself cannot be reached."""
    sent, seen = 0, 0
    try:
        while True:
            with transaction.atomic():
                email = due(now).filter(pk__gt=seen).select_for_update(skip_locked=True, of=("self",)).first()
                if email is None:
                    return sent
                seen = email.pk
                try:
                    email.dispatch(commit=False, disconnect_after_delivery=False)
                except Exception as problem:
                    connections.close()
                    put_back(email, problem, now)
                    if isinstance(problem, ConnectionError | TimeoutError):
                        return sent
                else:
                    Email.objects.filter(pk=email.pk).update(
                        status=STATUS.sent, last_updated=now, **kept_copy(email)
                    )
                    sent += 1
    finally:
        connections.close()


def put_back(email: Email, problem: Exception, now: datetime) -> None:
    """Queue a refused mail again for later; after the last try it is failed, for the team to see.

    Only the kind of problem is kept: a mail server's words may repeat addresses.
    """
    tries = (email.number_of_retries or 0) + 1
    status = STATUS.requeued if tries <= settings.POST_OFFICE["MAX_RETRIES"] else STATUS.failed
    wait = WAITS[min(tries, len(WAITS)) - 1]
    Email.objects.filter(pk=email.pk).update(
        status=status, number_of_retries=tries, scheduled_time=now + wait, last_updated=now
    )
    Log.objects.create(email=email, status=STATUS.failed, message="", exception_type=type(problem).__name__)
    log.warning("outbox: mail %s was not taken (%s), try %s", email.pk, type(problem).__name__, tries)

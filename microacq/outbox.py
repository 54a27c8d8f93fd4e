"""Queues mail and sends what is queued. Knows the queue (django-post-office) and nothing of what the mails say.

The queue runs what it is given as a Django template: somebody's name or title would be code in it, or break it. So
everything is queued word for word, through `queue()` or the backend here, and nothing else calls `post_office.mail`.

Each mail is claimed with a row lock that others skip, sent, and marked in the same transaction: two machines never
send one twice. A process killed after the mail server took a mail and before the mark sends that one again, under
the same Message-ID, by which a mailbox can tell that it is the same.

A mail that is refused is tried again a few times, then given up for the team to see. When the mail server is away, or the
disk full where mail goes to files, no mail is to blame: the queue waits, however long that takes.
"""

import copy
import logging
import re
import smtplib
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error, transaction
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
AWAY = timedelta(minutes=5)
"""How long one waits when the mail server was away."""
REFUSALS = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
"""What an SMTP server says of one mail."""
CLOSING = 421
"""SMTP's "service not available, closing transmission channel" (RFC 5321, section 4.2.3), in answer to anything."""
LOST = (smtplib.SMTPServerDisconnected, ConnectionError, TimeoutError)
"""What happens in the middle of a mail, and may be because of it."""

TAGS = {"{": "openvariable", "%": "openblock", "#": "opencomment"}


def word_for_word(text: str) -> str:
    """A Django template that gives this text, whatever is in it."""
    return re.sub(r"\{([{%#])", lambda found: f"{{% templatetag {TAGS[found[1]]} %}}", text)


def queue(*, subject: str, message: str, html_message: str = "", **more: Any) -> Email:
    """Put an email into the queue, in the caller's transaction, its words as they are.

    `more` is what `post_office.mail.send` takes: recipients, sender, headers...
    """
    email = mail.send(commit=False, **more)  # with no words yet: it would run them
    email.subject, email.message, email.html_message = subject, message, html_message
    email.save()
    return email


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
    """Send every mail that is due. Gives how many were sent. Stops when the mail server itself is away.

    What the mail server does raises nothing; An `Error` of django.db when the database is away.
    """
    sent, seen = 0, 0
    try:
        while True:
            with transaction.atomic():
                email = due(now).filter(pk__gt=seen).select_for_update(skip_locked=True, of=("self",)).first()
                if email is None:
                    return sent
                seen = email.pk
                reached = False
                try:
                    backend = connections[email.backend_alias or "default"]
                    reached = True
                    email.dispatch(commit=False, disconnect_after_delivery=False, connection=backend)
                except Error:
                    raise
                except Exception as problem:
                    hang_up()
                    away = is_away(problem)
                    put_back(email, problem, now, blamed=not away or (reached and isinstance(problem, LOST)))
                    if away:
                        return sent
                else:
                    Email.objects.filter(pk=email.pk).update(
                        status=STATUS.sent, last_updated=now, **kept_copy(email)
                    )
                    sent += 1
    finally:
        hang_up()


def hang_up() -> None:
    """Let the mail server go, or the file. What was to be said to it has been said: no error of this one counts."""
    for connection in list(connections.all()):
        with suppress(Exception):
            connection.close()
    with suppress(Exception):
        connections.close()  # forgets them


def is_away(problem: Exception) -> bool:
    """Whether the next mail would fare no better: the server is not there, was lost, or lets nobody in."""
    if isinstance(problem, REFUSALS):
        return getattr(problem, "smtp_code", 0) == CLOSING
    status = getattr(problem, "status_code", 0)  # of GC Notify, which answers 503 for the network too
    return isinstance(problem, OSError) or (isinstance(status, int) and (status >= 500 or status == 429))


def put_back(email: Email, problem: Exception, now: datetime, *, blamed: bool) -> None:
    """Queue a mail that was not taken again for later. After the last try of one that is to `blame` it is failed, for the
    team to see.

    Only the kind of problem is kept: a mail server's words may repeat addresses.
    """
    tries = (email.number_of_retries or 0) + 1
    last = tries > settings.POST_OFFICE["MAX_RETRIES"]
    wait = WAITS[min(tries, len(WAITS)) - 1]
    if not blamed:
        last, wait, tries = False, AWAY, tries - 1
    status = STATUS.failed if last else STATUS.requeued
    Email.objects.filter(pk=email.pk).update(
        status=status, number_of_retries=tries, scheduled_time=now + wait, last_updated=now
    )
    Log.objects.create(email=email, status=STATUS.failed, message="", exception_type=type(problem).__name__)
    log.warning("outbox: mail %s was not taken (%s), try %s", email.pk, type(problem).__name__, tries)

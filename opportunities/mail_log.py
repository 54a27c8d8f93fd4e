"""The log of emails: which words the team may read, and which email may be sent again.

Words stay closed that hold a link which opens somebody's account or subscription, or that went to a supplier before
the evaluation was confirmed: who applied is sealed until then. A failed email is queued again as it is, unread; one
that was sent is sent again only when its words may be read and are whole.
"""

import re
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from post_office.models import STATUS, Email

from microacq import outbox
from microacq.models import User

from .lifecycle import LIFECYCLE, Refused
from .mail_samples import AUDIENCES, OTHER_OCCASIONS
from .models import Event, Notification, SentAgain, Subscription

MAIL_STATUS = {
    STATUS.queued: gettext_lazy("queued"),
    STATUS.requeued: gettext_lazy("to be tried again"),
    STATUS.sent: gettext_lazy("sent"),
    STATUS.failed: gettext_lazy("failed"),
}
WAITING = (STATUS.queued, STATUS.requeued)
LINK_TAKEN_OUT = re.compile(r"https?://\S*…")
"""What the outbox leaves of a link that works once (`outbox.forget_once_sent`)."""
PROBLEMS = {
    "SMTPRecipientsRefused": gettext_lazy("the mail server refused the address"),
    "SMTPSenderRefused": gettext_lazy("the mail server refused our address"),
    "SMTPAuthenticationError": gettext_lazy("the mail server refused our sign-in"),
    "SMTPServerDisconnected": gettext_lazy("the connection to the mail server was lost"),
    "ConnectionRefusedError": gettext_lazy("the mail server could not be reached"),
    "ConnectionResetError": gettext_lazy("the connection to the mail server was lost"),
    "TimeoutError": gettext_lazy("the mail server did not answer in time"),
    "gaierror": gettext_lazy("the mail server could not be reached"),
    "HTTPError": gettext_lazy("GC Notify refused it"),
    "InvalidResponse": gettext_lazy("GC Notify did not answer as expected"),
}


def problem(kind: str):
    """A failure in words, from the kind of problem, which is all that is kept of it."""
    return PROBLEMS.get(kind, gettext_lazy("it could not be sent"))


def occasion(template: str):
    """When an email goes out, in words."""
    labels = [row.label for row in LIFECYCLE if any(notice.template == template for notice in row.told)]
    if not labels:
        return OTHER_OCCASIONS.get(template, template)
    return " / ".join(map(str, labels))


def names() -> set[str]:
    """The templates of the emails that the site sends, but for those of the accounts."""
    return {notice.template for row in LIFECYCLE for notice in row.told} | set(OTHER_OCCASIONS)


def kind(template: str, audience: str = "", transition: str = "") -> str:
    """What an email is, in words: when it goes out, and to whom. Of one email its audience and transition are known, and
    the others that the template serves are left out."""
    told = [(row, notice.audience) for row in LIFECYCLE for notice in row.told if notice.template == template]
    own = [
        (row, who)
        for row, who in told
        if (not audience or who == audience) and (not transition or row.name == transition)
    ]
    told = own or told
    if not told:
        return str(OTHER_OCCASIONS.get(template, template))
    when = " / ".join(dict.fromkeys(str(row.label) for row, _who in told))
    whom = ", ".join(dict.fromkeys(str(AUDIENCES.get(who, who)) for _row, who in told))
    return f"{when} → {whom}"


def names_are_open(opportunity: str) -> Exists:
    """Whether the evaluation of the opportunity, by its key in the outer query, was confirmed: the team then sees names."""
    return Exists(Event.objects.filter(opportunity=OuterRef(opportunity), transition="confirm"))


def sealed(notification: Notification | None) -> bool:
    """Whether it went to a supplier, of whom the team may not know yet that they applied."""
    if notification is None or notification.recipient is None or notification.recipient.is_esdc:
        return False
    confirmed = Event.objects.filter(opportunity=notification.opportunity_id, transition="confirm")
    return notification.opportunity_id is None or not confirmed.exists()


def notification_of(email: Email) -> Notification | None:
    return getattr(email, "notification", None)


def why_closed(email: Email) -> str:
    """Why the team may not read its words; "" when it may."""
    notification = notification_of(email)
    if notification is None:
        return _("Emails about an account hold links that open it. Their words are not shown.")
    if notification.audience == "subscribers":
        return _("It holds the subscriber’s own links. Its words are not shown.")
    if sealed(notification):
        return _("It went to a supplier. Who applied is sealed until the evaluation is confirmed.")
    return ""


def words(email: Email) -> str:
    """Its words as the team may read them: without links that work once. Ask `why_closed` first."""
    return outbox.without_secrets(email.message)


def why_not_again(email: Email) -> str:
    """Why it cannot be sent again; "" when it can."""
    notification = notification_of(email)
    if email.status in WAITING or SentAgain.objects.filter(email=email, copy__status__in=WAITING).exists():
        return _("It is in the queue already.")
    if notification is None or notification.template == "confirm_subscription":
        return _("It holds a link that opens an account or a subscription. Its owner asks for a new one.")
    if not email.message:
        return _("Its words were erased.")
    if notification.recipient and not notification.recipient.is_active:
        return _("The account is closed.")
    if (
        notification.audience == "subscribers"
        and not Subscription.objects.active().filter(email__in=email.to).exists()
    ):
        return _("This address is not written to any more.")
    if email.status == STATUS.failed:
        return ""
    if closed := why_closed(email):
        return closed
    if LINK_TAKEN_OUT.search(email.message) or words(email) != email.message:
        return _("A link in it works once and is not kept, so it cannot be sent again.")
    return ""


def send_again(key: int, by: User, now: datetime) -> SentAgain:
    """Queue it again: a failed one as it is, a sent one as a new email to the present address. Raises Refused."""
    with transaction.atomic():
        email = Email.objects.select_for_update(of=("self",)).get(pk=key)
        if reason := why_not_again(email):
            raise Refused("state", [reason])
        copy = None
        if email.status == STATUS.failed:
            Email.objects.filter(pk=key).update(
                status=STATUS.queued, number_of_retries=0, scheduled_time=None, last_updated=now
            )
        else:
            copy = _copied(email, now)
        return SentAgain.objects.create(email=email, copy=copy, asked_by=by, asked_at=now)


def _copied(email: Email, now: datetime) -> Email:
    """A new email with the same words. Not tied to the event: what asks whether its mails went out asks of the first."""
    notification = email.notification
    address = [notification.recipient.email] if notification.recipient else email.to
    copy = outbox.queue(
        recipients=address,
        sender=email.from_email,
        subject=email.subject,
        message=email.message,
        html_message=email.html_message,
        headers=email.headers,
    )
    Notification.objects.create(
        opportunity=notification.opportunity,
        recipient=notification.recipient,
        template=notification.template,
        audience=notification.audience,
        email=copy,
        created_at=now,
    )
    return copy

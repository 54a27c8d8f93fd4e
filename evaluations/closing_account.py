"""Closing an account: what is erased, what stays because the law asks for it, and when it cannot be done yet.

Records of what was sent, signed and paid stay as they are, and so do the chains of events: they carry numbers of
accounts, not names. What tied those numbers to a person is removed.
"""

from datetime import datetime
from functools import partial

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from post_office.models import STATUS, Email

from microacq.models import User
from opportunities import mailing_list
from opportunities.due import job
from opportunities.lifecycle import Refused
from opportunities.models import LegalHold, Subscription
from opportunities.notifications import queue

from . import applications, supplying
from .models import Application, SupplierProfile

CLOSED_DOMAIN = "closed.invalid"
"""No mail can ever reach this domain (RFC 2606)."""


def why_not(user) -> Refused | None:
    """Why this account cannot be closed now by its owner, or None when it can."""
    if user.is_esdc or user.is_superuser:
        return Refused(
            "role", [_("Accounts of the department are closed by the micro-acquisition team. Write to us.")]
        )
    if supplying.is_supplying(user):
        return Refused(
            "open",
            [
                _(
                    "An offer or a contract of yours is still open. Answer the offer, or finish the contract; you can close your account after that."
                )
            ],
        )
    return None


def close(user, now: datetime) -> None:
    """Close the account: withdraw and erase what can be, forget who it was, end every session. Raises Refused.

    Under a legal hold nothing is erased now: the account is closed, and `manage.py retain` forgets it once the hold is lifted.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if refusal := why_not(user):
            raise refusal
        queue("account_closed", user, {"contact": settings.CONTACT_EMAIL}, audience_name="owner")
        if LegalHold.objects.people().filter(person=user).exists():
            _withdraw(user, now)
            shut(user, now)
        else:
            forget(user, now)


def shut(user, now: datetime) -> None:
    """Nobody signs in with it any more: every session carries a hash of the password, so each ends here."""
    user.is_active, user.closed_at = False, user.closed_at or now
    user.set_unusable_password()
    user.save(update_fields=["is_active", "closed_at", "password"])


def forget(user, now: datetime) -> None:
    """Withdraw and erase what can be, and forget who it was. Call inside a transaction, with the account locked."""
    _leave_applications(user, now)
    addresses = {user.email, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)}
    for kept in Subscription.objects.filter(email__in=[address.lower() for address in addresses]):
        mailing_list.unsubscribe(kept, now)
    for model in (EmailAddress, Authenticator, SocialAccount, SupplierProfile):
        model.objects.filter(user=user).delete()
    user.followings.all().delete()
    user.name, user.email, user.last_login = "", f"closed-{user.pk}@{CLOSED_DOMAIN}", None
    user.save(update_fields=["name", "email", "last_login"])
    shut(user, now)
    forget_mails(now, user)


def _withdraw(user, now: datetime) -> None:
    """Withdraw every application that still can be."""
    for application in Application.objects.filter(supplier=user).select_related("opportunity"):
        if application.opportunity.is_open(now) and application.status == Application.Status.SUBMITTED:
            applications.withdraw(application, user, now)


def _leave_applications(user, now: datetime) -> None:
    """Withdraw what still can be, erase drafts with their files, and what was written and never sent."""
    _withdraw(user, now)
    for application in Application.objects.filter(supplier=user).select_related("opportunity"):
        if application.status == Application.Status.DRAFT:
            applications.erase_draft(application)
            continue
        if kept := application.working.get("sign_off"):
            transaction.on_commit(partial(applications.drop_unless_submitted, application, kept["name"]))
    Application.objects.filter(supplier=user).update(working={})


@job("forget mails", order=97)
def forget_mails(now: datetime, user=None) -> int:
    """Take the address and the words out of what was sent to closed accounts; when and about what it was stays."""
    whose = {"notification__recipient": user} if user else {}
    sent = Email.objects.filter(
        notification__recipient__email__endswith=f"@{CLOSED_DOMAIN}",
        status__in=(STATUS.sent, STATUS.failed),
        **whose,
    ).exclude(message="", html_message="")
    done = 0
    for email in sent.select_related("notification__recipient"):
        email.to, email.message, email.html_message = [email.notification.recipient.email], "", ""
        email.save(update_fields=["to", "message", "html_message"])
        done += 1
    return done

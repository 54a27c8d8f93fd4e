"""Log lines of what concerns accounts: signing in and out, secrets changed, powers granted. Numbers, never addresses."""

import logging
from functools import partial

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as social
from django.contrib.admin.models import LogEntry
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from microacq import logs

log = logging.getLogger("microacq.accounts")
ADMIN_FLAGS = {1: "added", 2: "changed", 3: "deleted"}


@receiver(user_logged_in)
def signed_in(sender, user, **kwargs):
    logs.note("sign in", logger=log, outcome="done", account=user.pk)


@receiver(user_logged_out)
def signed_out(sender, user, **kwargs):
    if user is not None:
        logs.note("sign out", logger=log, outcome="done", account=user.pk)


@receiver(user_login_failed)
def not_signed_in(sender, **kwargs):
    """Whose address was tried is not written: it may be a stranger's, or a password typed into the wrong field."""
    logs.note("sign in", logger=log, level=logging.WARNING, outcome="refused", reason="credentials")


@receiver([account.login_code_rejected, account.password_reset_code_rejected])
def code_rejected(sender, **kwargs):
    logs.note("sign in", logger=log, level=logging.WARNING, outcome="refused", reason="code")


def of_account(what: str, user=None, **kwargs) -> None:
    logs.note(what, logger=log, outcome="done", account=getattr(user, "pk", None))


SAID = {
    account.user_signed_up: "sign up",
    account.password_set: "password set",
    account.password_changed: "password changed",
    account.password_reset: "password reset",
    account.email_changed: "primary email changed",
    account.email_added: "email added",
    account.email_removed: "email removed",
    mfa.authenticator_added: "second factor added",
    mfa.authenticator_removed: "second factor removed",
    mfa.authenticator_reset: "recovery codes made again",
    social.social_account_removed: "sign-on disconnected",
}
for signal, words in SAID.items():
    signal.connect(partial(of_account, words), weak=False)


@receiver(account.email_confirmed)
def address_confirmed(sender, email_address, **kwargs):
    of_account("email confirmed", email_address.user)


@receiver(social.social_account_added)
def sign_on_connected(sender, sociallogin, **kwargs):
    of_account("sign-on connected", sociallogin.user)


@receiver(post_save, sender=LogEntry)
def done_in_the_admin(sender, instance, created, **kwargs):
    """Kinds and numbers of what was added, changed or deleted in the admin: roles granted are among them."""
    if created and instance.content_type:
        kind = f"{instance.content_type.app_label}.{instance.content_type.model}"
        number = instance.object_id if str(instance.object_id).isdecimal() else "?"
        said = partial(
            logs.note,
            f"admin: {kind} {ADMIN_FLAGS.get(instance.action_flag, 'touched')}",
            logger=log,
            outcome="done",
            object=number,
            account=instance.user_id,
        )
        transaction.on_commit(said)

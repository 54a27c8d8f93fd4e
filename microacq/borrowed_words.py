"""Sentences of the packages underneath whose own French is not Canadian, listed so that our catalogue says them.

Nothing calls this: a message that the catalogue in locale/fr has wins over a package's.
"""

from django.utils.translation import gettext_noop as _

BORROWED = (
    # allauth: labels and errors of its forms
    _("Email"),
    _("Email address"),
    _("Email (again)"),
    _("email address"),
    _("email addresses"),
    _("The email address and/or password you specified are not correct."),
    _("A user is already registered with this email address."),
    _("This email address is already associated with this account."),
    _("You cannot add more than %d email addresses."),
    _("You cannot remove your primary email address."),
    _("Your primary email address must be verified."),
    _("You must type the same email each time."),
    _("You cannot add an email address to an account protected by two-factor authentication."),
    _("You cannot activate two-factor authentication until you have verified your email address."),
    _("Use your password"),
    _("Use authenticator app or code"),
    _("Use a security key"),
)

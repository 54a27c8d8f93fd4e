"""The forms of django-allauth in which words are kept, refusing what every form of this site refuses.

Sign-up's own are in `signup.py`, which allauth reads before it has any form.
"""

from allauth.account.forms import AddEmailForm as PlainAddEmailForm
from allauth.account.forms import ResetPasswordForm as PlainResetPasswordForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm as PlainAddKeyForm
from allauth.mfa.webauthn.forms import EditWebAuthnForm as PlainEditKeyForm

from microacq.forms import GCForm


class AddEmailForm(GCForm, PlainAddEmailForm):
    """Another email address."""


class ResetPasswordForm(GCForm, PlainResetPasswordForm):
    """The address to which a new password's link goes: an unknown one is answered by mail too, and is then in the queue."""


class AddKeyForm(GCForm, PlainAddKeyForm):
    """A security key or passkey, with the name that its owner gives it."""


class EditKeyForm(GCForm, PlainEditKeyForm):
    """Another name for it."""

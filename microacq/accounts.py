"""Who is an employee of the department, and who must show a second factor. Knows allauth; knows no opportunity.

Nobody names their own role: signing up makes a supplier, a *verified* address in ESDC_EMAIL_DOMAINS makes an
employee (client), and the pilot team and finance are granted in the admin.
"""

import logging
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_logged_in, user_signed_up
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.signals import social_account_added
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.dispatch import receiver
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from requests import RequestException

from microacq import limits, markdown
from microacq.models import User

logger = logging.getLogger(__name__)
ASKED_BY_ANYBODY = {
    "account/email/password_reset_key",
    "account/email/unknown_account",
    "account/email/account_already_exists",
}
"""Mails that a stranger can have sent to any address."""
ASKED_AN_HOUR = 3
"""How many of each one address gets. Beyond that nothing is sent and nothing is said: the links already sent work."""
TOO_MANY = {"too_many_login_attempts", "rate_limited"}


def in_department(email: str) -> bool:
    """Whether the address is in one of ESDC_EMAIL_DOMAINS, exactly: no subdomain, no look-alike ending."""
    return email.rsplit("@", 1)[-1].strip().lower() in settings.ESDC_EMAIL_DOMAINS


def recognise_employee(user: User) -> None:
    """Make a supplier who owns a verified departmental address a client. Takes nothing away from anyone."""
    if user.role != User.Role.SUPPLIER:
        return
    verified = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    if any(in_department(email) for email in verified):
        user.role = User.Role.CLIENT
        user.save(update_fields=["role"])


def mark_verified(user: User) -> None:
    """Record the user's address as verified and primary, for accounts that an administrator vouches for."""
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    recognise_employee(user)


@receiver(email_confirmed)
def address_confirmed(sender, request, email_address, **kwargs):
    recognise_employee(email_address.user)


@receiver([user_signed_up, user_logged_in])
def came_in(sender, request, user, **kwargs):
    recognise_employee(user)


@receiver(social_account_added)
def sign_on_connected(sender, request, sociallogin, **kwargs):
    recognise_employee(sociallogin.user)


class AccountAdapter(DefaultAccountAdapter):
    """Local accounts: the role is never taken from a form."""

    def save_user(self, request, user, form, commit=True):
        user.role = User.Role.SUPPLIER
        return super().save_user(request, user, form, commit)

    def validation_error(self, code, *args):
        """Too many tries is an answer of its own (429), not a mistake in a form."""
        if code in TOO_MANY:
            raise ImmediateHttpResponse(respond_429(current.request))
        return super().validation_error(code, *args)

    def _get_login_attempts_cache_key(self, request, **credentials):
        """Wrong passwords count by account *and* network: whoever guesses from one place locks nobody out of another."""
        key = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{key}:{limits.visitor(request)}"

    def respond_email_verification_sent(self, request, user):
        """The end of signing up. Where the address has an account nothing was made: the same work is done, and undone, or
        the time of the answer would tell."""
        if user is None:
            with transaction.atomic():
                nobody = User.objects.create_user(f"{uuid4()}@nobody.invalid", request.POST.get("password1"))
                nobody.save(update_fields=["name", "language"])
                EmailAddress.objects.create(user=nobody, email=nobody.email, primary=True)
                recognise_employee(nobody)
                transaction.set_rollback(True)
        return super().respond_email_verification_sent(request, user)

    def send_mail(self, template_prefix, email, context):
        asked = template_prefix in ASKED_BY_ANYBODY
        if asked and not limits.room(template_prefix, email.lower(), ASKED_AN_HOUR, 60 * 60):
            return
        super().send_mail(template_prefix, email, context)

    def render_mail(self, template_prefix, email, context, headers=None):
        """Account mail in text, and in HTML made from the same words."""
        plain = super().render_mail(template_prefix, email, context, headers)
        message = EmailMultiAlternatives(
            plain.subject, plain.body, plain.from_email, plain.to, headers=headers
        )
        shell = {
            "subject": plain.subject,
            "body_html": markdown.render(plain.body.partition("\n-- \n")[0]),
            "language": get_language(),
            "contact": settings.CONTACT_EMAIL,
        }
        message.attach_alternative(render_to_string("emails/base.html", shell), "text/html")
        return message


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """The departmental sign-on. An address that its provider has not verified opens nothing."""

    def is_open_for_signup(self, request, sociallogin):
        """For addresses of the department that the provider says it verified, and no others.

        An account opened under an unproven address would still be its maker's to enter once the owner came.
        """
        return any(email.verified and in_department(email.email) for email in sociallogin.email_addresses)

    def can_authenticate_by_email(self, login, email):
        """Signing on may open an existing account only by an address the department itself gives out.

        Called by allauth for addresses that the provider says it verified; it also clears the password of a
        local account whose owner never proved that address.
        """
        return in_department(email)

    def populate_user(self, request, sociallogin, data):
        for address in sociallogin.email_addresses:
            address.verified = address.verified is True  # some providers write the word "false"
        user = super().populate_user(request, sociallogin, data)
        user.role = User.Role.SUPPLIER
        user.language = "fr" if getattr(request, "LANGUAGE_CODE", "en") == "fr" else "en"
        parts = (data.get("first_name"), data.get("last_name"))
        user.name = (data.get("name") or " ".join(part for part in parts if part))[:150]
        return user


class SignOnMiddleware:
    """When the department's provider is away, or answers nonsense, the visitor is told; it is no error of this site."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        name = request.resolver_match.url_name if request.resolver_match else ""
        if isinstance(exception, RequestException) and name in (
            "openid_connect_login",
            "openid_connect_callback",
        ):
            logger.warning("The departmental sign-on could not be reached: %s", type(exception).__name__)
            return render(request, "socialaccount/authentication_error.html", status=503)
        return None


def needs_second_factor(user) -> bool:
    """Whether this person must set up a second factor before anything else."""
    return (
        settings.SECOND_FACTOR_REQUIRED
        and user.is_authenticated
        and (user.is_superuser or user.role in (User.Role.TEAM, User.Role.FINANCE))
        and not is_mfa_enabled(user)
    )


class SignedOutMiddleware:
    """Knows whoever has no session cookie as signed out, without looking at a session: what they read varies on no cookie."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            request.user = AnonymousUser()
        return self.get_response(request)


class SecondFactorMiddleware:
    """Sends those who hold more power than others to the second-factor page until they have one."""

    ALWAYS_OPEN = {"account_logout", "account_reauthenticate", "account_confirm_email", "healthz"}

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view_func, view_args, view_kwargs):
        name = request.resolver_match.url_name or ""
        if name in self.ALWAYS_OPEN or name.startswith("mfa_") or not needs_second_factor(request.user):
            return None
        messages.warning(request, _("Your role needs a second factor to sign in. Set one up to go on."))
        return redirect("mfa_index")

"""How long a sign-in lasts: so long without doing anything, so long in all, and until a second factor comes or goes elsewhere.
Knows no page.

Measured by the machine's own time, not by the site's clock: a demonstration that is moved forward signs nobody out.
"""

from allauth.mfa import signals as mfa
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.signals import user_logged_in
from django.db.models import F
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from microacq.models import User

BEGAN, SEEN = "began_at", "seen_at"


def _seconds() -> int:
    return int(timezone.now().timestamp())


@receiver(user_logged_in)
def begin(sender, request, user, **kwargs):
    request.session[BEGAN] = request.session[SEEN] = _seconds()


@receiver([mfa.authenticator_added, mfa.authenticator_removed, mfa.authenticator_reset])
def end_the_others(sender, request, user, **kwargs):
    """A session begun with other factors ends, wherever it is; the one that changes them goes on."""
    User.objects.filter(pk=user.pk).update(factor_changes=F("factor_changes") + 1)
    user.refresh_from_db(fields=["factor_changes"])
    update_session_auth_hash(request, user)


class SessionLimitsMiddleware:
    """Ends a session after SESSION_IDLE_SECONDS without a request, or SESSION_COOKIE_AGE after signing in."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        # Who has no session is not asked for one, so that public pages stay the same for every cache.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            self.keep_or_end(request)
        return self.get_response(request)

    def keep_or_end(self, request):
        session, now = request.session, _seconds()
        began, seen = session.setdefault(BEGAN, now), session.setdefault(SEEN, now)
        if now - seen > settings.SESSION_IDLE_SECONDS or now - began > settings.SESSION_COOKIE_AGE:
            logout(request)
            messages.info(
                request, _("To protect your account you were signed out after a while. Sign in again.")
            )
        elif now - seen > settings.SESSION_IDLE_SECONDS / 20:  # not a write for every page
            session[SEEN] = now

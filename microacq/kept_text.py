"""Keeps what somebody typed when their session ended while they were writing, and gives it back after signing in.

A page that uses it carries a signed mark of who writes; only that person gets the text back, once, on the same page.
The text waits in the visitor's own session. Knows no page and no form.
"""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core import signing
from django.http import QueryDict

KEY, SALT, FIELD = "kept_text", "microacq.kept_text", "writer"
MAX_CHARACTERS = 100_000
MAX_AGE = 48 * 60 * 60
"""Seconds during which a page left open can still give its text."""


def mark_of(user) -> str:
    """What a page's hidden field `writer` holds."""
    return signing.dumps(user.pk, salt=SALT)


def _writer(mark: str):
    try:
        return signing.loads(mark, salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return None


class KeepsText(LoginRequiredMixin):
    """For a page with a form: signed-in people only, and nothing typed is lost when they no longer are."""

    def handle_no_permission(self):
        request = self.request
        if request.method == "POST" and _writer(request.POST.get(FIELD, "")) is not None:
            typed = request.POST.copy()
            typed.pop("csrfmiddlewaretoken", None)
            words = typed.urlencode()
            if len(words) <= MAX_CHARACTERS:
                request.session[KEY] = {"path": request.path, "words": words}
        return super().handle_no_permission()

    def kept(self) -> QueryDict | None:
        """What this person typed on this page before they were signed out; None when there is nothing."""
        kept = self.request.session.get(KEY)
        if not kept or kept["path"] != self.request.path:
            return None
        del self.request.session[KEY]
        words = QueryDict(kept["words"])
        return words if _writer(words.get(FIELD, "")) == self.request.user.pk else None

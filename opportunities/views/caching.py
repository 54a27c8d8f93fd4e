"""Public pages for the signed-out: kept in this process until they change, asked about again by browsers, and shared.

They set no cookie and read none. Whoever has a session gets a page of their own, which nobody keeps. A cache in front,
such as nginx's, may serve a copy for `SHARED` seconds, less when something closes sooner; it must pass on whoever has a
session cookie (docs/operations.md).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import Error
from django.http import HttpResponse
from django.utils.cache import get_conditional_response, set_response_etag
from django.utils.http import http_date, parse_http_date
from django.views.decorators.http import require_safe

from microacq import clock

from ..kept import Fresh, Kept
from ..models.public_state import current_mark
from ..publishing.changes import State, last_change
from ..publishing.public_record import timestamp

SHARED = 10
"""Seconds that a shared cache may serve a copy."""
LONGEST = 200_000
"""Bytes of the largest page kept."""
OWN_COOKIES = (settings.SESSION_COOKIE_NAME, "messages")
"""Cookies with which a page may hold what is one person's own."""
PAGES = Kept()


@dataclass(frozen=True)
class Page:
    """A page as it was sent."""

    content: bytes
    headers: dict[str, str]
    modified: int | None
    match: Any
    """Which view gave it, for the log."""

    def answer(self, request) -> HttpResponse:
        """The page, or 304 to whoever has it."""
        request.resolver_match = self.match
        return self.unless_known(request, HttpResponse(self.content, headers=self.headers))

    def unless_known(self, request, response: HttpResponse) -> HttpResponse:
        """The response, or 304 to whoever has it, with the same headers but for those of a content."""
        given = get_conditional_response(request, self.headers["ETag"], self.modified, response)
        if given is not response:
            for name, value in self.headers.items():
                if name == "Content-Security-Policy" or not name.startswith("Content-"):
                    given.headers.setdefault(name, value)
        return given


class KeptPagesMiddleware:
    """Serves what is kept, and keeps what a public page gave. Stands before all but the log, so that a page is kept with
    every header that it was sent with. A host or a scheme that is refused never has a page that could be kept."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        shared = request.method in ("GET", "HEAD") and not any(
            name in request.COOKIES for name in OWN_COOKIES
        )
        if may_keep := shared and settings.KEPT_PAGES > 0:
            key = (request.scheme, request.META.get("HTTP_HOST"), request.get_full_path())
            with suppress(
                Error
            ):  # without the database the view fails too, and then the answer has every header
                if kept := PAGES.get(key, clock.now(), current_mark):
                    return kept.answer(request)
        response = self.get_response(request)
        if not getattr(response, "public", False) or response.status_code != 200:
            return response
        set_response_etag(response)
        modified = response.headers.get("Last-Modified")
        since = parse_http_date(modified) if modified else None
        page = Page(response.content, dict(response.headers), since, request.resolver_match)
        fresh = getattr(response, "kept", None)
        if fresh and may_keep and not response.cookies and len(page.content) <= LONGEST:
            PAGES.put(key, fresh, page)
        return page.unless_known(request, response)


def public_page(view: Callable) -> Callable:
    """The view of a page that anybody may read: it has an ETag of its content, and is asked for anew each time."""

    @require_safe
    @wraps(view)
    def answer(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response.public = True
        if request.user.is_authenticated:
            del response.headers["Last-Modified"]
        elif fresh := getattr(response, "kept", None):
            response.headers["Cache-Control"] = shared_for(fresh)
        else:
            response.headers["Cache-Control"] = "no-cache"
        return response

    return answer


def kept_page(view: Callable) -> Callable:
    """The same for a page that says to all the signed-out the same, until what is posted changes. The view finds that in
    `request.posted` (a `State`), and tells with `say_modified` at what other moments the page changes.
    """

    @public_page
    @wraps(view)
    def answer(request, *args, **kwargs):
        # Read before anything else, so that what changes meanwhile is not taken for what was read.
        request.posted = last_change(clock.now())
        response = view(request, *args, **kwargs)
        response.kept = getattr(response, "fresh", None) or request.posted.fresh()
        return response

    return answer


def shared_for(fresh: Fresh) -> str:
    """Cache-Control: a browser asks each time, a shared cache after a while, and never later than it stays true."""
    seconds = min(SHARED, int((fresh.until - fresh.since).total_seconds()))
    return f"public, max-age=0, s-maxage={seconds}, must-revalidate"


def say_modified(response, posted: State, *moments: datetime | None):
    """Set Last-Modified to the latest of the moments that are past, or to this morning, since which the days left are
    others. A kept page stays true until the next of those to come."""
    now = posted.now
    today = datetime.combine(now.astimezone(clock.EASTERN).date(), time(), tzinfo=clock.EASTERN)
    latest = max([today, *(moment for moment in moments if moment and moment <= now)])
    response.headers["Last-Modified"] = http_date(timestamp(latest))
    response.fresh = posted.fresh(*moments)
    return response

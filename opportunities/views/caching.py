"""Public pages that a browser may keep and ask about again: ETag and Last-Modified for the signed-out, no copy for others."""

from collections.abc import Callable
from datetime import datetime, time
from functools import wraps

from django.utils.http import http_date
from django.views.decorators.http import conditional_page, require_safe

from microacq import clock

from ..publishing.public_record import timestamp


def public_page(view: Callable) -> Callable:
    """The page has an ETag of its content, and is asked for anew each time. Its own Last-Modified is for the signed-out."""

    @require_safe
    @conditional_page
    @wraps(view)
    def answer(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        if request.user.is_authenticated:
            del response.headers["Last-Modified"]
        else:
            response.headers["Cache-Control"] = "no-cache"
        return response

    return answer


def say_modified(response, *moments: datetime | None, now: datetime):
    """Set Last-Modified to the latest moment, or to this morning, since which the days left are others."""
    today = datetime.combine(now.astimezone(clock.EASTERN).date(), time(), tzinfo=clock.EASTERN)
    latest = max([today, *(moment for moment in moments if moment and moment <= now)])
    response.headers["Last-Modified"] = http_date(timestamp(latest))
    return response

"""What is answered when something that the site stands on is away: 503 with a page, not "our fault" with 500.

Set as handler500 because Django asks it whatever raised: a view, a template, or any of the middleware. Knows the database
and the disk, and no page of the site: its own page needs neither, and is in both languages.
"""

import errno
import sys
from http import HTTPStatus

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

from microacq import logs

RETRY_AFTER = 30
"""Seconds after which a browser, or what reads us, may try again."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def what_is_away(problem: BaseException | None) -> str:
    """ "database" or "disk" when an error, or what led to it, is that one of them cannot be used now; else ""."""
    while problem is not None:
        # psycopg2 gives the bare class when the server went in the middle of an answer.
        if isinstance(problem, OperationalError | InterfaceError) or type(problem) is DatabaseError:
            return "database"
        if isinstance(problem, OSError) and problem.errno in FULL:
            return "disk"
        problem = problem.__cause__
    return ""


def went_wrong(request) -> HttpResponse:
    """The answer to an error that nobody caught, asked for while it is being handled."""
    away = what_is_away(sys.exc_info()[1])
    if not away:
        return server_error(request)
    logs.because(request, away)
    return HttpResponse(
        render_to_string("503.html"),
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        headers={"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"},
    )

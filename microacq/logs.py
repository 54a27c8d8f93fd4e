"""What the site writes of its own running: one JSON object a line, in UTC, that says who did what to which, and how it ended.

Who is an account's number, which is a reference or a number. Nothing else that anyone typed, sent or was sent is written:
no address of a page, no header, no form, and of an error its kind and its places in the code, not its words (which may
repeat a row of the database). A list of what may be written, not of what may not, makes this so. A line that cannot be
written is counted and given up: it never fails a request.
"""

import json
import logging
import re
import time
import traceback
import uuid
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import NoReverseMatch, reverse

OWN = ("microacq", "opportunities", "evaluations")
"""Loggers whose words are ours: they are written whole. Of others, the sentence without what was put into it."""
FACTS = ("what", "object", "outcome", "reason", "status", "method", "role", "event", "account", "ms")
"""What a line may say beside time, level, logger, request and user: words of ours and numbers."""
REQUEST_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
"""What a proxy may name a request: 32 hex digits (nginx) or a UUID. Longer room would let words in."""
REFERENCE = re.compile(r"MA-\d{4}-\d{4,9}", re.ASCII)
PLACEHOLDER = re.compile(r"%%|%(?:\([^)]*\))?[#0 +-]*[\d.*]*[a-zA-Z]")
QUIET = ("healthz", "metrics")
log = logging.getLogger("microacq.requests")
_request: ContextVar[Any] = ContextVar("request", default=None)
lost = 0
"""Lines of this process that could not be written."""


def note(what: str, *, level: int = logging.INFO, logger: logging.Logger = log, **facts: Any) -> None:
    """Write a line. `what` names what was done; `facts` are of FACTS. Never raises."""
    try:
        logger.log(level, what, extra={"facts": {"what": what, **facts}})
    except Exception:
        _count_lost()


def because(request, code: str) -> None:
    """Say why a request is refused, in one word of ours: its line will carry it."""
    request.refused_because = code


class Formatter(logging.Formatter):
    """A record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        if (request := _request.get()) is not None:
            line["request"] = request.log_id
            line["user"] = user_of(request)
        facts = getattr(record, "facts", None)
        if isinstance(facts, dict):
            line |= {name: plain(facts[name]) for name in FACTS if facts.get(name) is not None}
        elif record.name.split(".")[0] in OWN:
            line["message"] = record.getMessage()
        else:
            line["message"] = without_words(record.msg, record.args)
        if record.exc_info and record.exc_info[0]:
            line["error"] = _kinds(record.exc_info[1])
            line["places"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-20:]
            ]
        return json.dumps(line, ensure_ascii=True)


def without_words(sentence: Any, values: Any) -> str:
    """Somebody else's sentence with the numbers that were put into it, and "…" for every word that was."""
    if not isinstance(sentence, str):
        return "…"
    given = iter(values if isinstance(values, tuple) else ())

    def put(match) -> str:
        if match[0] == "%%":
            return "%"
        value = next(given, None)
        return str(value) if isinstance(value, int) else "…"

    return PLACEHOLDER.sub(put, sentence)


def plain(value: Any) -> Any:
    """A number or a truth as it is; anything else as a word."""
    return value if isinstance(value, bool | int | float) else str(value)


def _kinds(problem: BaseException | None) -> list[str]:
    """The kind of an error, and of those that led to it."""
    kinds = []
    while problem is not None and len(kinds) < 5:
        kinds.append(f"{type(problem).__module__}.{type(problem).__qualname__}")
        problem = problem.__cause__ or problem.__context__
    return kinds


class Handler(logging.StreamHandler):
    """Writes to standard error. What cannot be written (closed, disk full) is counted, and nothing is said of it."""

    def handleError(self, record):  # noqa: N802 - logging's name
        _count_lost()


def _count_lost() -> None:
    global lost
    lost += 1
    with suppress(Exception):
        if settings.METRICS_TOKEN:
            from microacq import metrics

            metrics.line_lost()


def user_of(request) -> int | None:
    """The number of who signed in, as far as the request has asked already; asks the database nothing."""
    user = request.__dict__.get("user")
    wrapped = user.__dict__.get("_wrapped", user) if user is not None else None
    return getattr(wrapped, "pk", None) if isinstance(getattr(wrapped, "pk", None), int) else None


class RequestLogMiddleware:
    """First of all: names each request, and writes one line when it has been answered."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        started = time.monotonic()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request.log_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        token = _request.set(request)
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = request.log_id
            try:
                self.answered(request, response, started)
            except Exception:
                _count_lost()
            return response
        finally:
            _request.reset(token)

    def answered(self, request, response, started: float) -> None:
        match = request.resolver_match
        name = match.view_name if match else ""
        status = response.status_code
        if settings.METRICS_TOKEN:
            from microacq import metrics

            metrics.answered(request.method, status)
        if (name in QUIET and status == 200) or (not match and request.path.startswith(settings.STATIC_URL)):
            return
        outcome = outcome_of(request, response)
        levels = {"refused": logging.WARNING, "failed": logging.ERROR}
        note(
            name or "unknown address",
            level=levels.get(outcome, logging.INFO),
            object=object_of(match),
            outcome=outcome,
            reason=getattr(request, "refused_because", None) if status >= 400 else None,
            status=status,
            method=request.method if request.method in METHODS else "other",
            ms=round((time.monotonic() - started) * 1000),
        )


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def outcome_of(request, response) -> str:
    """How a request ended: done, sign-in (asked to sign in first), invalid (the form comes back), refused, failed."""
    status = response.status_code
    if status >= 500:
        return "failed"
    if status == 422 or (status == 200 and request.method == "POST"):
        return "invalid"  # what is accepted answers with an address to go to
    if status >= 400:
        return "refused"
    if status == 302 and "Location" in response.headers:
        try:
            doors = {reverse(settings.LOGIN_URL), reverse("admin:login")}
        except NoReverseMatch:
            doors = set()
        if urlsplit(response.headers["Location"]).path in doors:
            return "sign-in"
    return "done"


def object_of(match) -> str | None:
    """What an address is about: the reference in it, else the first number. Nothing that could be a key or a word."""
    values = [str(value) for value in (match.kwargs.values() if match else ())] + [
        str(value) for value in (match.args if match else ())
    ]
    for pattern in (REFERENCE, re.compile(r"\d{1,12}", re.ASCII)):
        for value in values:
            if pattern.fullmatch(value):
                return value
    return None

"""What every page needs to know of the site: the other language, the demonstration's clock, the brand.

Everything is worked out when a template asks for it, and nothing asks the database.
"""

import re
from contextlib import suppress
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.http import QueryDict
from django.urls import NoReverseMatch, reverse, translate_url
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, override

from microacq import clock

# The day on which this release's pages were last changed; pages with a date of their own replace it.
RELEASED = "2026-11-22"

LANGUAGE_NAMES = {"en": "English", "fr": "Français"}


def other_language() -> str:
    """The code of the official language that the page is not in."""
    return "en" if (get_language() or "en").startswith("fr") else "fr"


def toggle_url(request) -> str:
    """The address of the same page in the other language; its query string, `next` in it too, comes along."""
    other = other_language()
    query = QueryDict(request.META.get("QUERY_STRING", ""), mutable=True)
    if _is_local(query.get("next", "")):
        query["next"] = _translated(query["next"], other)
    address = in_language(request, other) or _translated(request.path, other)
    return f"{address}?{query.urlencode(safe='/')}" if query else address


def in_language(request, language: str) -> str | None:
    """The path of the page that was asked for, in a language; None where it cannot be told from the view that answers."""
    if language == get_language():
        return request.path
    match, known = request.resolver_match, request.__dict__.setdefault("_in_language", {})
    if language not in known:
        known[language] = None
        if match and match.url_name:
            with override(language), suppress(NoReverseMatch):
                known[language] = reverse(match.view_name, args=match.args, kwargs=match.kwargs)
    return known[language]


def _is_local(address: str) -> bool:
    return address.startswith("/") and not address.startswith("//")


def _translated(address: str, language: str) -> str:
    translated = translate_url(address, language)
    if translated != address:
        return translated
    # An address that leads nowhere still has its language in front.
    swapped = re.sub(r"^/(en|fr)(?=/|$)", f"/{language}", address)
    return (
        swapped
        if swapped != address or urlsplit(address).path.startswith(f"/{language}/")
        else f"/{language}/"
    )


@lru_cache
def _mark(folder: Path, name: str) -> str:
    """One of the department's own marks as SVG to put in the page, or nothing. Read once."""
    path = Path(folder) / name
    if not path.is_file():
        return ""
    drawing = path.read_text(encoding="utf-8")
    start = drawing.find("<svg")
    return mark_safe(drawing[start:]) if start >= 0 else ""  # noqa: S308 - the department's own file


class Site:
    """`gc`, and `site` where no view says otherwise, in every template."""

    released = RELEASED

    def __init__(self, request):
        self._request = request

    @cached_property
    def language(self) -> str:
        return "en" if other_language() == "fr" else "fr"

    @cached_property
    def other_language(self) -> str:
        return other_language()

    @cached_property
    def other_language_name(self) -> str:
        return LANGUAGE_NAMES[other_language()]

    @cached_property
    def toggle_url(self) -> str:
        return toggle_url(self._request)

    @property
    def contact_email(self) -> str:
        return settings.CONTACT_EMAIL

    @property
    def demo(self) -> bool:
        return settings.DEMO

    @cached_property
    def demo_now(self):
        """The moment that the demonstration's clock shows."""
        return clock.now()

    @cached_property
    def demo_offset(self) -> dict:
        """How far the demonstration's clock was moved: {"days", "hours", "minutes"}; empty when not."""
        offset = clock.demo_offset()
        if offset < timedelta(minutes=1):
            return {}
        hours, seconds = divmod(offset.seconds, 3600)
        return {"days": offset.days, "hours": hours, "minutes": seconds // 60}

    @property
    def signature(self) -> str:
        """The federal identity signature, where the department supplies it."""
        folder = settings.GC_BRAND_DIR
        return _mark(folder, f"signature-{self.language}.svg") if folder else ""

    @property
    def wordmark(self) -> str:
        """The Canada wordmark, where the department supplies it."""
        return _mark(settings.GC_BRAND_DIR, "wordmark.svg") if settings.GC_BRAND_DIR else ""


def site(request) -> dict:
    """Context processor: `site`, and the same as `gc` because the accounts' own pages have another `site`."""
    here = Site(request)
    return {"site": here, "gc": here}

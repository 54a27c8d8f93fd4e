"""What machines read: Atom, iCalendar, JSON, CSV, the site map and robots.txt.

Nothing of it depends on who asks, sets a cookie or is sent again when nothing has changed: each answer has an ETag and a
Last-Modified of everything posted, and whoever shows one of them gets 304 after a single query.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.sitemaps import views as sitemap_views
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from microacq import clock, replica

from .. import listing
from ..models import Opportunity
from ..models.public_state import current_mark
from ..publishing import calendar, changes, public_record, sitemap, tender_csv
from ..publishing.addresses import address
from ..publishing.feeds import OpportunitiesFeed

FRESH_FOR = 300
"""Seconds that a copy may be used without asking again."""
FORMAT = "3"
"""Raised when any of these documents is written in another way, so that old copies are not taken for it."""
JSON_PAGE = 100


def revalidated(view: Callable) -> Callable:
    """Answer 304 when nothing posted has changed since the copy that the reader has. The view is given `now`."""

    @wraps(view)
    def answer(request, *args, **kwargs):
        now = clock.now()
        state = changes.last_change(now)
        facts = (
            FORMAT,
            request.get_full_path(),
            settings.SITE_URL,
            state.mark,
            state.changed_at,
            now.date(),
        )
        etag = f'"{hashlib.sha256(repr(facts).encode()).hexdigest()[:32]}"'
        changed = public_record.timestamp(state.changed_at)
        response = get_conditional_response(request, etag, changed) or _read(
            view, request, *args, now=now, **kwargs
        )
        response["ETag"] = etag
        if changed:
            response["Last-Modified"] = http_date(changed)
        response["Cache-Control"] = f"public, max-age={FRESH_FOR}"
        return response

    return require_safe(answer)


def _read(view: Callable, *args, **kwargs):
    """The view's answer, read from a replica when there is one that has everything posted."""
    if not replica.up_to_date(current_mark):
        return view(*args, **kwargs)
    with replica.reads():
        response = view(*args, **kwargs)
        if hasattr(response, "render"):
            response.render()
    if response.streaming:
        response.streaming_content = replica.pieces(response.streaming_content)
    return response


@revalidated
def atom(request, now):
    """The latest posted and amended, narrowed as the list is."""
    return OpportunitiesFeed(listing.Asked.in_address(request.GET), now)(request)


@revalidated
def ics(request, now):
    """The deadlines of all, narrowed as the list is."""
    found = calendar.calendar_of_all(listing.Asked.in_address(request.GET), now)
    return HttpResponse(found, content_type="text/calendar; charset=utf-8")


@revalidated
def opportunity_ics(request, reference, now):
    """The deadlines of one."""
    found = get_object_or_404(Opportunity.objects.public(), reference=reference)
    headers = {"Content-Disposition": f'attachment; filename="{found.reference}.ics"'}
    return HttpResponse(
        calendar.calendar_of(found), content_type="text/calendar; charset=utf-8", headers=headers
    )


@revalidated
def opportunities_json(request, now):
    """A hundred at a time, in the order of the list and narrowed as it is, with the address of the next hundred.

    `more` says that there are more than `count`, which words so common are not looked for beyond; the CSV has them all.
    """
    asked = listing.Asked.in_address(request.GET)
    found = listing.look(asked, now)
    page = Paginator(range(found.total), JSON_PAGE).get_page(request.GET.get("page"))
    rows = found.rows(page.start_index() - 1, page.end_index()) if found.total else []
    following = None
    if page.has_next():
        query = {**request.GET.dict(), "page": page.next_page_number()}
        following = f"{address('opportunities_json')}?{urlencode(query)}"
    return _json(
        {
            "count": found.total,
            "more": found.more,
            "page": page.number,
            "pages": page.paginator.num_pages,
            "next": following,
            "opportunities": [public_record.summary(opportunity, now) for opportunity in rows],
        }
    )


@revalidated
def opportunity_json(request, reference, now):
    """Everything public of one."""
    posted = Opportunity.objects.public().select_related("rerun_of").prefetch_related("skills")
    return _json(public_record.whole(get_object_or_404(posted, reference=reference), now))


def _json(data: dict) -> JsonResponse:
    response = JsonResponse(data, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Access-Control-Allow-Origin"] = "*"
    return response


@revalidated
def opportunities_csv(request, now):
    """Everything posted, narrowed as the list is, under the column names of CanadaBuys."""
    lines = tender_csv.lines(listing.Asked.in_address(request.GET), now)
    headers = {"Content-Disposition": 'attachment; filename="opportunities-opportunites.csv"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


@revalidated
def sitemap_index(request, now):
    return sitemap_views.index(request, sitemap.SITEMAPS, sitemap_url_name="sitemap_part").render()


@revalidated
def sitemap_part(request, section, now):
    return sitemap_views.sitemap(request, sitemap.SITEMAPS, section=section).render()


@revalidated
def robots(request, now):
    return HttpResponse(sitemap.robots(), content_type="text/plain; charset=utf-8")


def _under_list(file: str):
    return format_lazy("{}{}", _("opportunities/"), file)


urls = [
    path(_under_list("opportunities.atom"), atom, name="opportunities_atom"),
    path(_under_list("opportunities.ics"), ics, name="opportunities_ics"),
    path(_under_list("opportunities.json"), opportunities_json, name="opportunities_json"),
    path(_under_list("opportunities.csv"), opportunities_csv, name="opportunities_csv"),
    path(_under_list("<str:reference>/calendar.ics"), opportunity_ics, name="opportunity_ics"),
    path(_under_list("<str:reference>/opportunity.json"), opportunity_json, name="opportunity_json"),
]

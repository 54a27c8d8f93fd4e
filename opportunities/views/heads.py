"""The daily heads, for everyone: who keeps one today can show tomorrow whether the record of events was changed since."""

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import JsonResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import conditional_page, require_safe

from .. import daily_head
from ..models import DailyHead
from ..publishing.addresses import address
from .caching import public_page

PAGE, JSON_PAGE = 31, 400


def _heads():
    return DailyHead.objects.order_by("-day").defer("body")


@public_page
def daily_heads(request):
    """The latest first, a month at a time."""
    page = Paginator(_heads(), PAGE).get_page(request.GET.get("page"))
    return TemplateResponse(request, "opportunities/daily_heads.html", {"page_obj": page})


@require_safe
@conditional_page
def daily_heads_json(request):
    """The same for machines, the latest first; `next` is the address of the ones before."""
    page = Paginator(_heads(), JSON_PAGE).get_page(request.GET.get("page"))
    following = None
    if page.has_next():
        following = f"{address('daily_heads_json')}?{urlencode({'page': page.next_page_number()})}"
    body = {
        "format": daily_head.FORMAT,
        "count": page.paginator.count,
        "next": following,
        "heads": [daily_head.published(head) for head in page],
    }
    response = JsonResponse(body, json_dumps_params={"indent": 1})
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-cache"
    return response


SLUG = pgettext_lazy("slug", "daily-heads/")
urls = [
    path(SLUG, daily_heads, name="daily_heads"),
    path(format_lazy("{}{}", SLUG, "heads.json"), daily_heads_json, name="daily_heads_json"),
]

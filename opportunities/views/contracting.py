"""Open contracting data: the OCDS release packages, of one opportunity and of all, for anybody."""

import json

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..publishing import changes, ocds
from .machine import revalidated

JSON = "application/json; charset=utf-8"


def _open(response: HttpResponse, name: str):
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["Access-Control-Allow-Origin"] = "*"
    return response


@revalidated
def opportunity_ocds(request, reference, now):
    """The release package of one."""
    found = get_object_or_404(ocds.published(), reference=reference)
    text = json.dumps(ocds.package(found, now), ensure_ascii=False, indent=1)
    return _open(HttpResponse(text, content_type=JSON), f"{ocds.ocid(found)}.json")


@revalidated
def opportunities_ocds(request, now):
    """The release package of all, streamed."""
    state = changes.last_change(now)
    if state.changed_at is None:  # a package without a release is not a package
        raise Http404(_("Nothing was posted yet."))
    return _open(
        StreamingHttpResponse(ocds.bulk(state.changed_at, now), content_type=JSON), "ocds-releases.json"
    )


urls = [
    path(
        format_lazy("{}{}", gettext_lazy("opportunities/"), "ocds.json"),
        opportunities_ocds,
        name="opportunities_ocds",
    ),
    path(
        format_lazy("{}{}", gettext_lazy("opportunities/"), "<str:reference>/ocds.json"),
        opportunity_ocds,
        name="opportunity_ocds",
    ),
]

"""The public statistics: a page, and the same numbers as CSV and JSON. Nothing of it depends on who asks."""

import csv
from io import StringIO

from django.http import HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from microacq import clock

from ..publishing.changes import last_change
from ..publishing.sheets import safe
from ..statistics import figures, statistics
from .caching import public_page, say_modified


@public_page
def statistics_page(request):
    """Every table that harms nobody, with its chart."""
    posted = last_change(clock.now())
    response = TemplateResponse(request, "opportunities/statistics.html", {"charts": statistics(posted.now)})
    return say_modified(response, posted, posted.changed_at)


@public_page
def statistics_csv(request):
    """One number a line. What is not shown is an empty cell."""
    text = StringIO("\ufeff", newline="")
    text.seek(0, 2)
    writer = csv.writer(text)
    writer.writerow([_("Table"), _("Row"), _("Value"), _("Unit")])
    for figure in figures(statistics(clock.now())):
        writer.writerow([safe(figure.table), safe(figure.row), figure.value or "", figure.unit])
    headers = {"Content-Disposition": 'attachment; filename="statistics-statistiques.csv"'}
    return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


@public_page
def statistics_json(request):
    """The same for programs. What is not shown is null."""
    found = [vars(figure) for figure in figures(statistics(clock.now()))]
    response = JsonResponse({"figures": found}, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Access-Control-Allow-Origin"] = "*"
    return response


PLACE = pgettext_lazy("slug", "statistics/")
urls = [
    path(PLACE, statistics_page, name="statistics"),
    path(format_lazy("{}{}", PLACE, "statistics.csv"), statistics_csv, name="statistics_csv"),
    path(format_lazy("{}{}", PLACE, "statistics.json"), statistics_json, name="statistics_json"),
]

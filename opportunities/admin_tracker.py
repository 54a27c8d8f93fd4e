"""The tracker as a file, from the admin's list of opportunities: what the list's filters leave, and nothing else."""

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from microacq import clock

from .publishing import sheets, tracker

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
"""The formats, by the ending of the file's name."""


@require_safe
def tracker_file(request, kind: str, model_admin):
    """The tracker as `kind` (csv, xlsx or ods), narrowed as the list is. Raises PermissionDenied unless for the team."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    try:
        asked = model_admin.get_changelist_instance(request).get_queryset(request)
    except IncorrectLookupParameters:
        return redirect("admin:opportunities_opportunity_changelist")
    now, headings, sheet = clock.now(), tracker.headings(), _("Opportunity tracker")
    rows = tracker.rows(asked, request.user, now)
    name = f"tracker-suivi-{now.astimezone(clock.EASTERN):%Y-%m-%d}.{kind}"
    if kind == "xlsx":
        file = sheets.xlsx_file(sheet, headings, rows)
        return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[kind])
    content = (
        sheets.csv_lines(headings, rows) if kind == "csv" else sheets.ods_chunks(sheet, headings, rows, now)
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(content, content_type=TYPES[kind], headers=headers)

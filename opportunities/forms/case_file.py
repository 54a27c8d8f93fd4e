"""Making the case file: what the event of it says, and the file itself."""

from django.http import FileResponse
from django.utils.translation import get_language

from ..publishing import case_file
from .base import ActionForm


class CaseFileForm(ActionForm):
    """Asks nothing: one click, on record, and the file."""

    def record(self, opportunity, by, now):
        reading = case_file.Reading(opportunity, by, now)
        return {"sealed": reading.sealed, "names": reading.names}

    @staticmethod
    def answer(event):
        file, record = case_file.make(event, (get_language() or "en")[:2])
        name = f"{event.opportunity.reference}-{record.made_at:%Y%m%dT%H%M%SZ}.zip"
        response = FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response

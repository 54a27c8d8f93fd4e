"""An opportunity that ended without code is run again as a new one that links back."""

from ..statement import copy_as_draft
from .base import ActionForm


class RerunForm(ActionForm):
    """A plain confirmation: the need and the statement are copied into a new draft for the same client."""

    def record(self, opportunity, by, now):
        return {"new": copy_as_draft(opportunity, now).reference}

"""One supplier's application to one opportunity, as it stands at a moment: what every page about it shows.

Knows the pages of an application and what is still missing; decides nothing (see `applications`).
"""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import applications, files
from .models import Application

STEPS = {
    "about": gettext_lazy("About you"),
    "eligibility": gettext_lazy("Eligibility"),
    "answers": gettext_lazy("Your answers"),
    "payment": gettext_lazy("How you can be paid"),
    "check": gettext_lazy("Check and send"),
}
ORDER = list(STEPS)


@dataclass
class Desk:
    """What every page of an application needs: whose it is, to what, when, and what is still missing."""

    opportunity: Any
    user: Any
    now: Any

    def __post_init__(self):
        self.criteria = list(self.opportunity.evaluation_criteria.all())
        found = applications.own(self.opportunity, self.user)
        self.begun = found is not None
        self.application = found or Application()
        self.application.opportunity = self.opportunity
        self.missing = {}
        if self.user.is_authenticated:
            self.application.supplier = self.user
            if not found:
                self.application.working = applications.prefill(self.user)
            self.missing = applications.missing(self.application, self.criteria)
        self.refusal = applications.why_not(self.opportunity, self.user, self.now)
        # Not from the refusal: whoever was selected is refused for that, and reads a closed application all the same.
        self.closed = not self.opportunity.is_open(self.now)

    @property
    def submitted(self) -> bool:
        return self.application.status == Application.Status.SUBMITTED

    @property
    def gaps(self) -> bool:
        return any(self.missing.values())

    @property
    def unsent(self) -> bool:
        """Whether something written differs from what stands submitted."""
        return (
            self.begun
            and self.application.receipt is not None
            and applications.has_changes(self.application, self.criteria)
        )

    @property
    def to_confirm(self) -> bool:
        """Whether what stands submitted was sent before a change in what suppliers answer to."""
        last = self.application.submissions.last() if self.submitted else None
        return last is not None and applications.to_confirm(self.opportunity, last)

    @property
    def unconfirmed(self) -> bool:
        """Whether it was not confirmed in time, and so is not evaluated."""
        return self.closed and self.to_confirm

    @property
    def sign_off_note(self):
        """What to know of the sign-off file: that it waits for the virus scan, or was refused by it; else ""."""
        kept = self.application.working.get("sign_off")
        upload = files.state_of(kept["name"]) if kept else None
        noted = upload and upload.scan in (upload.Scan.WAITING, upload.Scan.REFUSED)
        return upload.get_scan_display() if noted else ""

    def tasks(self) -> list[dict]:
        """The checklist: each page, whether it is done, and its address."""
        rows = []
        for name, label in STEPS.items():
            done = (
                self.begun and not self.missing.get(name)
                if name != "check"
                else self.submitted and not self.unsent
            )
            rows.append(
                {
                    "label": label,
                    "url": reverse(f"apply_{name}", args=[self.opportunity.reference]),
                    "done": done,
                    "status": _("Done") if done else _("To do"),
                }
            )
        return rows

    def context(self, **more) -> dict[str, Any]:
        return {
            "desk": self,
            "opportunity": self.opportunity,
            "application": self.application,
            "now": self.now,
            **more,
        }

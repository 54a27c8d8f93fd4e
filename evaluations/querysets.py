"""Which applications are which: one's own, received, unconfirmed, in play, passed. Everything that counts them asks here."""

from django.db import models
from django.db.models import Exists, OuterRef

from opportunities.models import Amendment


def _changed_since():
    """The material amendments made after an application was last sent."""
    return Amendment.objects.filter(
        opportunity=OuterRef("opportunity"), material=True, amended_at__gt=OuterRef("submitted_at")
    )


class ApplicationQuerySet(models.QuerySet):
    def of(self, user):
        """The user's own, once submitted and not withdrawn."""
        return self.filter(supplier=user, status=self.model.Status.SUBMITTED)

    def received(self):
        """Submitted, not withdrawn, and confirmed after every change in what suppliers answer to."""
        return self.filter(~Exists(_changed_since()), status=self.model.Status.SUBMITTED)

    def unconfirmed(self):
        """Submitted, and not sent again after a change in what suppliers answer to: out, unless sent before closing."""
        return self.filter(Exists(_changed_since()), status=self.model.Status.SUBMITTED)

    def with_confirmation(self):
        """Each with `changed_since`: whether what suppliers answer to changed after it was last sent."""
        return self.annotate(changed_since=Exists(_changed_since()))

    def in_play(self):
        """Received and not set aside: what enters the evaluation."""
        return self.received().filter(set_aside_at=None)

    def to_check(self):
        """In play, and not yet checked for names by who prepares the release."""
        return self.in_play().filter(checked_at=None)

    def passed(self):
        """In play, and confirmed by the team as passing every criterion."""
        return self.in_play().filter(passed=True)

    def not_yet_offered(self):
        """Passed and drawn (or the only one), and never offered the contract."""
        return self.passed().filter(offer=None)

    def marks_missing(self, opportunity) -> int:
        """How many marks, consensus decisions and sheets are still missing before the evaluation is complete."""
        from .marking import Matrix

        return Matrix(opportunity).missing()

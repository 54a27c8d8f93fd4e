"""Step 2: the eligibility check, each criterion met or not, and the decision with its reason."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .records import append_only


class Criterion(models.TextChoices):
    """The eligibility criteria of the client guide."""

    REQUESTER = (
        "requester",
        _("The requester works for Employment and Social Development Canada or Service Canada"),
    )
    CODE = "code", _("What is needed is code")
    CEILING = "ceiling", _("It costs at most $10,000, taxes included")
    UNCLASSIFIED = "unclassified", _("It is unclassified only")
    REMOTE = "remote", _("It is done remotely, with no access to ESDC networks or devices")
    OPEN = "open", _("It can be done in an open repository under an open source licence")
    STAND_ALONE = "stand_alone", _("It is a stand-alone piece of work")
    CAPACITY = "no_capacity", _("There is no internal capacity to do it")
    SPLITTING = "not_splitting", _("It is not contract splitting")


class Screening(models.Model):
    """One decision on the eligibility of a need."""

    class Decision(models.TextChoices):
        RETURNED = "return_for_changes", _("returned for changes")
        WAITLISTED = "waitlist", _("waitlisted")
        DECLINED = "decline", _("declined")
        ACCEPTED = "accept", _("accepted")

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="screenings")
    decision = models.CharField(_("decision"), max_length=20, choices=Decision.choices)
    reason = models.TextField(_("reason, which the client reads"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name, verbose_name_plural = _("eligibility check"), _("eligibility checks")
        ordering = ["decided_at", "pk"]
        triggers = [append_only()]

    def __str__(self) -> str:
        return self.get_decision_display()


class ScreeningResult(models.Model):
    """One criterion, met or not, with a note."""

    screening = models.ForeignKey(Screening, models.PROTECT, related_name="results")
    criterion = models.CharField(max_length=20, choices=Criterion.choices)
    met = models.BooleanField(_("met"))
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = (
            _("eligibility criterion judged"),
            _("eligibility criteria judged"),
        )
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["screening", "criterion"], name="one_result_a_criterion")
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return self.get_criterion_display()

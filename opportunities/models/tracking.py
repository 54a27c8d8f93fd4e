"""What the team knows of an opportunity and the site cannot: counted or remembered, and recorded by hand."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class HandRecord(models.Model):
    """The few columns of the tracker that nothing here writes by itself. For the team alone; may be mended."""

    opportunity = models.OneToOneField("Opportunity", models.PROTECT, related_name="hand_record")
    first_meeting_on = models.DateField(_("first meeting with the client"), null=True, blank=True)
    draft_pif_sent_on = models.DateField(
        _("draft procurement initiation form (PIF) sent"), null=True, blank=True
    )
    hours_to_draft = models.DecimalField(
        _("hours to draft the statement"),
        max_digits=5,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    forks = models.PositiveIntegerField(_("forks of the repository"), null=True, blank=True)
    forks_counted_on = models.DateField(_("forks counted"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0, editable=False)
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name, verbose_name_plural = _("facts recorded by hand"), _("facts recorded by hand")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(forks__isnull=True, forks_counted_on__isnull=True)
                | models.Q(forks__isnull=False, forks_counted_on__isnull=False),
                name="forks_have_a_day",
            )
        ]

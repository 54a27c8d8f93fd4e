"""Step 3: the manager's commitment (section 32) and finance's reservation."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .records import append_only


class Commitment(models.Model):
    """The manager commits the funds: section 32 of the Financial Administration Act."""

    class Source(models.TextChoices):
        IITB = "iitb", _("The client is in the IT branch (IITB)")
        TRANSFER = "transfer", _("The client's branch transfers the budget to IITB")
        RISK = "risk", _("IITB agrees to carry the risk until the budget is transferred")

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="commitments")
    amount = models.DecimalField(
        _("amount committed, taxes included"),
        max_digits=9,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    source = models.CharField(_("where the budget comes from"), max_length=10, choices=Source.choices)
    pif_number = models.CharField(_("procurement initiation form (PIF) number"), max_length=60, blank=True)
    committed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    committed_at = models.DateTimeField(_("committed"))

    class Meta:
        verbose_name, verbose_name_plural = _("commitment of funds"), _("commitments of funds")
        ordering = ["pk"]
        triggers = [append_only()]


class Reservation(models.Model):
    """Finance reserves the funds and gives the fund reservation number."""

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="reservations")
    number = models.CharField(_("fund reservation number"), max_length=60)
    amount = models.DecimalField(
        _("amount reserved, taxes included"),
        max_digits=9,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    reserved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reserved_at = models.DateTimeField(_("reserved"))

    class Meta:
        verbose_name, verbose_name_plural = _("fund reservation"), _("fund reservations")
        ordering = ["pk"]
        triggers = [append_only()]

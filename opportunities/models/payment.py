"""Step 8: the invoice in its versions, the certification (section 34) and the payment (section 33).

No card number is ever stored.
"""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .records import append_only


class Invoice(models.Model):
    """The supplier's invoice. A correction is a new version; the old one stays."""

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="invoices")
    version = models.PositiveSmallIntegerField()
    number = models.CharField(_("invoice number"), max_length=60)
    supplier_name = models.CharField(_("name on the invoice"), max_length=200)
    supplier_address = models.TextField(_("address on the invoice"))
    province = models.CharField(_("province or territory"), max_length=2)
    fund_reservation_number = models.CharField(_("fund reservation number"), max_length=60)
    amount = models.DecimalField(_("amount before taxes"), max_digits=9, decimal_places=2)
    taxes = models.JSONField(default=list)
    """A list of {"code", "rate", "amount"}, amounts in dollars as text."""
    gst_number = models.CharField(_("GST/HST registration number"), max_length=20, blank=True)
    pst_number = models.CharField(_("PST or QST registration number"), max_length=30, blank=True)
    total = models.DecimalField(_("total, taxes included"), max_digits=9, decimal_places=2)
    file = models.CharField(max_length=40, blank=True)
    """The supplier's own PDF, by the random name under which it is kept."""
    file_name = models.CharField(_("the supplier’s own invoice"), max_length=150, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name, verbose_name_plural = _("invoice"), _("invoices")
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["opportunity", "version"], name="one_invoice_a_version"),
            models.CheckConstraint(
                condition=Q(total__gte=0, total__lte=Decimal("10000")), name="invoice_within_ceiling"
            ),
        ]
        triggers = [append_only()]


class Certification(models.Model):
    """The manager certifies that the work was received and the price is right: section 34."""

    invoice = models.OneToOneField(Invoice, models.PROTECT, related_name="certification")
    note = models.TextField(_("note"), blank=True)
    certified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    certified_at = models.DateTimeField(_("certified"))

    class Meta:
        verbose_name, verbose_name_plural = _("certification (section 34)"), _("certifications (section 34)")
        triggers = [append_only()]


class Payment(models.Model):
    """Finance pays: section 33. One an opportunity, by a constraint."""

    class Means(models.TextChoices):
        CARD = "card", _("acquisition card (Visa)")
        PAYPAL = "paypal", _("PayPal")

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="payments")
    certification = models.OneToOneField(Certification, models.PROTECT, related_name="payment")
    means = models.CharField(_("paid by"), max_length=8, choices=Means.choices)
    justification = models.TextField(_("why a third-party payment service was used"), blank=True)
    document_number = models.CharField(_("financial system document number"), max_length=60)
    transaction_reference = models.CharField(_("transaction reference"), max_length=60, blank=True)
    paid_on = models.DateField(_("paid on"))
    amount = models.DecimalField(_("amount paid"), max_digits=9, decimal_places=2)
    paid_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("payment (section 33)"), _("payments (section 33)")
        constraints = [models.UniqueConstraint(fields=["opportunity"], name="paid_once")]
        triggers = [append_only()]


class PaymentConfirmation(models.Model):
    """The supplier says that the payment came."""

    payment = models.OneToOneField(Payment, models.PROTECT, related_name="confirmation")
    confirmed_at = models.DateTimeField(_("receipt confirmed"))

    class Meta:
        verbose_name, verbose_name_plural = _("confirmation of payment"), _("confirmations of payment")
        triggers = [append_only()]

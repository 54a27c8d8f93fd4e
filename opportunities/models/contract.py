"""The contract: what was signed, its delivery date as it moved, disputes, how it ended, and who may not apply again."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .records import append_only, never_deleted, written_once


class Contract(models.Model):
    """One signed contract. At most one an opportunity."""

    class Ended(models.TextChoices):
        DEFAULT = "default", _("default: nothing is paid")
        CONVENIENCE = "convenience", _("convenience: the share of work done is paid")

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="contracts")
    supplier = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="contracts")
    supplier_name = models.CharField(_("supplier"), max_length=200)
    price = models.DecimalField(_("fixed price, before taxes"), max_digits=9, decimal_places=2)
    delivery_date = models.DateField(_("work delivery date"))
    terms_version = models.CharField(max_length=10)
    terms_en = models.TextField()
    terms_fr = models.TextField()
    terms_sha256 = models.CharField(_("SHA-256 of the exact text signed"), max_length=64)
    signed_language = models.CharField(max_length=2)
    signed_name = models.CharField(_("name typed"), max_length=200)
    signed_at = models.DateTimeField(_("signed"))
    countersigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("countersigned by"),
    )
    countersigned_at = models.DateTimeField(_("countersigned for Canada"), null=True)
    started_at = models.DateTimeField(_("work started"), null=True)
    repository = models.URLField(_("open repository"), max_length=300, blank=True)
    ended = models.CharField(_("ended for"), max_length=12, choices=Ended.choices, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_reason = models.TextField(_("reason"), blank=True)
    notice_given_on = models.DateField(_("notice given"), null=True)
    last_date = models.DateField(_("last date given"), null=True)
    share_done = models.DecimalField(
        _("share of work done, in percent"),
        max_digits=5,
        decimal_places=2,
        null=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )

    class Meta:
        verbose_name, verbose_name_plural = _("contract"), _("contracts")
        constraints = [
            models.UniqueConstraint(fields=["opportunity"], name="one_contract_an_opportunity"),
            models.CheckConstraint(
                condition=Q(price__gt=0, price__lte=Decimal("8695.65")), name="contract_within_ceiling"
            ),
            models.CheckConstraint(
                condition=Q(countersigned_at__isnull=True, countersigned_by__isnull=True)
                | Q(countersigned_at__isnull=False, countersigned_by__isnull=False),
                name="countersigned_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(share_done__isnull=True) | Q(share_done__gte=0, share_done__lte=100),
                name="share_of_the_whole",
            ),
        ]
        triggers = [
            never_deleted(),
            written_once(
                "opportunity_id",
                "supplier_id",
                "price",
                "terms_version",
                "terms_en",
                "terms_fr",
                "terms_sha256",
                "signed_name",
                "signed_at",
            ),
        ]

    def countersign(self, by, now) -> None:
        """Sign for Canada, once: later calls change nothing."""
        if not self.countersigned_at:
            self.countersigned_by, self.countersigned_at = by, now
            self.save(update_fields=["countersigned_by", "countersigned_at"])

    @property
    def amount_due(self) -> Decimal:
        """What is owed before taxes, in dollars: the price, its done share, or nothing."""
        if self.ended == self.Ended.DEFAULT:
            return Decimal("0.00")
        if self.ended == self.Ended.CONVENIENCE:
            return (self.price * self.share_done / 100).quantize(Decimal("0.01"))
        return self.price


class ExtensionQuerySet(models.QuerySet):
    def pending(self):
        """Asked for and not settled."""
        return self.filter(settled_at=None)


class Extension(models.Model):
    """A new delivery date: asked by one side, agreed by the other, approved by the team."""

    class Side(models.TextChoices):
        CLIENT = "client", _("the client")
        SUPPLIER = "supplier", _("the supplier")

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="extensions")
    side = models.CharField(max_length=8, choices=Side.choices)
    old_date = models.DateField(_("present date"))
    new_date = models.DateField(_("new delivery date"))
    reason = models.TextField(_("reason"))
    asked_at = models.DateTimeField()
    agreed_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    approved = models.BooleanField(null=True)

    objects = ExtensionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = (
            _("extension of the delivery date"),
            _("extensions of the delivery date"),
        )
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity"], condition=Q(settled_at=None), name="one_extension_pending"
            )
        ]
        triggers = [
            never_deleted(),
            written_once("opportunity_id", "side", "old_date", "new_date", "reason", "asked_at"),
        ]


class DisputeQuerySet(models.QuerySet):
    def open(self):
        return self.filter(answered_at=None)


class Dispute(models.Model):
    """A disagreement: the position of who raised it, and the client's answer that closes it."""

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="disputes")
    side = models.CharField(max_length=8, choices=Extension.Side.choices)
    position = models.TextField(_("position"))
    raised_at = models.DateTimeField()
    answer = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(null=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("dispute"), _("disputes")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity"], condition=Q(answered_at=None), name="one_dispute_open"
            )
        ]
        triggers = [never_deleted(), written_once("opportunity_id", "side", "position", "raised_at")]


class ExcludedSupplier(models.Model):
    """A supplier who may not apply here: their contract for the same need, run earlier, ended for default."""

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="excluded_suppliers")
    supplier = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    supplier_name = models.CharField(_("supplier"), max_length=200)
    reason = models.TextField(_("reason, which the supplier reads"))
    excluded_at = models.DateTimeField(_("excluded"))

    class Meta:
        verbose_name, verbose_name_plural = _("excluded supplier"), _("excluded suppliers")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["opportunity", "supplier"], name="excluded_once")]
        triggers = [append_only()]

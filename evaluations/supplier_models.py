"""What is kept of a supplier beside applications: the profile that fills them in, and the files that come with them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from microacq import clock


class SupplierProfile(models.Model):
    """What a supplier would otherwise type each time. Name and language are on the account."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="supplier_profile")
    business_name = models.CharField(_("business name, if you have one"), max_length=200, blank=True)
    province = models.CharField(_("province or territory"), max_length=2, blank=True)
    code_account = models.URLField(_("address of your public repository account"), max_length=300, blank=True)
    saved_at = models.DateTimeField(_("saved"), default=clock.now)

    class Meta:
        verbose_name, verbose_name_plural = _("supplier’s profile"), _("suppliers’ profiles")

    def __str__(self) -> str:
        return str(self.user_id)


class Upload(models.Model):
    """A stored file: by its random name, what the virus scanner said of it. A refused one is gone; its row says so."""

    class Scan(models.TextChoices):
        OFF = "off", _("not scanned: no scanner is set up")
        WAITING = "waiting", _("waiting for the virus scan")
        CLEAN = "clean", _("scanned, nothing found")
        REFUSED = "refused", _("refused by the virus scanner")

    name = models.CharField(max_length=100, unique=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="uploads")
    kept_at = models.DateTimeField(_("received"), default=clock.now)
    scan = models.CharField(_("virus scan"), max_length=8, choices=Scan.choices)
    scanned_at = models.DateTimeField(_("scanned"), null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("file received"), _("files received")
        indexes = [models.Index(fields=["scan", "id"])]

    def __str__(self) -> str:
        return self.name

    @property
    def held_back(self):
        """Why nobody but its owner may open it, as a sentence; "" when they may."""
        if self.scan == self.Scan.REFUSED:
            return _("The virus scanner refused this file, so it was removed.")
        if self.scan == self.Scan.WAITING or self.scan == self.Scan.OFF and settings.CLAMD_URL:
            return _("This file waits for the virus scan. It can be opened once it is scanned.")
        return ""

"""The daily head: one line a day that stands for every chain of events, and for the heads before it.

A chain shows what was changed inside it, and not that its end was cut off or that all of it was written anew. A head that
was published yesterday, and kept by others, shows both.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .records import append_only


class DailyHead(models.Model):
    """One day's head. `body` is what `hash` is the SHA-256 of; it stays here, since it tells of needs not yet posted."""

    day = models.DateField(_("date"), unique=True)
    made_at = models.DateTimeField(_("made"))
    chains = models.PositiveIntegerField(_("chains"))
    events = models.PositiveIntegerField(_("events"))
    body = models.TextField()
    previous = models.CharField(_("hash of the head before it"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name, verbose_name_plural = _("daily head"), _("daily heads")
        ordering = ["day"]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.day} {self.hash}"


class Heartbeat(models.Model):
    """When something that runs by itself last did so, and last failed: `tick`, and each of its jobs that ever failed."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    done_at = models.DateTimeField(_("last done"), null=True)
    failed_at = models.DateTimeField(_("last failed"), null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("heartbeat"), _("heartbeats")
        ordering = ["name"]

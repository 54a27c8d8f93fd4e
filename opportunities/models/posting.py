"""Step 4: questions with their answers, and what was changed after posting."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .records import append_only, erased_only, never_deleted, written_once


class Question(models.Model):
    """A supplier's question. Only the asker and the team see it as asked; the public reads the anonymous version."""

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="questions")
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="questions_asked")
    asked_at = models.DateTimeField(_("asked"))
    text = models.TextField(_("question"))
    public_question = models.TextField(_("question, without anything that tells who asks"), blank=True)
    answer = models.TextField(_("answer"), blank=True)
    published_at = models.DateTimeField(_("published"), null=True)
    set_aside_at = models.DateTimeField(_("set aside"), null=True)
    set_aside_reason = models.TextField(_("why it is not published, for the asker to read"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("question"), _("questions")
        ordering = ["asked_at", "pk"]
        indexes = [models.Index(fields=["opportunity", "published_at"])]
        triggers = [
            never_deleted(),
            written_once("opportunity_id", "asker_id", "asked_at"),
            erased_only(text="''"),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity_id}/{self.pk}"


class Amendment(models.Model):
    """A change to a posted opportunity: what was, what is, and why, for everyone to read."""

    class Kind(models.TextChoices):
        AMEND = "amend", _("Amended")
        EXTEND = "extend", _("Closing date extended")
        CANCEL = "cancel", _("Cancelled")

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="amendments")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    reason = models.TextField(_("reason"))
    changes = models.JSONField(default=list)
    """A list of {"field", "language", "old", "new"}."""
    material = models.BooleanField(_("changes what suppliers answer to"), default=False)
    amended_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("amendment"), _("amendments")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["opportunity", "number"], name="one_amendment_a_number")
        ]
        triggers = [append_only()]

"""Contract splitting: a need that looks like others of the same people, why, and what a person decided.

The program compares and flags; only a person decides, and writes why. Every row is evidence: never changed.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .records import append_only


class SplittingFlagQuerySet(models.QuerySet):
    def current(self):
        """The latest flag of each opportunity: a later one says everything that still holds of an earlier one."""
        later = SplittingFlag.objects.filter(
            opportunity=models.OuterRef("opportunity"), pk__gt=models.OuterRef("pk")
        )
        return self.filter(~models.Exists(later))

    def undecided(self):
        """The flags that wait for a person."""
        return self.current().filter(decisions__isnull=True)


class SplittingFlag(models.Model):
    """At one moment, a need looked like others."""

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="splitting_flags")
    occasion = models.CharField(_("when"), max_length=40)
    """The transition after which it was compared."""
    raised_at = models.DateTimeField(_("flagged"))

    objects = SplittingFlagQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("sign of contract splitting"), _("signs of contract splitting")
        ordering = ["pk"]
        triggers = [append_only()]

    @property
    def decision(self):
        """The decision that holds: the latest, or None."""
        return list(self.decisions.all())[-1] if self.decisions.all() else None


class SplittingLikeness(models.Model):
    """One other need that it looked like, and in what."""

    flag = models.ForeignKey(SplittingFlag, models.PROTECT, related_name="likenesses")
    other = models.ForeignKey("Opportunity", models.PROTECT, related_name="splitting_likenesses")
    title = models.DecimalField(_("likeness of the titles"), max_digits=3, decimal_places=2)
    """0 to 1: the share of three-letter pieces that both have (pg_trgm)."""
    text = models.DecimalField(_("likeness of the texts"), max_digits=3, decimal_places=2)
    same_client = models.BooleanField(_("same client"))
    same_team = models.BooleanField(_("same team"))
    same_branch = models.BooleanField(_("same branch"))
    same_repository = models.BooleanField(_("same repository"))
    same_supplier = models.BooleanField(_("same supplier"))

    class Meta:
        verbose_name, verbose_name_plural = _("likeness"), _("likenesses")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["flag", "other"], name="one_likeness_a_need")]
        triggers = [append_only()]

    @property
    def title_percent(self) -> int:
        return int(self.title * 100)

    @property
    def text_percent(self) -> int:
        return int(self.text * 100)


class SplittingDecision(models.Model):
    """Somebody of the team decided on a flag. A later decision on the same flag takes its place."""

    class Answer(models.TextChoices):
        SPLITTING = "splitting", _("contract splitting")
        NOT_SPLITTING = "not_splitting", _("not contract splitting")

    flag = models.ForeignKey(SplittingFlag, models.PROTECT, related_name="decisions")
    answer = models.CharField(_("decision"), max_length=13, choices=Answer.choices)
    reason = models.TextField(_("why"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name, verbose_name_plural = (
            _("decision on contract splitting"),
            _("decisions on contract splitting"),
        )
        ordering = ["pk"]
        triggers = [append_only()]

    @property
    def is_splitting(self) -> bool:
        return self.answer == self.Answer.SPLITTING

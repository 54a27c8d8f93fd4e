"""What is kept about keeping: case files made, copies given of what is held about a person, legal holds, disposals.

Evidence, append-only. None of it repeats what it is about.
"""

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from .records import append_only


class CaseFile(models.Model):
    """A case file was made: by whom, when, up to which event, and the SHA-256 of the file that was given."""

    opportunity = models.ForeignKey(
        "Opportunity", models.PROTECT, related_name="case_files", verbose_name=_("opportunity")
    )
    event = models.OneToOneField("Event", models.PROTECT, related_name="+", verbose_name=_("event"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    made_at = models.DateTimeField(_("made"))
    size = models.PositiveBigIntegerField(_("length in bytes"))
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    sealed = models.PositiveIntegerField(_("applications sealed at that time"))
    names = models.BooleanField(_("names the applicants"))

    class Meta:
        verbose_name, verbose_name_plural = _("case file"), _("case files")
        ordering = ["pk"]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.opportunity_id}/{self.event_id}"


class LegalHoldQuerySet(models.QuerySet):
    def opportunities(self):
        """The keys of the opportunities that are held now."""
        return self._in_force("opportunity")

    def people(self):
        """The keys of the people who are held now."""
        return self._in_force("person")

    def _in_force(self, subject: str):
        latest = LegalHold.objects.filter(**{subject: OuterRef(subject)}).order_by("-pk").values("pk")[:1]
        rows = self.filter(kind=LegalHold.Kind.SET, pk=Subquery(latest), **{f"{subject}__isnull": False})
        return rows.values(f"{subject}_id")


class LegalHold(models.Model):
    """Nothing about this opportunity, or this person, is disposed of from here on; or again may be. The latest counts."""

    class Kind(models.TextChoices):
        SET = "set", _("held: nothing is disposed of")
        LIFTED = "lifted", _("lifted")

    opportunity = models.ForeignKey(
        "Opportunity",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="legal_holds",
        verbose_name=_("opportunity"),
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="legal_holds",
        verbose_name=_("person"),
    )
    kind = models.CharField(_("legal hold"), max_length=6, choices=Kind.choices, default=Kind.SET)
    reason = models.TextField(_("reason"), max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("legal hold"), _("legal holds")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(opportunity__isnull=True, person__isnull=False)
                | Q(opportunity__isnull=False, person__isnull=True),
                name="hold_on_one_thing",
            )
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return self.get_kind_display()


class AccessCopy(models.Model):
    """A copy of what is held about a person was made for them by the team: why, by whom, and its SHA-256. Not the copy."""

    about = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("about")
    )
    subscription = models.ForeignKey(
        "Subscription", models.PROTECT, null=True, related_name="+", verbose_name=_("subscription")
    )
    reason = models.TextField(_("request, and how it was made sure who asks"), max_length=2000)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    made_at = models.DateTimeField(_("made"))
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)

    class Meta:
        verbose_name, verbose_name_plural = _("answer to an access request"), _("answers to access requests")
        ordering = ["-pk"]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.pk}"


class Disposal(models.Model):
    """Personal data was disposed of, under which rule, and of how many records: numbers, nothing of what it was."""

    rule = models.CharField(_("rule"), max_length=40)
    opportunity = models.ForeignKey(
        "Opportunity", models.PROTECT, null=True, related_name="disposals", verbose_name=_("opportunity")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("person")
    )
    records = models.PositiveIntegerField(_("records"))
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name, verbose_name_plural = _("disposal"), _("disposals")
        ordering = ["pk"]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.rule} {self.at:%Y-%m-%d}"

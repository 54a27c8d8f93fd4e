"""The survey's records. Nothing in them leads to a person: no account, application, mail or opportunity, and no moment.

Keys are random, so that rows stand in no order; a link that was used leaves no row behind (docs/operations.md says
what remains possible for who owns the database).
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from opportunities.models.records import append_only

AREA = r"^[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z]$"
"""The first three characters of a Canadian postal code."""


class Kind(models.TextChoices):
    SUPPLIER = "supplier", _("supplier")
    CLIENT = "client", _("client")


class SurveyInvitation(models.Model):
    """A link that was given out and is not used yet: the SHA-256 of its secret, and the month. Not to whom."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_sha256 = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    month = models.DateField()

    class Meta:
        verbose_name, verbose_name_plural = _("link to the survey"), _("links to the survey")

    def __str__(self) -> str:
        return f"{self.kind}, {self.month:%Y-%m}"


class SurveyAnswer(models.Model):
    """What somebody told of themselves, each part only if they wished. Empty means: preferred not to answer."""

    class Choice(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("No")
        UNSURE = "unsure", _("I am not sure")

    class Size(models.TextChoices):
        FREELANCER = "freelancer", _("I work alone (freelancer, student)")
        SMALL = "small", _("Small business: fewer than 100 people")
        OTHER = "other", _("Other")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    month = models.DateField()
    """The first day of the month in which the link was given out."""
    new_to_government = models.CharField(max_length=6, choices=Choice.choices, blank=True)
    region = models.CharField(max_length=3, blank=True)
    size = models.CharField(max_length=10, choices=Size.choices, blank=True)
    under_represented = models.CharField(max_length=6, choices=Choice.choices, blank=True)
    would_again = models.CharField(max_length=6, choices=Choice.choices, blank=True)
    hours_saved = models.PositiveSmallIntegerField(null=True, blank=True)
    story = models.TextField(blank=True)
    may_quote = models.BooleanField(default=False)

    class Meta:
        verbose_name, verbose_name_plural = _("answer to the survey"), _("answers to the survey")
        constraints = [
            models.CheckConstraint(condition=Q(region="") | Q(region__regex=AREA), name="region_is_an_area")
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.kind}, {self.month:%Y-%m}"

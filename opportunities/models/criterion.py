"""What a statement asks for in lists: the skills, and the criteria that applications and the delivered code are judged on."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Skill(models.Model):
    """A skill that suppliers look for, named in both languages."""

    name = models.CharField(_("skill"), max_length=100)

    class Meta:
        ordering = ["name_en"]
        verbose_name, verbose_name_plural = _("skill"), _("skills")

    def __str__(self) -> str:
        return self.name


class EvaluationCriterion(models.Model):
    """What an application is judged on: pass or fail, with a reason."""

    opportunity = models.ForeignKey("Opportunity", models.CASCADE, related_name="evaluation_criteria")
    order = models.PositiveSmallIntegerField(default=1)
    text = models.TextField(_("criterion"), blank=True)
    similar_skills_count = models.BooleanField(_("similar skills count"), default=True)

    class Meta:
        verbose_name, verbose_name_plural = (
            _("application evaluation criterion"),
            _("application evaluation criteria"),
        )
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.text


class AcceptanceCriterion(models.Model):
    """What the delivered code must meet to be paid."""

    class Kind(models.TextChoices):
        LICENCE = "licence", _("the licence file")
        REQUIREMENTS = "requirements", _("the requirements")
        TEST = "test", _("a test")
        OTHER = "other", _("other")

    opportunity = models.ForeignKey("Opportunity", models.CASCADE, related_name="acceptance_criteria")
    order = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(_("about"), max_length=12, choices=Kind.choices, default=Kind.OTHER)
    text = models.TextField(_("criterion"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("work acceptance criterion"), _("work acceptance criteria")
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.text

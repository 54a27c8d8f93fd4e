"""Step 7: what was delivered, and how each work acceptance criterion was judged."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .records import append_only


class Delivery(models.Model):
    """Code delivered: an address and a commit or tag. A revision is a new delivery."""

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="deliveries")
    number = models.PositiveSmallIntegerField()
    url = models.URLField(_("repository or pull request"), max_length=300)
    revision = models.CharField(_("commit or tag"), max_length=100)
    licence = models.CharField(_("licence (SPDX identifier)"), max_length=60)
    notes = models.TextField(_("notes"), blank=True)
    how_met = models.JSONField(default=dict)
    """How each acceptance criterion is met, in the supplier's words: {criterion id: text}."""
    delivered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    delivered_at = models.DateTimeField(_("delivered"))

    class Meta:
        verbose_name, verbose_name_plural = _("delivery"), _("deliveries")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["opportunity", "number"], name="one_delivery_a_number")
        ]
        triggers = [append_only()]


class DeliveryView(models.Model):
    """What an evaluator thinks of a delivery, for the client who decides. A later view stands beside the earlier one."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="views")
    results = models.JSONField()
    """For each acceptance criterion: {criterion id: {"met": true or false, "note": text}}."""
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    given_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("view of a delivery"), _("views of deliveries")
        ordering = ["pk"]
        triggers = [append_only()]


def views_by_delivery(opportunity, criteria) -> dict[int, list[dict]]:
    """What the evaluators said of each delivery, the latest view of each: {delivery: [{name, at, results}]}."""
    latest = {}
    for view in DeliveryView.objects.filter(delivery__opportunity=opportunity).select_related("given_by"):
        latest[view.delivery_id, view.given_by_id] = view
    views: dict[int, list[dict]] = {}
    for (delivery, _by), view in latest.items():
        results = [
            (number, view.results[str(c.pk)])
            for number, c in enumerate(criteria, 1)
            if str(c.pk) in view.results
        ]
        views.setdefault(delivery, []).append(
            {"name": view.given_by.name, "at": view.given_at, "results": results}
        )
    return views


class Assessment(models.Model):
    """The client's judgment of one delivery: accepted, or to be revised by a date."""

    delivery = models.OneToOneField(Delivery, models.PROTECT, related_name="assessment")
    accepted = models.BooleanField()
    missing = models.TextField(_("what is missing"), blank=True)
    revise_by = models.DateField(_("revision wanted by"), null=True)
    assessed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    assessed_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("assessment of a delivery"), _("assessments of deliveries")
        triggers = [append_only()]


class AcceptanceResult(models.Model):
    """One work acceptance criterion of one delivery: met or not, with a note."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="results")
    criterion = models.ForeignKey("AcceptanceCriterion", models.PROTECT, related_name="+")
    met = models.BooleanField()
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("acceptance criterion judged"), _("acceptance criteria judged")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "criterion"], name="one_judgment_a_criterion")
        ]
        triggers = [append_only()]

"""What the team keeps for itself about an opportunity: notes, who of them owns it, and the replies they reuse.

Nothing here is ever shown to clients, suppliers, evaluators or the public.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .records import append_only


class InternalNote(models.Model):
    """A note of the team on an opportunity. Never changed: a mistake is put right by another note."""

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="internal_notes")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author")
    )
    text = models.TextField(_("internal note"))
    written_at = models.DateTimeField(_("written"))

    class Meta:
        verbose_name, verbose_name_plural = _("internal note"), _("internal notes")
        ordering = ["written_at", "pk"]
        triggers = [append_only()]


class Handover(models.Model):
    """Within the team, an opportunity passes from one owner (None: nobody) to another."""

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="handovers")
    former = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("from")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("to")
    )
    note = models.TextField(_("what the new owner should know"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who"))
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name, verbose_name_plural = _("change of owner"), _("changes of owner")
        ordering = ["at", "pk"]
        triggers = [append_only()]


class CannedReplyQuerySet(models.QuerySet):
    def offered(self):
        """Those that can be used now, in their order."""
        return self.filter(active=True).order_by("order", "pk")


class CannedReply(models.Model):
    """Words that the team uses often, in both languages, to start an answer from."""

    title = models.CharField(_("name of the reply"), max_length=100)
    text = models.TextField(_("words of the reply"), max_length=4000)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    active = models.BooleanField(_("in use"), default=True)

    objects = CannedReplyQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("canned reply"), _("canned replies")
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.title

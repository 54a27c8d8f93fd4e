"""Messages between the client and the team on an opportunity, at any step: coaching, in writing."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .records import append_only


class Message(models.Model):
    """One message. The client, the named evaluators' client and the team read it; nobody else."""

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    from_team = models.BooleanField()
    body = models.TextField(_("message"))
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name, verbose_name_plural = _("message"), _("messages")
        ordering = ["sent_at", "pk"]
        triggers = [append_only()]


class Remark(models.Model):
    """The reason somebody gave with a transition. Events carry its number, so that it can be removed and they stay."""

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="remarks")
    transition = models.CharField(max_length=40)
    text = models.TextField(_("reason"))
    at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("reason given"), _("reasons given")
        ordering = ["at", "pk"]

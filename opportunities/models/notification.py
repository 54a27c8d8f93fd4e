"""Which email went out for which event, to whom: written with the event, so that none is lost or doubled."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from post_office.models import Email

from .records import append_only


class Notification(models.Model):
    """One email to one person (or one subscriber) about one event. Delivery status is on the queued email."""

    event = models.ForeignKey("Event", models.PROTECT, null=True, related_name="notifications")
    opportunity = models.ForeignKey("Opportunity", models.PROTECT, null=True, related_name="notifications")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="notifications"
    )
    template = models.CharField(max_length=60)
    audience = models.CharField(max_length=20)
    email = models.OneToOneField("post_office.Email", models.PROTECT, related_name="notification")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("notification"), _("notifications")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["event", "template"])]
        triggers = [append_only()]


class SentMail(Email):
    """A queued or sent email, as the team's list shows it."""

    class Meta:
        proxy = True
        verbose_name, verbose_name_plural = _("email"), _("emails")

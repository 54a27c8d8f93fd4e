"""Which email went out for which event, to whom: written with the event, so that none is lost or doubled.

And what keeps mail to many from being doubled: how far an announcement has come, and who had today's digest.
"""

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


class Announcement(models.Model):
    """One event to be told to a whole list: written with the event, then told in batches, each address once."""

    event = models.ForeignKey("Event", models.PROTECT, related_name="announcements")
    template = models.CharField(max_length=60)
    audience = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    told_up_to = models.BigIntegerField(default=0)
    """The last address of the list, by its key, that was told or passed over."""
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("announcement"), _("announcements")
        constraints = [models.UniqueConstraint(fields=["event", "audience"], name="announced_once")]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(done_at=None), name="announcements_under_way")
        ]


class DailyDigest(models.Model):
    """Today's digest of one person is taken care of, whether or not there was anything to write. Kept a few days."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="daily_digests")
    day = models.DateField()

    class Meta:
        verbose_name, verbose_name_plural = _("daily digest"), _("daily digests")
        constraints = [models.UniqueConstraint(fields=["person", "day"], name="one_digest_a_day")]


class SentAgain(models.Model):
    """Somebody of the team had an email sent again. `copy` is the new email; none when the same one was queued again."""

    email = models.ForeignKey("post_office.Email", models.PROTECT, related_name="sent_again")
    copy = models.OneToOneField("post_office.Email", models.PROTECT, null=True, related_name="copy_of")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"))

    class Meta:
        verbose_name, verbose_name_plural = _("email sent again"), _("emails sent again")
        ordering = ["pk"]
        triggers = [append_only()]


class SentMail(Email):
    """A queued or sent email, as the team's list shows it."""

    class Meta:
        proxy = True
        verbose_name, verbose_name_plural = _("email"), _("emails")

    def __str__(self) -> str:
        # Not the address, as django-post-office has it: who applied is sealed.
        return str(self.pk)

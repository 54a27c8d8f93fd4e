"""Being told: the mailing list, which needs no account, and the opportunities that somebody follows.

Canada's anti-spam law asks whoever writes to prove the consent: what was shown, when, and when it was confirmed.
"""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from microacq.models import User

from .records import append_only


def new_token() -> str:
    """32 random hexadecimal characters: what a link names instead of an address."""
    return secrets.token_hex(16)


class SubscriptionRequest(models.Model):
    """Somebody typed an address in the form. Nothing is sent there but the link that confirms; then it is thrown away."""

    email = models.EmailField(_("email"), max_length=254)
    language = models.CharField(_("language"), max_length=2, choices=User.Language.choices)
    skills = models.ManyToManyField("Skill", blank=True, related_name="+", verbose_name=_("skills"))
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    asked_at = models.DateTimeField()
    consent_version = models.CharField(max_length=10)
    consent_text = models.TextField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("subscription asked for"), _("subscriptions asked for")
        indexes = [models.Index(fields=["asked_at"])]


class SubscriptionQuerySet(models.QuerySet):
    def active(self):
        """Those who are written to."""
        return self.filter(unsubscribed_at=None, bounced_at=None)

    def wanting(self, opportunity):
        """Those active who chose one of its skills, or none in particular."""
        return self.active().filter(Q(skills=None) | Q(skills__in=opportunity.skills.all())).distinct()


class Subscription(models.Model):
    """One confirmed address on the mailing list. It stays after unsubscribing, as the proof of what was agreed."""

    email = models.EmailField(_("email"), max_length=254)
    language = models.CharField(_("language"), max_length=2, choices=User.Language.choices)
    skills = models.ManyToManyField("Skill", blank=True, related_name="+", verbose_name=_("skills"))
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"))
    unsubscribed_at = models.DateTimeField(_("unsubscribed"), null=True)
    bounced_at = models.DateTimeField(_("mail came back"), null=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("subscription"), _("mailing list")
        ordering = ["-confirmed_at", "-pk"]
        constraints = [models.UniqueConstraint(Lower("email"), name="one_subscription_an_address")]

    def __str__(self) -> str:
        return self.email

    @property
    def is_active(self) -> bool:
        """Whether this address is written to."""
        return self.unsubscribed_at is None and self.bounced_at is None


class Consent(models.Model):
    """The proof, never changed: consent given (what was shown, when it was asked, when confirmed) or withdrawn."""

    class Kind(models.TextChoices):
        GIVEN = "given", _("given")
        WITHDRAWN = "withdrawn", _("withdrawn")

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="consents")
    kind = models.CharField(_("consent"), max_length=10, choices=Kind.choices)
    at = models.DateTimeField(_("when"))
    asked_at = models.DateTimeField(_("asked"), null=True)
    language = models.CharField(_("language"), max_length=2, blank=True)
    version = models.CharField(_("version of the text"), max_length=10, blank=True)
    text = models.TextField(_("text that was shown"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("consent"), _("consents")
        ordering = ["at", "pk"]
        triggers = [append_only()]


class Following(models.Model):
    """Somebody with an account follows an opportunity: told at once, or in one email a day."""

    opportunity = models.ForeignKey("Opportunity", models.CASCADE, related_name="followings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="followings")
    digest = models.BooleanField(_("once a day"), default=False)
    told_until = models.DateTimeField()
    """What happened up to here was told, or was not to be told."""

    class Meta:
        verbose_name, verbose_name_plural = _("opportunity followed"), _("opportunities followed")
        constraints = [models.UniqueConstraint(fields=["opportunity", "user"], name="followed_once")]

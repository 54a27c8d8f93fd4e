"""The event: what happened, when, by whom, in a chain that shows any later change.

One chain an opportunity. Each event carries the hash of the one before it; the database refuses UPDATE and DELETE.
Carries no name, no email, and nothing that is sealed.
"""

import json
from datetime import UTC

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..chain import GENESIS, hash_of
from .records import append_only


class Event(models.Model):
    """One transition of one opportunity."""

    opportunity = models.ForeignKey("Opportunity", models.PROTECT, related_name="events")
    number = models.PositiveIntegerField(_("number"))
    transition = models.CharField(_("transition"), max_length=40)
    source = models.CharField(_("from"), max_length=20)
    target = models.CharField(_("to"), max_length=20)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    role = models.CharField(_("as"), max_length=12)
    at = models.DateTimeField(_("when"))
    data = models.JSONField(_("facts"), default=dict, encoder=DjangoJSONEncoder)
    previous = models.CharField(_("previous hash"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        ordering = ["opportunity_id", "number"]
        verbose_name, verbose_name_plural = _("event"), _("events")
        constraints = [models.UniqueConstraint(fields=["opportunity", "number"], name="one_event_a_number")]
        indexes = [models.Index(fields=["transition", "at"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.opportunity_id}/{self.number} {self.transition}"

    @classmethod
    def append(cls, opportunity, transition, source, actor, role, now, data) -> "Event":
        """Add the next event of the chain. The opportunity's row must be locked."""
        last = cls.objects.filter(opportunity=opportunity).order_by("number").last()
        event = cls(
            opportunity=opportunity,
            number=last.number + 1 if last else 1,
            transition=transition,
            source=source,
            target=opportunity.state,
            actor=actor if getattr(actor, "pk", None) else None,
            role=str(role),
            at=now,
            data=json.loads(json.dumps(data, cls=DjangoJSONEncoder)),
            previous=last.hash if last else GENESIS,
        )
        event.hash = event.computed_hash()
        event.save(force_insert=True)
        return event

    def facts(self) -> dict:
        """What the hash is computed from, as plain data."""
        return {
            "opportunity": self.opportunity_id,
            "number": self.number,
            "transition": self.transition,
            "from": self.source,
            "to": self.target,
            "actor": self.actor_id,
            "role": self.role,
            "at": self.at.astimezone(UTC).isoformat(),
            "data": self.data,
            "previous": self.previous,
        }

    def computed_hash(self) -> str:
        """SHA-256, in hex, of the event's facts and of the hash before it."""
        return hash_of(self.facts())

    @classmethod
    def first_break(cls) -> str | None:
        """The first thing wrong with any chain, as a sentence; None when all hold (opportunities/verifying.py)."""
        from ..verifying import breaks

        return next(breaks(), None)

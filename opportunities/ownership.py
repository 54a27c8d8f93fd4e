"""Who of the team owns an opportunity: assigning, handing over, and telling the new owner.

The owner is who answers for it within the team. It gives no right: every member of the team may still act.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from microacq.models import User

from . import notifications
from .lifecycle import Refused
from .models import Handover
from .states import Role


def hand_over(
    opportunity: Any, owner: Any, *, by: Any, note: str = "", former: Any, now: datetime
) -> Handover | None:
    """Make `owner` (None: nobody) the owner, on record, and tell them unless they did it themselves.

    `former` is the key of the owner that `by` saw, None for nobody. Gives None when nothing changes. Raises Refused
    when `by` does not act for the team here, or when somebody else has just changed the owner.
    """
    with transaction.atomic():
        locked = opportunity.locked()
        if Role.TEAM not in locked.roles_of(by):
            raise Refused("role", [_("Only the micro-acquisition team names the owner.")])
        if locked.owner_id == (owner and owner.pk):
            return None
        if locked.owner_id != former:
            raise Refused(
                "stale", [_("Somebody else changed the owner after you opened the page. Look again.")]
            )
        if owner and Role.TEAM not in locked.roles_of(owner):
            raise Refused("role", [_("The owner must be of the team, without another part in this need.")])
        record = Handover.objects.create(
            opportunity=locked, former_id=locked.owner_id, owner=owner, note=note, by=by, at=now
        )
        locked.owner = owner
        locked.save(update_fields=["owner"])
        if owner and owner.pk != by.pk:
            context = notifications.mail_context(locked) | {"by": by, "note": note}
            notifications.queue("owner_named", owner, context, opportunity=locked, audience_name="owner")
    return record


def nobodys() -> Q:
    """The condition for opportunities that nobody of the team owns, or somebody who has left it."""
    # Not through a join, which would read each one's owner.
    return ~Q(owner__in=User.objects.filter(is_active=True, role=User.Role.TEAM).values("pk"))

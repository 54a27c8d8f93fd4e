"""Preparing the release: one member of the team, on record, opens the applications with names, masks and sets aside.

Knows the rules and writes the records; the pages, the demonstration and the tests call it. Each function locks the
opportunity, checks again who acts and in which state, and raises `Refused` with the sentence the person reads.
"""

from collections.abc import Mapping
from contextlib import contextmanager

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from microacq.models import User
from opportunities.lifecycle import Refused, Role
from opportunities.notifications import AUDIENCES, mail_context, queue

from .masking import Flag, Identity, flags
from .models import Answer, Application, Preparation


def identity(application: Application) -> Identity:
    """The supplier's particulars that an answer should not repeat."""
    return Identity(
        names=tuple(filter(None, {application.legal_name, application.supplier.name})),
        businesses=tuple(filter(None, [application.business_name])),
        emails=(application.supplier.email,),
        accounts=tuple(filter(None, [application.code_account])),
    )


def flagged(answer: Answer) -> list[Flag]:
    """What the evaluators would read in this answer, as it is now released, that could identify."""
    return flags(answer.released, identity(answer.application))


def reasons_against(opportunity, user) -> tuple[str, list]:
    """Why this user may not prepare the release now: ("", []) when they may."""
    if Role.TEAM not in opportunity.roles_of(user):
        return "role", [_("Only a member of the micro-acquisition team prepares the release.")]
    if opportunity.state != "opened":
        return "state", [
            _(
                "Applications are prepared for release once the opportunity has closed, and before the evaluation."
            )
        ]
    preparation = opportunity.preparations.current()
    if preparation and preparation.prepared_by_id != user.pk:
        return "guard", [
            _("Another member of the team is preparing the release, so that only one person sees names.")
        ]
    return "", []


@contextmanager
def _editing(opportunity, user, now):
    """The opportunity locked, while this user may prepare its release. What is done makes open pages stale."""
    with transaction.atomic():
        row = opportunity.locked()
        code, reasons = reasons_against(row, user)
        if code:
            raise Refused(code, reasons)
        yield row
        row.version += 1
        row.modified_at = now
        row.save(update_fields=["version", "modified_at"])


def claim(opportunity, user, now) -> Preparation:
    """Take on the preparation. From here on this person sees names, and neither confirms nor freezes."""
    with _editing(opportunity, user, now) as row:
        if existing := row.preparations.current():
            return existing
        return Preparation.objects.create(opportunity=row, prepared_by=user, opened_at=now)


def why_not_take_over(opportunity, user) -> tuple[str, list]:
    """Why this user may not take the preparation over now: ("", []) when they may."""
    code, reasons = reasons_against(opportunity, user)
    if code in ("role", "state"):
        return code, reasons
    if not code:
        return "guard", [_("Nobody else is preparing the release. You can prepare it yourself.")]
    return "", []


def take_over(opportunity, user, reason: str, now, seen: int | None = None) -> Preparation:
    """Go on with the preparation that another member of the team began, because that one left.

    `seen`: the number of the preparation that the page showed. What was checked stays checked. Both stay on record,
    and neither confirms nor freezes. Raises Refused.
    """
    if not reason.strip():
        raise Refused("guard", [_("Say why you take the preparation over.")])
    with transaction.atomic():
        row = opportunity.locked()
        code, reasons = why_not_take_over(row, user)
        if code:
            raise Refused(code, reasons)
        before = row.preparations.current()
        if seen is not None and seen != before.pk:
            raise Refused("stale", [_("Somebody else took the preparation over after you opened the page.")])
        taken = Preparation.objects.create(
            opportunity=row, prepared_by=user, opened_at=now, reason=reason.strip()
        )
        row.version += 1
        row.modified_at = now
        row.save(update_fields=["version", "modified_at"])
        context = mail_context(row) | {"by": user}
        for person in {before.prepared_by, *AUDIENCES["team"](row, None)} - {user}:
            queue("preparation_taken_over", person, context, opportunity=row, audience_name="team")
        return taken


def colleagues_left(opportunity, user) -> int:
    """How many active members of the team could still confirm and freeze if `user` prepared the release too."""
    prepared = opportunity.preparations.values("prepared_by")
    team = User.objects.filter(role=User.Role.TEAM, is_active=True)
    return team.exclude(pk__in=prepared).exclude(pk=user.pk).count()


@contextmanager
def _one(opportunity, application, user, now):
    """An application, read again under the lock of a preparation that this user holds."""
    with _editing(opportunity, user, now) as row:
        if not row.preparations.exists():
            raise Refused("guard", [_("Take on the preparation first.")])
        found = row.applications.received().filter(pk=application.pk).first()
        if not found:
            raise Refused("state", [_("This application is not one that was received.")])
        yield found


def check(opportunity, application, user, masked: Mapping[int, str], now) -> None:
    """Record the texts that evaluators will read ({answer's criterion id: text}) and that a person checked them.

    The supplier's own words stay as they are beside the masked ones.
    """
    with _one(opportunity, application, user, now) as row:
        if row.set_aside_at:
            raise Refused("state", [_("This application is set aside. Put it back first.")])
        for answer in row.answers.all():
            text = masked.get(answer.criterion_id, answer.released).replace("\r\n", "\n")
            same = text.strip() == answer.text.replace("\r\n", "\n").strip()
            if not text.strip() and not same:
                raise Refused("guard", [_("An answer cannot be emptied. Mask the words that identify.")])
            answer.masked = "" if same else text
            answer.save(update_fields=["masked"])
        row.checked_at = now
        row.save(update_fields=["checked_at"])


def set_aside(opportunity, application, user, reason: str, now) -> None:
    """Keep an application out of the evaluation, with a reason that its supplier reads."""
    if not reason.strip():
        raise Refused("guard", [_("Give the reason: the supplier reads it.")])
    with _one(opportunity, application, user, now) as row:
        row.set_aside_at, row.set_aside_by, row.set_aside_reason = now, user, reason.strip()
        row.save(update_fields=["set_aside_at", "set_aside_by", "set_aside_reason"])


def put_back(opportunity, application, user, now) -> None:
    """Undo a setting aside, before the release."""
    with _one(opportunity, application, user, now) as row:
        row.set_aside_at, row.set_aside_by, row.set_aside_reason = None, None, ""
        row.save(update_fields=["set_aside_at", "set_aside_by", "set_aside_reason"])

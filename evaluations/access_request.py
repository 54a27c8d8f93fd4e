"""An access request answered: what is held about one person, or one address of the mailing list, as a ZIP to give to them.

The team makes it, on record, with the reason and how it was made sure who asks. It is the person's own copy
(`own_data`) without what the team itself may not know yet: nothing of an application before its evaluation is confirmed, no
draft; the person finds those in the copy they take themselves. Marks on their applications are theirs to read once
told (Privacy Act, section 3 (g)); who gave them is not said, as in a debrief, so that marking stays frank. Of other
people it says nothing that was not sent to the person.
"""

import hashlib
import tempfile
from collections import deque
from datetime import datetime
from functools import cache
from typing import Any, BinaryIO

from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.files.storage import storages
from django.db import models, transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from post_office.models import Email

from microacq import archive, clock, uploads
from microacq.models import User
from opportunities.facts import Fact, Section, facts, in_words, label_of, title_of
from opportunities.models import AccessCopy, Consent, Event, Opportunity, Subscription

from . import debriefs, own_data
from .models import Application

FORMAT = "microacq-access-copy-1"
LANGUAGES = ("en", "fr")
NOT_TOLD = {
    "opportunities.LegalHold.person": "a hold may belong to an inquiry: the team says so itself, when it may",
    "evaluations.Application.set_aside_by": "names a member of the team beside an application that is somebody else's",
    "opportunities.DailyDigest.person": "kept a few days so that nobody is written to twice",
}
"""Ways from a record to a person that no answer tells, with why."""


def find(address: str) -> tuple[User | None, Subscription | None]:
    """Whose address it is: an account that confirmed it, and its place on the mailing list; None where there is none."""
    address = address.strip().lower()
    user = User.objects.filter(email__iexact=address).first()
    if user is None:
        proven = (
            EmailAddress.objects.filter(email__iexact=address, verified=True).select_related("user").first()
        )
        user = proven.user if proven else None
    return user, Subscription.objects.filter(email__iexact=address).first()


def names_open() -> models.QuerySet:
    """The opportunities whose applicants the team may know."""
    confirmed = Event.objects.filter(opportunity=models.OuterRef("pk"), transition="confirm")
    return Opportunity.objects.filter(models.Exists(confirmed))


def gather(user: User | None, subscription: Subscription | None, now: datetime) -> list[Section]:
    """Everything to be told of a person, section by section."""
    sections = own_data.gather(user, now, names_open()) if user else []
    if user:
        sections += [_marks_received(user), *named(user)]
    if subscription:
        consents = Consent.objects.filter(subscription=subscription)
        sections += [
            Section("subscription", _("Your place on the mailing list"), [facts(subscription, "email", "language", "confirmed_at", "unsubscribed_at", "bounced_at")]),
            Section("proofs", _("What you agreed to, and when"), [facts(row, "kind", "at", "asked_at", "language", "version", "text") for row in consents]),
        ]  # fmt: skip
    addresses = {user.email} if user else set()
    addresses |= {subscription.email} if subscription else set()
    return [*sections, _loose_mails(addresses)]


def _marks_received(user: User) -> Section:
    """The reasons for the marks on the person's own applications, once they know the result. Not who marked."""
    section = Section("marks_received", _("How your applications were marked"))
    evaluated = Application.objects.filter(supplier=user, opportunity__in=names_open()).select_related(
        "opportunity"
    )
    for application in evaluated.order_by("pk"):
        opportunity = application.opportunity
        if debriefs.own(opportunity, user) is None:
            continue
        for reason in debriefs.reasons_of(application):
            said = [*(mark["rationale"] for mark in reason["reasons"]), reason["decision"]]
            section.rows.append(
                [
                    Fact("opportunity", _("opportunity"), opportunity.reference, str(opportunity)),
                    Fact("criterion", _("criterion"), {"en": reason["en"], "fr": reason["fr"]}, f"{reason['en']} / {reason['fr']}"),
                    Fact("passed", _("passed"), reason["passed"], in_words(reason["passed"])),
                    Fact("reasons", _("Reason"), [each for each in said if each], "\n".join(filter(None, said))),
                ]
            )  # fmt: skip
    return section


def ways_to_a_person() -> dict[str, tuple[type[models.Model], models.Field]]:
    """Every foreign key to an account, of every model, by its name: "app.Model.field"."""
    return {
        f"{model._meta.label}.{field.name}": (model, field)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_concrete_fields
        if field.is_relation and field.related_model is User
    }


def named(user: User) -> list[Section]:
    """What else bears the person's number, whatever it is: which kind of record, as what, of which opportunity."""
    section = Section("named", _("Other records that name you"))
    for way, (model, field) in sorted(ways_to_a_person().items()):
        if way in own_data.TOLD or way in NOT_TOLD:
            continue
        path = reference_of(model)
        rows = model._default_manager.filter(**{field.name: user}).order_by("pk")
        for row in rows.values_list("pk", *([path] if path else [])):
            reference = row[1] if path else None
            section.rows.append(
                [
                    Fact("record", _("kind"), model._meta.label_lower, str(title_of(model))),
                    Fact("as", _("as"), field.name, str(label_of(field))),
                    Fact("number", _("number"), row[0], str(row[0])),
                    Fact("opportunity", _("opportunity"), reference, in_words(reference)),
                ]
            )
    return [section]


@cache
def reference_of(model: type[models.Model]) -> str:
    """The lookup of the reference of a record's opportunity, the shortest way over foreign keys; "" when it has none."""
    waiting: deque[tuple[type[models.Model], str]] = deque([(model, "")])
    seen = {model, User}
    while waiting:
        here, path = waiting.popleft()
        if here is Opportunity:
            return f"{path}reference"
        for field in here._meta.concrete_fields:
            if field.is_relation and field.related_model not in seen:
                seen.add(field.related_model)
                waiting.append((field.related_model, f"{path}{field.name}__"))
    return ""


def _loose_mails(addresses: set[str]) -> Section:
    """Mail to the addresses that no notification ties to the account: when, about what; the words may hold a link that opens it."""
    sent = Email.objects.filter(to__in=list(addresses), notification__recipient=None).order_by("pk")
    rows = [
        [
            Fact("created_at", _("sent"), email.created, in_words(email.created)),
            Fact("subject", _("subject"), email.subject, email.subject),
        ]
        for email in sent.only("created", "subject")
    ]
    return Section("other_mails", _("Other emails to your address"), rows)


def make(
    by: User, user: User | None, subscription: Subscription | None, reason: str, now: datetime
) -> tuple[BinaryIO, AccessCopy]:
    """The answer, as a temporary file without a name, and its record."""
    first = (user or subscription).language
    target = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        with transaction.atomic():
            _write(target, user, subscription, first, now)
            target.seek(0)
            digest = hashlib.sha256()
            for piece in archive.pieces_of(target):
                digest.update(piece)
            target.seek(0)
            record = AccessCopy.objects.create(
                about=user,
                subscription=subscription,
                reason=reason,
                made_by=by,
                made_at=now,
                sha256=digest.hexdigest(),
            )
    except BaseException:
        target.close()
        raise
    return target, record


def _write(target: BinaryIO, user, subscription, first: str, now: datetime) -> None:
    writer = archive.Writer(target, now.astimezone(clock.EASTERN))
    for language in LANGUAGES:
        with override(language):
            sections = gather(user, subscription, now)
            context: dict[str, Any] = {"sections": sections, "now": now, "given": True}
            page = render_to_string("evaluations/supplier/data_file.html", context)
        writer.add("index.html" if language == first else f"index-{language}.html", [page])
    writer.add("data.json", [own_data.in_json(sections, now)])
    for number, upload in enumerate(own_data.uploads_of(user, names_open()) if user else (), 1):
        if not uploads.held_back(upload.name) and storages["private"].exists(upload.name):
            with storages["private"].open(upload.name) as source:
                kind = uploads.kind_of(source) or "bin"
                writer.add(f"files/{number:03d}-{upload.name}.{kind}", archive.pieces_of(source))
    writer.close({"format": FORMAT, "made_at": now.isoformat()})

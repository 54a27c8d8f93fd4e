"""A copy of everything that is held about one person, for that person: for machines (JSON) and to read (HTML).

Gathers; shows nothing that the person may not know yet, such as marks before the result is told.
"""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from microacq import text
from opportunities import models as buying

from . import models as choosing
from . import outcomes, supplying


@dataclass(frozen=True)
class Fact:
    """One thing known: its name for machines, its label, its value, and the value in words."""

    key: str
    label: Any
    value: Any
    words: str


@dataclass
class Section:
    """One kind of record, with its rows."""

    key: str
    title: Any
    rows: list[list[Fact]] = field(default_factory=list)


def _in_words(value: Any) -> str:
    language = (get_language() or "en")[:2]
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, datetime):
        return text.eastern_words(value, language)
    if isinstance(value, date):
        return text.date_words(value, language)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder)
    return str(value)


def _facts(thing: Any, *names: str) -> list[Fact]:
    """The named fields of a record; "opportunity" as its reference and title."""
    found = []
    for name in names:
        if name == "opportunity":
            found.append(
                Fact(
                    name,
                    _("opportunity"),
                    thing.opportunity.reference if thing.opportunity else None,
                    str(thing.opportunity or "–"),
                )  # fmt: skip
            )
            continue
        value = getattr(thing, name)
        shown = getattr(thing, f"get_{name}_display", None)
        label = thing._meta.get_field(name).verbose_name
        if not isinstance(value, str | int | float | bool | Decimal | date | dict | list | None):
            value = str(value)
        found.append(Fact(name, label, value, _in_words(shown() if shown and value else value)))
    return found


def _section(key: str, title: Any, rows: QuerySet | Any, *names: str) -> Section:
    return Section(key, title, [_facts(row, *names) for row in rows])


def gather(user, now: datetime) -> list[Section]:
    """Everything held about the user, section by section. Empty sections are there too, so that it shows."""
    return [*_account(user), *_supplying(user, now), *_contracts(user), *_rest(user)]


def _account(user) -> list[Section]:
    profile = choosing.SupplierProfile.objects.filter(user=user)
    addresses = [
        email.lower()
        for email in EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    ]
    listed = buying.Subscription.objects.filter(email__in=addresses)
    consents = buying.Consent.objects.filter(subscription__in=listed)
    return [
        _section("account", _("Your account"), [user], "email", "name", "language", "role", "date_joined", "last_login"),
        _section("addresses", _("Your email addresses"), EmailAddress.objects.filter(user=user), "email", "verified", "primary"),
        _section("second_factors", _("Your second factors"), Authenticator.objects.filter(user=user), "type", "created_at", "last_used_at"),
        _section("sign_on", _("Departmental sign-on"), SocialAccount.objects.filter(user=user), "provider", "uid", "date_joined", "last_login"),
        _section("profile", _("Your profile"), profile, "business_name", "province", "code_account", "saved_at"),
        _section("mailing_list", _("Mailing list"), listed, "email", "language", "confirmed_at", "unsubscribed_at"),
        _section("consents", _("Consents to the mailing list"), consents, "kind", "at", "asked_at", "language", "version", "text"),
        _section("follows", _("Opportunities that you follow"), user.followings.select_related("opportunity"), "opportunity", "digest"),
    ]  # fmt: skip


def _supplying(user, now: datetime) -> list[Section]:
    applications = Section("applications", _("Your applications"))
    for application in supplying.applications(user):
        facts = _facts(
            application, "opportunity", "status", "created_at", "saved_at", "working", "submitted_at", "receipt", "sha256",
            "sign_off_name", "sign_off_accepted_at",
        )  # fmt: skip
        if application.status == application.Status.SUBMITTED and application.opportunity.has_closed(now):
            what = outcomes.outcome(application, application.opportunity)
            facts.append(Fact("outcome", _("result"), what, str(supplying.OUTCOMES[what])))
            if what == "set_aside":
                facts += _facts(application, "set_aside_reason")
        applications.rows.append(facts)
    submissions = Section("submissions", _("What you sent, as it was received"))
    sent = choosing.Submission.objects.filter(application__supplier=user).select_related(
        "application__opportunity"
    )
    for submission in sent.order_by("application", "number"):
        reference = submission.application.opportunity.reference
        submissions.rows.append(
            [
                Fact("opportunity", _("opportunity"), reference, reference),
                *_facts(submission, "number", "submitted_at", "sha256", "content"),
            ]
        )
    debriefs = choosing.Debrief.objects.filter(application__supplier=user)
    excluded = buying.ExcludedSupplier.objects.filter(supplier=user).select_related("opportunity")
    return [
        applications,
        submissions,
        _section("files", _("Files that you added"), user.uploads.all(), "name", "kept_at", "scan", "scanned_at"),
        _section("debriefs", _("Your debriefs"), debriefs, "question", "asked_at", "sent_at", "note", "content"),
        _section("questions", _("Your questions"), user.questions_asked.select_related("opportunity"), "opportunity", "asked_at", "text", "public_question", "answer", "published_at", "set_aside_at", "set_aside_reason"),
        _section("offers", _("Contracts offered to you"), user.offers.select_related("opportunity"), "opportunity", "position", "made_at", "respond_by", "status", "answered_at", "reason"),
        _section("exclusions", _("Opportunities that you may not apply to"), excluded, "opportunity", "reason"),
    ]  # fmt: skip


def _contracts(user) -> list[Section]:
    own = {"opportunity__contracts__supplier": user}
    invoices = buying.Invoice.objects.filter(**own).select_related("opportunity")
    payments = buying.Payment.objects.filter(**own).select_related("opportunity")
    deliveries = buying.Delivery.objects.filter(delivered_by=user).select_related("opportunity")
    side = {"side": buying.Extension.Side.SUPPLIER, **own}
    extensions = buying.Extension.objects.filter(**side).select_related("opportunity")
    disputes = buying.Dispute.objects.filter(**side).select_related("opportunity")
    return [
        _section("contracts", _("Your contracts"), user.contracts.select_related("opportunity"), "opportunity", "supplier_name", "price", "delivery_date", "signed_name", "signed_at", "signed_language", "terms_version", "terms_sha256", "terms_en", "terms_fr", "started_at", "repository", "ended", "ended_at", "ended_reason", "share_done"),
        _section("deliveries", _("Code that you delivered"), deliveries, "opportunity", "number", "url", "revision", "licence", "notes", "how_met", "delivered_at"),
        _section("extensions", _("New delivery dates that you asked for"), extensions, "opportunity", "old_date", "new_date", "reason", "asked_at", "settled_at", "approved"),
        _section("disputes", _("Disputes that you raised"), disputes, "opportunity", "position", "raised_at", "answer", "answered_at"),
        _section("invoices", _("Your invoices"), invoices, "opportunity", "version", "number", "supplier_name", "supplier_address", "province", "gst_number", "pst_number", "amount", "taxes", "total", "sent_at"),
        _section("payments", _("Payments to you"), payments, "opportunity", "means", "amount", "paid_on"),
    ]  # fmt: skip


def _rest(user) -> list[Section]:
    mails = Section("mails", _("Emails sent to you"))
    told = buying.Notification.objects.filter(recipient=user).select_related("email", "opportunity")
    for notification in told.order_by("pk"):
        email = notification.email
        mails.rows.append(
            [
                *_facts(notification, "opportunity", "template", "created_at"),
                Fact("subject", _("subject"), email.subject, email.subject),
                Fact("text", _("text"), email.message, email.message),
            ]
        )
    messages = buying.Message.objects.filter(author=user).select_related("opportunity")
    marks = Section("marks", _("Marks that you gave"))
    given = choosing.CriterionResult.objects.filter(evaluator=user).select_related("application__opportunity")
    for mark in given.order_by("pk"):
        reference = mark.application.opportunity.reference
        marks.rows.append(
            [
                Fact("opportunity", _("opportunity"), reference, reference),
                Fact("application", _("label"), mark.application.label, mark.application.label),
                *_facts(mark, "passed", "rationale", "marked_at"),
            ]
        )
    team_notes = buying.InternalNote.objects.filter(author=user).select_related("opportunity")
    decided = buying.SplittingDecision.objects.filter(decided_by=user).order_by("pk")
    events = buying.Event.objects.filter(actor=user).select_related("opportunity").order_by("pk")
    return [
        mails,
        _section("messages", _("Messages that you wrote"), messages, "opportunity", "body", "sent_at"),
        _section("needs", _("Needs that you described"), user.opportunities_as_client.all(), "reference", "title", "state", "created_at"),
        marks,
        _section("internal_notes", _("Internal notes that you wrote"), team_notes, "opportunity", "text", "written_at"),
        _section("splitting_decisions", _("Decisions of yours on contract splitting"), decided, "answer", "reason", "decided_at"),
        _section("owned", _("Opportunities that you own in the team"), user.opportunities_owned.all(), "reference", "title"),
        _section("acts", _("What you did, on record"), events, "opportunity", "transition", "role", "at", "hash"),
    ]  # fmt: skip


def as_json(user, now: datetime) -> str:
    """The copy for machines: {"made_at", sections by their key: a list of records}."""
    found = {
        section.key: [{fact.key: fact.value for fact in row} for row in section.rows]
        for section in gather(user, now)
    }
    return json.dumps({"made_at": now, **found}, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder)

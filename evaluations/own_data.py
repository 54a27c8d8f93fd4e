"""A copy of everything that is held about one person, for that person: for machines (JSON) and to read (HTML).

Gathers; shows nothing that the person may not know yet, such as marks before the result is told.
"""

import json
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from microacq import outbox
from opportunities import models as buying
from opportunities.facts import Fact, Section
from opportunities.facts import facts as _facts

from . import models as choosing
from . import outcomes, supplying

TOLD = {
    "account.EmailAddress.user",
    "evaluations.Application.supplier",
    "evaluations.CriterionResult.evaluator",
    "evaluations.Offer.supplier",
    "evaluations.SupplierProfile.user",
    "evaluations.Upload.owner",
    "mfa.Authenticator.user",
    "opportunities.Contract.supplier",
    "opportunities.Delivery.delivered_by",
    "opportunities.Event.actor",
    "opportunities.ExcludedSupplier.supplier",
    "opportunities.Following.user",
    "opportunities.Message.author",
    "opportunities.Notification.recipient",
    "opportunities.Opportunity.client",
    "opportunities.Question.asker",
    "socialaccount.SocialAccount.user",
}
"""The ways from a record to a person that a section of its own tells."""
ABOUT_THE_ACCOUNT = ("account_closed", "followed_digest")
"""Emails about no opportunity that say nothing of an application."""


def _section(key: str, title: Any, rows: QuerySet | Any, *names: str) -> Section:
    return Section(key, title, [_facts(row, *names) for row in rows])


def _only(rows: QuerySet, shown: QuerySet | None, way: str = "opportunity") -> QuerySet:
    """The rows of the opportunities that may be shown; all of them to the person."""
    return rows if shown is None else rows.filter(**{f"{way}__in": shown})


def gather(user, now: datetime, shown: QuerySet | None = None) -> list[Section]:
    """Everything held about the user, section by section. Empty sections are there too, so that it shows.

    `shown`: when somebody else is given it, the opportunities whose applicants may be known; nothing sealed or
    anonymous of any other is told, nor what was written and never sent.
    """
    return [*_account(user), *_supplying(user, now, shown), *_contracts(user), *_rest(user, shown)]


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


def _supplying(user, now: datetime, shown: QuerySet | None) -> list[Section]:
    applications = Section("applications", _("Your applications"))
    own = _only(supplying.applications(user), shown)
    if shown is not None:
        own = own.exclude(status=choosing.Application.Status.DRAFT)
    names = (
        "opportunity", "status", "created_at", "saved_at", "working", "submitted_at", "receipt", "sha256", "sign_off_name",
        "sign_off_accepted_at", "erased_at",
    )  # fmt: skip
    for application in own:
        facts = _facts(application, *(name for name in names if shown is None or name != "working"))
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
    for submission in _only(sent, shown, "application__opportunity").order_by("application", "number"):
        reference = submission.application.opportunity.reference
        submissions.rows.append(
            [
                Fact("opportunity", _("opportunity"), reference, reference),
                *_facts(submission, "number", "submitted_at", "sha256", "content"),
            ]
        )
    debriefs = _only(
        choosing.Debrief.objects.filter(application__supplier=user), shown, "application__opportunity"
    )
    offers = _only(user.offers.select_related("opportunity"), shown)
    excluded = buying.ExcludedSupplier.objects.filter(supplier=user).select_related("opportunity")
    return [
        applications,
        submissions,
        _section("files", _("Files that you added"), uploads_of(user, shown), "name", "kept_at", "scan", "scanned_at"),
        _section("debriefs", _("Your debriefs"), debriefs, "question", "asked_at", "sent_at", "note", "content"),
        _section("questions", _("Your questions"), user.questions_asked.select_related("opportunity"), "opportunity", "asked_at", "text", "public_question", "answer", "published_at", "set_aside_at", "set_aside_reason"),
        _section("offers", _("Contracts offered to you"), offers, "opportunity", "position", "made_at", "respond_by", "status", "answered_at", "reason"),
        _section("exclusions", _("Opportunities that you may not apply to"), excluded, "opportunity", "reason"),
    ]  # fmt: skip


def uploads_of(user, shown: QuerySet | None = None) -> QuerySet:
    """The files that this person sent; to somebody else those of applications that may be shown, and of invoices."""
    if shown is None:
        return user.uploads.all()
    signed = choosing.Application.objects.filter(supplier=user, opportunity__in=shown).values("sign_off")
    invoiced = buying.Invoice.objects.filter(opportunity__contracts__supplier=user).values("file")
    return user.uploads.filter(Q(name__in=signed) | Q(name__in=invoiced))


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


def _mails(user, shown: QuerySet | None) -> QuerySet:
    """What was sent to this person; to somebody else, of a supplier, nothing that says what they applied to."""
    told = buying.Notification.objects.filter(recipient=user).select_related("email", "opportunity")
    if shown is None or user.is_esdc:
        return told
    return told.filter(Q(opportunity__in=shown) | Q(opportunity=None, template__in=ABOUT_THE_ACCOUNT))


def _rest(user, shown: QuerySet | None) -> list[Section]:
    mails = Section("mails", _("Emails sent to you"))
    told = _mails(user, shown)
    for notification in told.order_by("pk"):
        email = notification.email
        text = email.message if shown is None else outbox.without_secrets(email.message)
        mails.rows.append(
            [
                *_facts(notification, "opportunity", "template", "created_at"),
                Fact("subject", _("subject"), email.subject, email.subject),
                Fact("text", _("text"), text, text),
            ]
        )
    messages = buying.Message.objects.filter(author=user).select_related("opportunity")
    marks = Section("marks", _("Marks that you gave"))
    given = choosing.CriterionResult.objects.filter(evaluator=user).select_related("application__opportunity")
    for mark in _only(given, shown, "application__opportunity").order_by("pk"):
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
    return in_json(gather(user, now), now)


def in_json(sections: list[Section], now: datetime) -> str:
    """Sections for machines."""
    found = {
        section.key: [{fact.key: fact.value for fact in row} for row in section.rows] for section in sections
    }
    return json.dumps({"made_at": now, **found}, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder)

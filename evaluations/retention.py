"""How long personal data is kept: what is due to be disposed of, what a legal hold keeps, and how it is taken out.

What decided, when, and by whom stays: states, marks, receipts, hashes, pools, events; so every chain and every draw is
still proven, and every figure still counted. What says who somebody was, or what they wrote, goes. Append-only tables
stay so: the database lets these columns be emptied and nothing else (`opportunities.models.records.erased_only`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from post_office.models import STATUS, Email

from microacq.models import User
from opportunities.lifecycle import ENDINGS
from opportunities.models import Contract, Disposal, LegalHold, Question, Subscription

from . import applications, closing_account, files, supplying
from .models import Application, Consensus, CriterionResult, Debrief, EvaluationRecord, Offer, Submission

FORGOTTEN = f"forgotten@{closing_account.CLOSED_DOMAIN}"


@dataclass(frozen=True)
class Rule:
    """One kind of record: what is due at a cutoff, which of it a hold keeps, and how a locked one is disposed of.

    `setting`: the key of settings.RETAIN_DAYS. `erase` gives how many records it emptied.
    """

    name: str
    label: Any
    setting: str
    due: Callable[[datetime], QuerySet]
    held: Callable[[], Q]
    erase: Callable[[Any, datetime], int]

    def found(self, now: datetime) -> QuerySet:
        """Everything that is past its date, held or not."""
        return self.due(now - timedelta(days=settings.RETAIN_DAYS[self.setting])).order_by("pk")

    def to_erase(self, now: datetime) -> QuerySet:
        return self.found(now).exclude(self.held())

    def kept(self, now: datetime) -> QuerySet:
        """What is past its date, and under a legal hold."""
        return self.found(now).filter(self.held())


RULES: list[Rule] = []


def rule(name: str, label: Any, *, due, held, setting: str = ""):
    """Decorator: the function takes (a locked record, the time), disposes of its personal data, and gives how much."""

    def keep(function):
        RULES.append(Rule(name, label, setting or name, due, held, function))
        return function

    return keep


def _held(opportunity: str = "", person: str = "") -> Callable[[], Q]:
    """The condition for what a legal hold keeps, by the ways that lead to the opportunity and to the person."""

    def condition() -> Q:
        found = Q(pk__in=[])
        if opportunity:
            found |= Q(**{f"{opportunity}__in": LegalHold.objects.opportunities()})
        if person:
            found |= Q(**{f"{person}__in": LegalHold.objects.people()})
        return found

    return condition


def _ended(cutoff: datetime, way: str = "opportunity") -> Q:
    return Q(**{f"{way}__state__in": ENDINGS, f"{way}__state_since__lte": cutoff})


def _unsuccessful(cutoff: datetime) -> QuerySet:
    """Applications that were sent and led to no contract, once the opportunity has ended."""
    signed = Offer.objects.filter(application=OuterRef("pk"), status=Offer.Status.SIGNED)
    sent = Application.objects.filter(_ended(cutoff), ~Exists(signed), erased_at=None)
    return sent.exclude(status=Application.Status.DRAFT)


@rule(
    "applications",
    _("unsuccessful applications"),
    due=_unsuccessful,
    held=_held("opportunity", "supplier"),
)
def erase_application(application: Application, now: datetime) -> int:
    """What it said, who wrote it, what was said of it. That it was sent, and whether it passed, stays."""
    own = {"application": application}
    for name in {application.sign_off.name, (application.working.get("sign_off") or {}).get("name")} - {
        "",
        None,
    }:
        transaction.on_commit(partial(files.drop, name))
    emptied = application.answers.update(text="", masked="")
    emptied += Submission.objects.filter(**own).update(content="")
    emptied += CriterionResult.objects.filter(**own).update(rationale="")
    emptied += Consensus.objects.filter(**own).update(rationale="")
    emptied += Debrief.objects.filter(**own).update(question="", note="", content=[])
    emptied += Offer.objects.filter(**own).update(reason="")
    if not application.opportunity.applications.filter(supplier__in=LegalHold.objects.people()).exists():
        emptied += EvaluationRecord.objects.filter(opportunity=application.opportunity).update(content={})
    told = Email.objects.filter(
        notification__opportunity=application.opportunity, notification__recipient=application.supplier_id
    )
    emptied += _blank(told)
    for name in ("legal_name", "business_name", "code_account", "standing", "means", "sign_off", "sign_off_name", "set_aside_reason"):  # fmt: skip
        setattr(application, name, "")
    application.working, application.erased_at = {}, now
    application.save(
        update_fields=[
            "legal_name", "business_name", "code_account", "standing", "means", "sign_off", "sign_off_name", "set_aside_reason",
            "working", "erased_at",
        ]
    )  # fmt: skip
    return emptied + 1


@rule(
    "drafts",
    _("applications that were never sent"),
    due=lambda cutoff: Application.objects.filter(_ended(cutoff), status=Application.Status.DRAFT),
    held=_held("opportunity", "supplier"),
)
def erase_draft(application: Application, now: datetime) -> int:
    applications.erase_draft(application)
    return 1


def _questions(cutoff: datetime) -> QuerySet:
    theirs = Contract.objects.filter(opportunity=OuterRef("opportunity"), supplier=OuterRef("asker"))
    return Question.objects.filter(_ended(cutoff), ~Exists(theirs)).exclude(text="")


@rule(
    "questions",
    _("questions as they were asked"),
    due=_questions,
    held=_held("opportunity", "asker"),
)
def erase_question(question: Question, now: datetime) -> int:
    """What was published, without anything that tells who asks, stays."""
    return Question.objects.filter(pk=question.pk).update(text="", set_aside_reason="")


def _closed(cutoff: datetime) -> QuerySet:
    """Suppliers' accounts that were closed. Who acts for the department stays named: decisions must have a person."""
    closed = User.objects.filter(role=User.Role.SUPPLIER, is_active=False, is_superuser=False)
    return closed.filter(closed_at__lte=cutoff).exclude(email__endswith=f"@{closing_account.CLOSED_DOMAIN}")


@rule("accounts", _("closed accounts"), due=_closed, held=_held(person="pk"))
def forget_account(user: User, now: datetime) -> int:
    if supplying.is_supplying(user):
        return 0
    closing_account.forget(user, now)
    return 1


def _unconfirmed(cutoff: datetime) -> QuerySet:
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    never = User.objects.filter(role=User.Role.SUPPLIER, is_active=True, is_superuser=False, last_login=None)
    return never.filter(~Exists(confirmed), date_joined__lte=cutoff)


@rule(
    "unconfirmed accounts",
    _("accounts whose address was never confirmed"),
    due=_unconfirmed,
    held=_held(person="pk"),
)
def forget_unconfirmed(user: User, now: datetime) -> int:
    closing_account.forget(user, now)
    return 1


def _emails(cutoff: datetime) -> QuerySet:
    """Mail of accounts and of the mailing list: it holds links. What is about an opportunity goes with its applications."""
    old = Email.objects.filter(status__in=(STATUS.sent, STATUS.failed), created__lte=cutoff)
    loose = Q(notification=None) | Q(notification__opportunity=None) | Q(notification__recipient=None)
    return old.filter(loose).exclude(message="", html_message="")


@rule(
    "emails",
    _("words of emails about no opportunity, and to subscribers"),
    due=_emails,
    held=_held("notification__opportunity", "notification__recipient"),
)
def blank_email(email: Email, now: datetime) -> int:
    about = getattr(email, "notification", None)
    return _blank(
        Email.objects.filter(pk=email.pk), forget_address=about is None or about.recipient_id is None
    )


def _blank(emails: QuerySet, forget_address: bool = False) -> int:
    """Take the words out, and the headers, which hold links; that a mail went out, when and about what, stays."""
    address = {"to": [FORGOTTEN]} if forget_address else {}
    return emails.exclude(message="", html_message="").update(
        message="", html_message="", headers=None, **address
    )


@rule(
    "subscriptions",
    _("addresses that left the mailing list"),
    due=lambda cutoff: Subscription.objects.filter(
        Q(unsubscribed_at__lte=cutoff) | Q(unsubscribed_at=None, bounced_at__lte=cutoff)
    ).exclude(email__endswith=f"@{closing_account.CLOSED_DOMAIN}"),
    held=lambda: Q(pk__in=[]),
)
def forget_subscription(kept: Subscription, now: datetime) -> int:
    """The proof of what was agreed, and when, stays without whose it was."""
    kept.email = f"left-{kept.pk}@{closing_account.CLOSED_DOMAIN}"
    kept.save(update_fields=["email"])
    kept.skills.clear()
    return 1


def stamp_closed(now: datetime) -> int:
    """Accounts that were closed before it was written when: their time begins now."""
    return User.objects.filter(is_active=False, closed_at=None).update(closed_at=now)


def name_of(record) -> str:
    """A record for whoever runs the command: numbers alone."""
    opportunity = getattr(record, "opportunity", None)
    return f"{opportunity.reference if opportunity else ''} {record.pk}".strip()


def _with_opportunity(rows: QuerySet) -> QuerySet:
    related = [field.name for field in rows.model._meta.concrete_fields if field.name == "opportunity"]
    return rows.select_related(*related) if related else rows


def overdue(now: datetime, limit: int) -> Iterator[tuple[Rule, Any, bool]]:
    """(rule, record, whether a legal hold keeps it) of what is past its date; at most `limit` that are not held."""
    for each in RULES:
        for record in _with_opportunity(each.kept(now)).iterator(500):
            yield each, record, True
        for record in _with_opportunity(each.to_erase(now))[:limit].iterator(500):
            limit -= 1
            yield each, record, False


def dispose(now: datetime, limit: int) -> Iterator[tuple[Rule, str, int]]:
    """Dispose of what is due, each record in its own transaction, at most `limit`: (rule, its name, how much).

    0 means that it was passed over: a contract is still under way. Running it again does nothing more.
    """
    stamp_closed(now)
    for each in RULES:
        seen = 0
        while limit > 0:
            with transaction.atomic():
                waiting = _with_opportunity(each.to_erase(now).filter(pk__gt=seen))
                record = waiting.select_for_update(skip_locked=True, of=("self",)).first()
                if record is None:
                    break
                seen, name = record.pk, name_of(record)
                opportunity = getattr(record, "opportunity", None)
                emptied = each.erase(record, now)
                if emptied:
                    limit -= 1
                    Disposal.objects.create(
                        rule=each.name,
                        opportunity=opportunity,
                        person=record if isinstance(record, User) else None,
                        records=emptied,
                        at=now,
                    )
            yield each, name, emptied

"""Every email that the site can send, each as a sample in both languages, about an opportunity that does not exist.

Knows the lifecycle's notices, the files of templates/emails/ and the mails of the accounts. Sends nothing, saves
nothing, and asks the database nothing.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.template import TemplateDoesNotExist
from django.utils.text import capfirst
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from microacq import business_days, clock
from microacq.models import User

from .lifecycle import LIFECYCLE, Role
from .models import Opportunity
from .notifications import mail_context, render_mail

FOLDER = Path(settings.BASE_DIR) / "templates" / "emails"
SHELL = "base"
LANGUAGES = ("en", "fr")
REFERENCE = "MA-0000-0000"

AUDIENCES = {
    "client": Role.CLIENT.label,
    "evaluators": Role.EVALUATOR.label,
    "manager": Role.MANAGER.label,
    "team": Role.TEAM.label,
    "finance": Role.FINANCE.label,
    "supplier": Role.SUPPLIER.label,
    "applicants": Role.APPLICANT.label,
    "to_confirm": _("those who applied before a change in what suppliers answer to"),
    "unconfirmed": _("those who did not confirm their application after such a change"),
    "set_aside": _("those whose application is set aside"),
    "pool": _("those whose application passed"),
    "failed": _("those whose application did not pass"),
    "offer": _("who holds the offer"),
    "lapsed": _("who let the offer pass"),
    "others": _("the other applicants"),
    "followers": _("who asked a question, began an application or follows it"),
    "subscribers": _("the mailing list"),
}
OTHER_OCCASIONS = {
    "confirmation_reminder": _("Closing is one business day away, and an application is not confirmed"),
    "account_closed": _("Somebody closes their account"),
    "application_received": _("An application is submitted"),
    "confirm_subscription": _("Somebody asks to be on the mailing list"),
    "daily_digest": _("Each business morning, to whom something waits for"),
    "debrief_asked": _("A supplier asks for a debrief"),
    "debrief_sent": _("The team sends a debrief"),
    "delivery_late": _("The delivery date has passed"),
    "delivery_soon": _("The delivery date is five business days away, and one"),
    "extension_answered": _("The other side answers a new delivery date"),
    "feedback_received": _("A visitor tells of a barrier"),
    "followed_digest": _("Something happened on opportunities followed once a day"),
    "guide_requested": _("An employee asks for the detailed guide"),
    "file_refused": _("The virus scanner refuses a file that waited for it"),
    "message": _("A message is written on an opportunity"),
    "need_entered": _("The team enters a need that came by email"),
    "owner_named": _("A member of the team is named the owner of an opportunity"),
    "place_free": _("A place is free, and a need is on the waitlist"),
    "preparation_taken_over": _("A member of the team takes over the preparation of a release"),
    "question_asked": _("A supplier asks a question"),
}
ACCOUNT_MAILS = {
    "account/email/email_confirmation_signup": _("Somebody creates an account"),
    "account/email/email_confirmation": _("Somebody adds an email address"),
    "account/email/account_already_exists": _("Somebody creates an account with an address that has one"),
    "account/email/password_reset_key": _("Somebody forgot their password"),
    "account/email/unknown_account": _("Somebody asks for a new password and has no account"),
    "account/email/password_changed": _("A password is changed"),
    "account/email/password_reset": _("A password is reset"),
    "account/email/password_set": _("A password is set"),
    "account/email/email_changed": _("An email address is changed"),
    "account/email/email_confirm": _("An email address is confirmed"),
    "account/email/email_deleted": _("An email address is removed"),
    "mfa/email/totp_activated": _("An authenticator app is added"),
    "mfa/email/totp_deactivated": _("An authenticator app is removed"),
    "mfa/email/recovery_codes_generated": _("New recovery codes are made"),
    "mfa/email/webauthn_added": _("A security key is added"),
    "mfa/email/webauthn_removed": _("A security key is removed"),
    "socialaccount/email/account_connected": _("The departmental sign-on is connected"),
    "socialaccount/email/account_disconnected": _("The departmental sign-on is disconnected"),
}


@dataclass
class Sample:
    """One email: its name, when it goes out and to whom, and its words in each language.

    `words` is a list of {"language", "subject", "text"}; empty when the mail has no words yet.
    """

    name: str
    occasions: list[dict] = field(default_factory=list)
    words: list[dict] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What it is called in the reader's language: its subject without the reference, or else when it goes out."""
        language = (get_language() or LANGUAGES[0])[:2]
        for words in self.words:
            if words["language"] == language:
                return capfirst(re.sub(rf"^{REFERENCE}\s*:\s*", "", words["subject"]))
        return str(self.occasions[0]["when"])


class _Pretended:
    """An opportunity held in memory, with records that only a saved one could have."""

    def __init__(self, opportunity: Opportunity, **records: Any):
        self.__dict__.update(records, _opportunity=opportunity)

    def __getattr__(self, name):
        return getattr(self._opportunity, name)


def _opportunity(now: datetime) -> _Pretended:
    today = now.astimezone(clock.EASTERN).date()
    closing = datetime.combine(business_days.add(today, 5), datetime.min.time(), clock.EASTERN).replace(
        hour=14
    )
    opportunity = Opportunity(
        pk=0,
        reference=REFERENCE,
        title_en="A sample opportunity",
        title_fr="Une opportunité en exemple",
        state="posted",
        client=User(pk=0, name="Amara Client", email="amara@example.ca"),
        fixed_price=Decimal("8000.00"),
        closing_at=closing,
        selection_date=business_days.add(closing.date(), 2),
        delivery_date=business_days.add(closing.date(), 20),
        posted_at=now,
    )
    offer = SimpleNamespace(respond_by=closing + timedelta(days=6))
    pool = SimpleNamespace(
        round=1000000, round_at=closing + timedelta(days=4), text=f"esdc-microacq-pool-v1\n{REFERENCE}\n"
    )
    return _Pretended(
        opportunity,
        offers=SimpleNamespace(open=SimpleNamespace(get=offer)),
        pools=SimpleNamespace(frozen=SimpleNamespace(get=pool)),
        contract=SimpleNamespace(supplier_name="Li Supplier", price=opportunity.fixed_price),
    )


def _site_mails(now: datetime) -> list[Sample]:
    samples = {}
    for row in LIFECYCLE:
        for notice in row.told:
            sample = samples.setdefault(notice.template, Sample(notice.template))
            sample.occasions.append(
                {"when": row.label, "who": AUDIENCES.get(notice.audience, notice.audience)}
            )
    for path in sorted(FOLDER.glob("*.txt")):
        if path.stem != SHELL and path.stem not in samples:
            samples[path.stem] = Sample(
                path.stem, [{"when": OTHER_OCCASIONS.get(path.stem, path.stem), "who": ""}]
            )
    pretended, address = _opportunity(now), settings.SITE_URL + "/…"
    context = mail_context(pretended) | {
        "recipient": User(name="Li Supplier", email="li@example.ca"),
        "receipt": "0" * 32,
        "sha256": "0" * 64,
        "submitted_at": now,
        "confirm": address,
        "until": now + timedelta(days=7),
        "postal_address": settings.POSTAL_ADDRESS,
        "survey_link": address,
        "by": User(name="Tom Team"),
        "note": "…",
        "free": 1,
        "waitlist": [pretended],
        "waitlist_link": address,
        "entries": [
            {
                "opportunity": pretended,
                "url": address,
                "lines": [{"at": now, "words": _("Questions were answered.")}],
            }
        ],
        "number": 1,
        "waiting": [
            {
                "about": f"{REFERENCE}, {pretended}",
                "what": "…",
                "url": address,
                "days": 3,
                "target": 1,
                "late": True,
            }
        ],
        "escalated": [
            {
                "who": Role.MANAGER.label,
                "lines": [
                    {"about": REFERENCE, "what": "…", "url": address, "days": 5, "target": 1, "late": True}
                ],
            }
        ],
        "workspace": address,
        "text": "> …",
        "name": "Amara Client",
        "reply_to": "amara@example.ca",
    }
    for sample in samples.values():
        try:
            for language in LANGUAGES:
                subject, text, _html = render_mail(sample.name, language, context)
                sample.words.append({"language": language, "subject": subject, "text": text})
        except TemplateDoesNotExist:
            sample.words = []
    return list(samples.values())


def _account_mails() -> list[Sample]:
    adapter, address = get_adapter(), settings.SITE_URL + "/…"
    site = SimpleNamespace(name=settings.SITE_URL.split("//")[-1], domain=settings.SITE_URL.split("//")[-1])
    person = User(name="Li Supplier", email="li@example.ca")
    context = {
        "user": person,
        "email": person.email,
        "current_site": site,
        "activate_url": address,
        "password_reset_url": address,
    }
    context |= {
        "signup_url": address,
        "key": "…",
        "from_email": person.email,
        "to_email": "new@example.ca",
        "deleted_email": person.email,
    }
    context |= {
        "timestamp": clock.now(),
        "ip": "192.0.2.1",
        "user_agent": "…",
        "provider": _("Departmental sign-on"),
    }
    samples = []
    for name, occasion in ACCOUNT_MAILS.items():
        sample = Sample(name, [{"when": occasion, "who": _("the owner of the account")}])
        for language in LANGUAGES:
            with override(language):
                mail = adapter.render_mail(name, person.email, context)
            sample.words.append({"language": language, "subject": mail.subject, "text": mail.body})
        samples.append(sample)
    return samples


def mail_samples(now: datetime) -> list[Sample]:
    """Every email, those of the lifecycle in its order first, those of the accounts last."""
    return _site_mails(now) + _account_mails()

"""The site's side of the closing rush, run with its settings: makes what is needed before, and checks what stands after.

`python -m tests.bench.rush_site prepare SUPPLIERS` prints addresses and cookies as JSON; `... check` reads from standard
input what everybody was told, and prints the breaches and the numbers as JSON.
"""

import json
import os
import secrets
import sys
from datetime import timedelta
from typing import Any

import django

WORKING = {
    "business_name": "",
    "province": "QC",
    "code_account": "https://gitlab.com/example",
    "of_age": True,
    "standing": "canada",
    "uses_git": True,
    "needs_sign_off": False,
    "means": "visa",
}


def prepare(number: int) -> dict[str, Any]:
    """One opportunity, posted through the program's own functions, and so many suppliers who are signed in and began."""
    from django.core.management import call_command
    from django.urls import reverse
    from django.utils.translation import override

    from evaluations.models import Application
    from microacq import clock
    from tests.cast import make_cast
    from tests.factories import journey

    call_command("migrate", verbosity=0)
    now = clock.now()
    opportunity = journey(make_cast(), closing=now + timedelta(days=1), suppliers=[]).to("posted")
    suppliers = make_suppliers(number)
    rows = Application.objects.bulk_create(
        Application(
            opportunity=opportunity,
            supplier=supplier,
            created_at=now,
            saved_at=now,
            working={**WORKING, "legal_name": supplier.name},
        )
        for supplier in suppliers
    )
    with override("en"):
        pages = {
            page: reverse(name, args=[opportunity.reference])
            for page, name in (
                ("answers", "apply_answers"),
                ("check", "apply_check"),
                ("receipt", "receipt"),
                ("public", "opportunity"),
            )
        }
        pages["list"] = reverse("opportunity_list")
        pages |= {
            "json": reverse("opportunities_json"),
            "eligibility": reverse("apply_eligibility", args=[opportunity.reference]),
        }
        people = [
            {
                "email": row.supplier.email,
                "headers": signed_in(row.supplier),
                "sign_off": reverse("sign_off", args=[opportunity.reference, row.pk]),
            }
            for row in rows
        ]
    fields = [f"answer_{criterion.pk}" for criterion in opportunity.evaluation_criteria.all()]
    return {"opportunity": opportunity.pk, "fields": fields, "people": people, **pages}


def make_suppliers(number: int) -> list:
    from allauth.account.models import EmailAddress

    from microacq.models import User

    suppliers = User.objects.bulk_create(
        User(email=f"rush{n}@studio.example", name=f"Rush {n}", role=User.Role.SUPPLIER, password="!")
        for n in range(number)
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in suppliers
    )
    return suppliers


def signed_in(user) -> dict[str, str]:
    """The headers of a browser in which this person is signed in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    token = secrets.token_hex(16)
    return {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={token}",
        "Referer": "https://127.0.0.1/",
        "X-CSRFToken": token,
    }


def check(told: list[dict[str, Any]], closing: float) -> dict[str, Any]:
    """Hold what everybody was told against what stands; gives {"breaches": sentences, "numbers": of what}."""
    from evaluations.models import Application

    rows = Application.objects.select_related("opportunity", "supplier").prefetch_related("submissions")
    found = {row.supplier.email: row for row in rows}
    breaches: list[str] = []
    for one in told:
        breaches += [
            f"{one['email']}: {words}" for words in of_one(one, found.pop(one["email"], None), closing)
        ]
    breaches += [f"{email}: an application that nobody sent" for email in found]
    copies = [copy for row in rows for copy in row.submissions.all()]
    late = sum(
        copy.submitted_at >= row.opportunity.closing_at for row in rows for copy in row.submissions.all()
    )
    return {
        "breaches": breaches + mail_breaches(len(copies)),
        "numbers": {"copies": len(copies), "late": late},
    }


def of_one(one: dict[str, Any], row, closing: float):
    """What is wrong with one supplier's outcome."""
    copies = list(row.submissions.all()) if row else []
    if one["problem"]:
        yield one["problem"]
    if row is None:
        yield "their application is lost"
        return
    if any(copy.submitted_at >= row.opportunity.closing_at for copy in copies):
        yield "accepted after closing"
    if one["accepted_click"] >= closing:
        yield "clicked after closing and was given a receipt"
    if bool(one["receipt"]) != bool(copies):
        yield "has a receipt for nothing" if one["receipt"] else "was taken without a receipt"
        return
    if not copies:
        if not one["late"] and not one["problem"]:
            yield "was told nothing"
        return
    if one["late"] and not one["stands_said"]:
        yield "was told that it was too late, not that what was sent stands"
    if row.receipt != one["receipt"]:
        yield "holds another receipt than the one kept"
    if len({copy.content for copy in copies}) != len(copies):
        yield "the same was taken twice"
    if [copy.number for copy in copies] != list(range(1, len(copies) + 1)):
        yield "the copies are not numbered 1, 2, ..."
    answers = [answer["answer"] for answer in json.loads(copies[-1].content)["answers"]]
    if set(answers) != {one["text"]} or {answer.text for answer in row.answers.all()} != {one["text"]}:
        yield "what stands is not what they were last told was received"


def mail_breaches(copies: int) -> list[str]:
    """One confirmation, and no more, for each copy that was taken."""
    from opportunities.models import Notification

    total = Notification.objects.filter(template="application_received").count()
    return [] if total == copies else [f"{total} confirmations for {copies} copies"]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microacq.settings")
    django.setup()
    if sys.argv[1] == "prepare":
        json.dump(prepare(int(sys.argv[2])), sys.stdout)
    else:
        given = json.load(sys.stdin)
        json.dump(check(given["told"], given["closing"]), sys.stdout)


if __name__ == "__main__":
    main()

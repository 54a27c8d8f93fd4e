"""Makes what is measured in the site's own database: many opportunities, people who are signed in, applications to send.

Run with the site's settings as `python -m tests.bench.prepare ROWS APPLICATIONS`; prints addresses and cookies as JSON.
"""

import json
import os
import secrets
import sys
import time

import django

SUPPLIERS = 200
"""Many, because each may send only so many applications an hour."""
ANSWER = "I have written and kept such code for years, in the open, with tests and documentation. " * 12
CRITERIA = 4


def main(rows: int, applications: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microacq.settings")
    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django.db import connection
    from django.urls import reverse
    from django.utils.translation import override

    from evaluations import applications as sending
    from microacq import clock
    from microacq.accounts import mark_verified
    from microacq.models import User
    from microacq.sessions import BEGAN, SEEN
    from opportunities.models import EvaluationCriterion, Opportunity

    call_command("migrate", verbosity=0)
    have = Opportunity.objects.count()
    if have < rows:
        call_command("load_sample", opportunities=rows - have, stdout=sys.stderr)
    now = clock.now()

    def signed_in(email: str, role: str) -> tuple[User, dict[str, str]]:
        user, new = User.objects.get_or_create(
            email=email, defaults={"name": email.partition("@")[0].title(), "role": role, "password": "!"}
        )
        if new:
            mark_verified(user)
        if role == User.Role.TEAM and new:
            from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
            from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

            TOTP.activate(user, generate_totp_secret())
            RecoveryCodes.activate(user)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session[BEGAN] = session[SEEN] = int(time.time())
        session.save()
        token = secrets.token_hex(16)
        return user, {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={token}",
            "Referer": "https://127.0.0.1/",
            "X-CSRFToken": token,
        }

    _tess, team = signed_in("tess@bench.example", User.Role.TEAM)
    people = [signed_in(f"supplier{n}@bench.example", User.Role.SUPPLIER) for n in range(SUPPLIERS)]
    open_now = list(
        Opportunity.objects.filter(state="posted", closing_at__gt=now).order_by("-closing_at", "pk")
    )
    posts = []
    for opportunity in open_now if applications else ():
        missing = CRITERIA - opportunity.evaluation_criteria.count()
        for order in range(missing):
            EvaluationCriterion.objects.create(
                opportunity=opportunity, order=order + 1, text_en="Show that you test.", text_fr="Montrez-le."
            )
        criteria = list(opportunity.evaluation_criteria.all())
        for supplier, headers in people:
            application = sending.own(opportunity, supplier)
            if application and application.receipt:
                continue
            application = sending.save_draft(
                opportunity,
                supplier,
                {
                    "legal_name": supplier.name,
                    "business_name": "",
                    "province": "QC",
                    "code_account": "https://github.com/example",
                    "of_age": True,
                    "standing": "canada",
                    "uses_git": True,
                    "needs_sign_off": False,
                    "means": "visa",
                    "answers": {criterion.pk: ANSWER for criterion in criteria},
                },
                now,
            )
            application.opportunity = opportunity
            posts.append(
                {
                    "path": f"/en/opportunities/{opportunity.reference}/apply/check/",
                    "headers": headers,
                    "body": f"shown={sending.fingerprint(application, criteria)}",
                }
            )
        if len(posts) >= applications:
            break
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    with override("en"):
        found = {
            "list": reverse("opportunity_list"),
            "detail": [reverse("opportunity", args=[one.reference]) for one in open_now[:8]],
            "workspace": reverse("workspace"),
            "front": reverse("admin:index"),
            "home": reverse("home"),
            "rare": str(open_now[0].pk),
        }
    json.dump(found | {"team": team, "supplier": people[0][1], "posts": posts[:applications]}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

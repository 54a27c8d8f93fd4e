"""Row 25: a second factor before anything else, for whoever holds more power than others."""

import os
import subprocess
import sys
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from post_office.models import Email

from tests.audit.doors import sign_in, signed_in
from tests.audit.resolver import every_address
from tests.cast import PASSWORD
from tests.test_settings import GOOD

pytestmark = pytest.mark.django_db
OPEN = {
    "healthz",
    "account_logout",
    "account_reauthenticate",
    "account_confirm_email",
    "mfa_index",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_remove_webauthn",
    "mfa_edit_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_login_webauthn",
}
"""What somebody without a factor may open: what sets one up, and the way out. Written by hand."""


@pytest.fixture(autouse=True)
def _required(settings):
    settings.SECOND_FACTOR_REQUIRED = True
    settings.EMAIL_BACKEND = "microacq.outbox.QueueBackend"


def code(secret: str, steps=0) -> str:
    """What an authenticator app shows now, or some steps of 30 seconds from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def set_up(client) -> tuple[str, list[str]]:
    """Set the app up through its pages; gives the secret and the recovery codes."""
    assert client.get(reverse("mfa_activate_totp")).status_code == 302
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200
    secret = page.context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": code(secret)}).status_code == 302
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    return secret, codes


def test_25_nothing_opens_before_the_second_factor_is_set_up(cast):
    """Each address of the resolver, the admin's and the machines' too, by GET and POST, in both languages."""
    for name, language in (("tess", "en"), ("fin", "en"), ("root", "fr")):
        person, client = getattr(cast, name), Client(headers={"accept-language": language})
        client.force_login(person)
        with override(language):
            way = reverse("mfa_index")
        here = every_address("MA-2027-001", language)
        assert len(here) > 250
        for address_name, path in here:
            admin = address_name.startswith("admin:")
            if address_name in OPEN or (name == "fin" and admin) or (name == "root" and not admin):
                continue
            for method in (client.get,) if admin or name != "tess" else (client.get, client.post):
                answer = method(path)
                client.cookies.pop("messages", None)
                assert (answer.status_code, answer.get("Location")) == (302, way), (name, address_name)
    assert {name for name, _path in every_address("x") if name.startswith("mfa_")} <= OPEN


def test_25_those_with_no_such_power_may_choose(cast):
    for person in (cast.li, cast.amara):
        client = Client()
        client.force_login(person)
        assert signed_in(client)


def test_25_a_role_granted_later_asks_at_the_next_click(cast):
    client, admin = Client(), Client()
    client.force_login(cast.bo)
    assert signed_in(client)
    set_up_root(admin, cast)
    form = {"name": "Bo", "language": "fr", "role": "finance", "is_active": "on"}
    assert admin.post(reverse("admin:microacq_user_change", args=[cast.bo.pk]), form).status_code == 302
    assert client.get(reverse("workspace"))["Location"] == reverse("mfa_index")


def set_up_root(client, cast):
    sign_in(client, cast.root.email)
    set_up(client)


def test_25_totp_set_up_asked_for_at_each_sign_in_and_good_once(client, cast):
    sign_in(client, cast.tess.email)
    assert not signed_in(client)
    page = client.get(reverse("workspace"), follow=True)
    assert page.status_code == 200
    assert reverse("mfa_activate_totp") in page.text and reverse("mfa_add_webauthn") in page.text
    secret, _codes = set_up(client)
    assert signed_in(client)
    assert client.get("/en/admin/").status_code == 200

    again = Client()
    assert sign_in(again, cast.tess.email)["Location"] == reverse("mfa_authenticate")
    for wrong in ("000000", "", code(secret, -40)):
        assert again.post(reverse("mfa_authenticate"), {"code": wrong}).status_code == 200
        assert not signed_in(again), "a password alone opens nothing"
    fresh = code(secret, 1) if code(secret) == "000000" else code(secret)
    before = again.session.session_key
    again.post(reverse("mfa_authenticate"), {"code": fresh})
    if not signed_in(again):  # the code that set it up was of this same half minute: it is spent
        again.post(reverse("mfa_authenticate"), {"code": code(secret, 1)})
        fresh = code(secret, 1)
    assert signed_in(again)
    assert again.session.session_key != before

    thief = Client()
    sign_in(thief, cast.tess.email)
    thief.post(reverse("mfa_authenticate"), {"code": fresh})
    assert not signed_in(thief), "a code seen over the shoulder is spent"


def test_25_recovery_codes_work_once(client, cast):
    sign_in(client, cast.tess.email)
    _secret, codes = set_up(client)
    assert len(codes) == 10
    for expected in (True, False):
        lost = Client()
        sign_in(lost, cast.tess.email)
        lost.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert signed_in(lost) is expected
    other = Client()
    sign_in(other, cast.tess.email)
    other.post(reverse("mfa_authenticate"), {"code": codes[1]})
    assert signed_in(other)


def test_25_codes_cannot_be_guessed(client, cast):
    sign_in(client, cast.tess.email)
    _secret, codes = set_up(client)
    guesser = Client(REMOTE_ADDR="192.0.2.66")
    sign_in(guesser, cast.tess.email)
    answers = [
        guesser.post(reverse("mfa_authenticate"), {"code": f"{guess:06}"}).status_code
        for guess in range(100, 108)
    ]
    assert answers == [200] * 5 + [429] * 3
    guesser.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert not signed_in(guesser)


def test_25_a_factor_comes_and_goes_with_the_password_alone_and_its_owner_is_told(client, cast):
    """Long after signing in, the pages that change factors ask for the password, or the factor, again."""
    sign_in(client, cast.tess.email)
    set_up(client)
    session = client.session
    methods = session["account_authentication_methods"]
    session["account_authentication_methods"] = [{**method, "at": method["at"] - 3600} for method in methods]
    session.save()
    for name in (
        "mfa_deactivate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_add_webauthn",
    ):
        answer = client.get(reverse(name))
        assert answer.status_code == 302, name
        assert "reauthenticate" in answer["Location"], name
        assert client.post(reverse(name), {}).status_code in (302, 405), name
    assert signed_in(client), "the factor is still there"
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("mfa_deactivate_totp"), {})
    assert client.get(reverse("workspace"))["Location"] == reverse("mfa_index")
    assert Email.objects.get(to=[cast.tess.email]), "the owner hears of it"


@pytest.mark.django_db(transaction=True)
def test_24_other_sessions_end_when_a_factor_comes_or_goes(client, cast):
    elsewhere, taken = Client(), Client()
    for browser in (client, elsewhere):
        sign_in(browser, cast.tess.email)
    _secret, codes = set_up(client)
    assert signed_in(client), "who changes it goes on"
    assert elsewhere.get(reverse("workspace"))["Location"].startswith(reverse("account_login"))
    sign_in(taken, cast.tess.email)
    taken.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert signed_in(taken)
    client.post(reverse("mfa_generate_recovery_codes"), {})
    assert not signed_in(taken), "whoever came in with an old code is out"
    client.post(reverse("mfa_deactivate_totp"), {})
    assert client.get(reverse("workspace"))["Location"] == reverse("mfa_index"), "signed in, without a factor"


def test_25_required_in_production_and_not_in_a_demonstration():
    show = "from django.conf import settings; print(settings.SECOND_FACTOR_REQUIRED)"
    for environment, said in ((GOOD, "True"), ({"DEMO": "1"}, "False")):
        done = subprocess.run(
            [sys.executable, "-c", show],
            env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "microacq.settings", **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stdout.strip() == said, done.stderr

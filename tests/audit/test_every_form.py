"""Rows 4, 14, 17, 20, 22 and 23 of docs/assurance.md: what anybody can type or send, on every form of the site.

The forms are those that people in every role meet on the pages of opportunities in every state, the admin's included; the
addresses come from the resolver and the columns from the models, so that a new one cannot be left out without a word here.
"""

import logging
import os
import re
import time
from datetime import datetime

import pytest
from django.apps import apps
from django.contrib.auth.hashers import check_password
from django.db import models, transaction
from django.test import Client, override_settings
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from post_office.models import Email

from microacq import clock
from opportunities.lifecycle import BY_NAME
from opportunities.models import Event, Opportunity

from . import live, mutation, robot
from .planting import MARK, Tricks
from .resolver import every_address
from .world import World, build, marker, taken_back, written_since

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NOW = datetime(2027, 3, 10, 11, 0, tzinfo=clock.EASTERN)
NOW_ON_THE_WALL = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+\d\d")
"""The moments of the queue and of the admin's own log, which do not follow the site's clock."""
CARD, CARD_DIGITS = "4111 1111 1111 1111", re.compile(r"4111[\s-]*1111")


REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "200"))
SEED = int(os.environ.get("FUZZ_SEED", "20270310"))
SECONDS = int(os.environ.get("FUZZ_SECONDS", "60"))


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Built and visited once for this file."""
    queue = override_settings(EMAIL_BACKEND="microacq.outbox.QueueBackend")
    with clock.frozen(NOW), queue, django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def same_moment(world):
    with clock.frozen(NOW), override_settings(EMAIL_BACKEND="microacq.outbox.QueueBackend"):
        yield


def nothing(found) -> None:
    """Fails with all that was found, a line each."""
    lines = "\n".join(str(one)[:500] for one in found)
    assert not lines, lines


# 14: what is typed

NOT_TAKEN = {
    "account_change_password": "asks for the password",
    "account_login": "asks for the password",
    "account_reauthenticate": "asks for the password",
    "account_signup": "somebody is signed in",
    "account_set_password": "has a password",
    "close_account": "asks for the password",
    "registry_file": "gives the file back, keeps nothing",
    "make_case_file": "gives the file, keeps its digest",
    "evaluate_application": "marks are handed in",
}
WRITTEN_BY_THE_SITE = {
    "User": "password",
    "Contract": "terms_version terms_sha256 signed_language",
    "Delivery": "revision licence",
    "Event": "transition source target role previous hash",
    "DailyHead": "body previous hash",
    "Heartbeat": "name",
    "CaseFile": "sha256",
    "AccessCopy": "sha256",
    "Disposal": "rule",
    "Remark": "transition",
    "Notification": "template audience",
    "Announcement": "template audience",
    "SentMail": "from_email cc bcc subject message_id context backend_alias headers",
    "Opportunity": "reference licence imported_ref",
    "Invoice": "province taxes gst_number pst_number file file_name file_sha256",
    "RegistryEntry": "category licence contact_email",
    "SplittingFlag": "occasion",
    "SubscriptionRequest": "token consent_version consent_text",
    "Subscription": "token",
    "Consent": "language version text",
    "SupplierProfile": "province",
    "Upload": "name",
    "SurveyInvitation": "token_sha256",
    "SurveyAnswer": "region",
    "SearchWord": "word",
    "Application": "province sign_off_name receipt sha256 label",
    "ExcludedSupplier": "supplier_name reason",
    "Submission": "sha256",
    "PublicState": "mark counts",
    "CountChange": "key",
    "Pool": "chain_hash text sha256",
    "Draw": "signature randomness seed order",
}
"""Columns in which nobody types freely: the site writes them, or takes one shape alone. File names: test_uploads.py."""


def test_14_nothing_that_was_typed_acts_on_any_page(world):
    nothing(world.acting)
    nothing(met for met in world.met if met[-1] in (400, 404, 500))


def test_14_nor_after_every_form_was_sent_full_of_it_nor_in_french_nor_in_mail(world):
    tricks, refused = Tricks(), {}
    for route in sorted(set(world.forms) - {"account_logout"}, key=_what_no_journey_did_first):
        lists = route.endswith(("_changelist", "_change"))  # records: nothing is typed there
        for _who, client, form in world.forms[route][: 1 if lists else 3]:
            response = robot.send(client, form, tricks, tries=2 if lists else 9)
            refused[route] = f"{response.status_code} at {form.action}: {robot.words(response)}"
            if robot.was_taken(response):
                del refused[route]
                break
    done = set(Event.objects.values_list("transition", flat=True))
    passed_over = (
        done | {route for route in refused if route.endswith(("_changelist", "_change"))} | set(NOT_TAKEN)
    )
    nothing(f"{route}: {said}" for route, said in refused.items() if route not in passed_over)
    # whether the one application to prepare is set aside or prepared depends on which page is sent first
    nothing(_columns_without_the_mark() - _columns(WRITTEN_BY_THE_SITE) - {"Application.set_aside_reason"})
    after = World(world.cast, {})
    after.visit("fr")
    nothing(after.acting)
    mails = list(Email.objects.order_by("pk"))
    assert sum(MARK in mail.message for mail in mails) > 100
    acting = {mail.subject: live.in_mail(mail.email_message().message().as_bytes()) for mail in mails}
    assert {subject: found for subject, found in acting.items() if found} == {}
    assert Event.first_break() is None


def _what_no_journey_did_first(route: str):
    """First what leaves the state as it is, then what no journey did, then the rest."""
    row = BY_NAME.get(route)
    done = Event.objects.filter(transition=route).count()
    return (
        row is not None and row.target is not None,
        done,
        route in ("close_account", "account_logout"),
        route,
    )


def _columns(named: dict[str, str]) -> set[str]:
    return {f"{model}.{name}" for model, names in named.items() for name in names.split()}


def _columns_without_the_mark() -> set[str]:
    """The columns of text, but for choices, in which no row holds anything that was typed."""
    found = set()
    for app in ("microacq", "opportunities", "evaluations"):
        for model in apps.get_app_config(app).get_models():
            for field in model._meta.concrete_fields:
                if (
                    isinstance(field, models.CharField | models.TextField | models.JSONField)
                    and not field.choices
                ):
                    typed = model._base_manager.filter(**{f"{field.name}__icontains": MARK})
                    if not typed.exists():
                        found.add(f"{model.__name__}.{field.name}")
    return found


# 20: forged requests, and looking


def test_20_looking_changes_nothing(world):
    nothing(world.wrote)


def test_20_every_address_refuses_a_post_without_the_token_of_its_form(world):
    stranger = Client(enforce_csrf_checks=True)
    stranger.force_login(world.cast.root)
    taken = {
        name
        for language in ("en", "fr")
        for name, address in every_address(world.opportunities["posted"].reference, language)
        if stranger.post(address, {}, headers={"origin": "https://zqx.example"}).status_code != 403
    }
    assert taken == {"unsubscribe"}  # its signed link is the proof of who asks (RFC 8058)


# 4: fields that a form does not have


def test_4_fields_that_a_form_does_not_have_change_nothing(world):
    """Each form is sent as it stands, then again with every field of every model beside its own."""
    other = world.opportunities["complete"]
    names = {field.attname for model in apps.get_models() for field in model._meta.concrete_fields}
    names |= {name.removesuffix("_id") for name in names} | {
        "user",
        "owner",
        "roles",
        "next_state",
        "transition",
    }
    stranger = world.cast.kim
    values = {
        "role": "team",
        "state": "complete",
        "status": "signed",
        "email": stranger.email,
        "means": "card",
    }
    values |= dict.fromkeys(("opportunity", "opportunity_id", "rerun_of", "rerun_of_id"), str(other.pk))
    values |= dict.fromkeys(("is_superuser", "is_staff", "is_active", "passed", "approved", "accepted"), "on")
    values |= dict.fromkeys(("amount", "price", "fixed_price", "total", "budget"), "1.00")
    extra = {name: values.get(name, str(stranger.pk)) for name in sorted(names)}
    different = []
    for who, client, form in world.some_forms():
        sent, own = form.as_it_stands(), set(form.fields) | {"csrfmiddlewaretoken", "next", "action"}
        more = {name: value for name, value in extra.items() if name not in own}
        with taken_back():
            plain = _post(client, form.action, sent)
        with taken_back():
            stuffed = _post(client, form.action, more | sent)
        if plain != stuffed:
            different.append(
                (who, form.action, plain[0], stuffed[0], *_first_difference(plain[1], stuffed[1]))
            )
    nothing(different)


def _first_difference(one: list[str], other: list[str]) -> tuple[str, str]:
    for left, right in zip(sorted(set(one) - set(other)), sorted(set(other) - set(one)), strict=False):
        start = next(
            (place for place, pair in enumerate(zip(left, right, strict=False)) if len(set(pair)) > 1), 0
        )
        return left[max(0, start - 60) : start + 60], right[max(0, start - 60) : start + 60]
    return str(set(one) - set(other))[:200], str(set(other) - set(one))[:200]


def _post(client, address, data) -> tuple[int, list[str]]:
    mark, cookies = marker(), client.cookies.copy()
    status = client.post(address, data).status_code
    client.cookies = cookies  # whoever signed out is still signed in once it is taken back
    return status, [NOW_ON_THE_WALL.sub("#", row) for row in written_since(mark)]


def test_4_nobody_names_their_own_role_or_anothers_money(world):
    cast, draft = world.cast, world.opportunities["draft"]
    me = Client()
    me.force_login(cast.li)
    stuffed = {
        "name": "Li",
        "language": "en",
        "role": "team",
        "is_superuser": "on",
        "is_staff": "on",
        "email": "x@y.zz",
    }
    me.post(
        "/en/my-profile/",
        stuffed | {"business_name": "", "province": "", "code_account": "", "user": cast.sam.pk},
    )
    cast.li.refresh_from_db()
    assert (cast.li.role, cast.li.is_superuser, cast.li.email) == ("supplier", False, "li@studio.example")
    client = Client()
    client.force_login(cast.amara)
    need = {
        "title_en": "T",
        "need": "n",
        "reason": "r",
        "team_name": "t",
        "branch": "IITB",
        "department": "ESDC",
    }
    stuffed = {
        "client": cast.bo.pk,
        "state": "posted",
        "posted_at": "2027-01-01",
        "fixed_price": "9",
        "manager": cast.amara.pk,
    }
    client.post("/en/workspace/new-need/", need | stuffed | {"reference": "MA-1", "version": "99"})
    made = Opportunity.objects.latest("pk")
    assert (made.client, made.state, made.posted_at, made.fixed_price, made.manager) == (
        cast.amara,
        "draft",
        None,
        None,
        None,
    )
    client.post(
        f"/en/workspace/{made.reference}/inquiry/",
        need | {"version": made.version, "pk": draft.pk, "id": draft.pk},
    )
    draft.refresh_from_db()
    assert draft.title_en != "T"


# 22: anything at all


def test_22_whatever_is_sent_the_site_answers(world):
    """FUZZ_REQUESTS requests made of FUZZ_SEED, for FUZZ_SECONDS at most: `make fuzz` sends 10,000."""
    print(f"seed {SEED}")
    forms = world.some_forms(3)
    browsers = {who: client for who, client, _form in forms}
    met = [(who, address) for who, _route, address, _status in world.met if who in browsers]
    end, sent = time.monotonic() + SECONDS, 0

    @seed(SEED)
    @settings(max_examples=REQUESTS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(mutation.posts(forms), mutation.posts(forms), mutation.gets(met)))
    def answers(request):
        nonlocal sent
        if time.monotonic() > end:
            return
        sent += 1
        client = browsers[request.who]
        cookies = client.cookies.copy()
        with taken_back(numbers=False):
            kind = {"content_type": request.kind} if request.kind else {}
            response = client.generic(request.method, request.address, request.body, **kind)
            assert response.status_code < 500
            if response.streaming:
                b"".join(response.streaming_content)
        client.cookies = cookies

    answers()
    print(f"{sent} requests")


# 23: card numbers


def test_23_no_text_field_of_any_form_takes_a_card_number(world, caplog):
    caplog.set_level(logging.DEBUG)
    kept, unsaid = [], []
    for who, client, form in world.some_forms():
        typed = [
            name
            for name, one in form.fields.items()
            if one.kind in ("text", "textarea", "url", "email", "search", "tel")
        ]
        if not typed:
            continue
        disguise = {"url": f"https://zqx.example/{CARD}", "email": f"{CARD.replace(' ', '-')}@zqx.example"}
        card = {name: disguise.get(form.fields[name].kind, CARD) for name in typed}
        with taken_back():
            status, rows = _post(client, form.action, form.as_it_stands() | card)
        kept += [(who, form.action, row[:60]) for row in rows if CARD_DIGITS.search(row)]
        if status not in (200, 403, 404, 409, 422, 429):
            unsaid.append((who, form.action, status))
    nothing(kept)
    nothing(unsaid)
    assert not CARD_DIGITS.search(caplog.text)


# 17: new lines


def test_17_a_new_line_in_a_name_or_an_address_is_refused(world):
    li = Client()
    li.force_login(world.cast.li)
    with taken_back():
        for name in ("Li\r\nBcc: zqx@zqx.example", "Li\nSubject: zqx", "Li\x0bX", "Li\x85X"):
            data = {"name": name, "business_name": name, "language": "en", "province": "", "code_account": ""}
            assert li.post("/en/my-profile/", data).status_code == 422
            sign_up = {"email": "new@studio.example", "name": name, "language": "en"}
            password = {"password1": "correct horse battery", "password2": "correct horse battery"}
            assert Client().post("/en/accounts/signup/", sign_up | password).status_code in (200, 422)
            address = f"new@studio.example\nBcc: {name}"
            assert Client().post("/en/subscribe/", {"email": address, "language": "en"}).status_code == 422
            reset = Client().post("/en/accounts/password/reset/", {"email": address})
            assert reset.status_code in (200, 422)
    world.cast.li.refresh_from_db()
    assert "\n" not in world.cast.li.name
    assert not Email.objects.filter(to__icontains="new@studio.example").exists()
    assert check_password("correct horse battery", world.cast.li.password)
    for mail in Email.objects.all():
        assert not re.search(r"[\r\n]", mail.subject)

"""Rows 18, 19 and 21 of docs/assurance.md: being sent elsewhere, lying about the host, and questions that ask too much."""

import re
import time
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings as site
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from tests.cast import PASSWORD
from tests.factories import at

from .resolver import every_address

pytestmark = pytest.mark.django_db
ELSEWHERE = (
    "https://zqx.example/", "//zqx.example/", "///zqx.example", "/\\zqx.example", "\\\\zqx.example", "https:zqx.example", "http:///zqx.example",
    "javascript:zqx()", "data:text/html,zqx", "\thttps://zqx.example", "/\t/zqx.example", "https://testserver@zqx.example", "%2f%2fzqx.example",
    "https://testserver.zqx.example/", "/en/../../zqx.example", "//testserver\\@zqx.example/", "ftp://zqx.example", "\x00//zqx.example",
)  # fmt: skip
NAMES = ("next", "redirect_to", "return_to", "url", "continue", "back", "referer", "from", "process")


@pytest.fixture
def posted(cast):
    return at("posted", cast)


def stays_here(response) -> bool:
    """Whether an answer sends nobody to another host: not by itself, nor by what its page offers."""
    target = response.get("Location", "")
    parts = urlsplit(re.sub(r"[\x00-\x20]", "", target).replace("\\", "/"))
    if parts.scheme not in ("", "http", "https") or parts.netloc not in ("", "testserver"):
        return False
    page = b"" if response.streaming else response.content
    return not re.search(rb'(?:href|action|content|src)="[^"?]*zqx', page)


# 18


def test_18_no_address_sends_anybody_to_another_site(cast, posted):
    visitors = [Client(), Client()]
    visitors[1].force_login(cast.tess)
    for turn, (name, address) in enumerate(every_address(posted.reference)):
        asked = urlencode(dict.fromkeys(NAMES, ELSEWHERE[turn % len(ELSEWHERE)]))
        for visitor in visitors:
            response = visitor.get(f"{address}?{asked}", headers={"referer": "https://zqx.example/"})
            assert stays_here(response), (name, response.get("Location"))


@pytest.mark.parametrize("target", ELSEWHERE)
def test_18_signing_in_and_out_leads_home(cast, target):
    asked = "?" + urlencode({"next": target})
    for address in ("account_login", "account_signup", "admin:login"):
        page = Client().get(reverse(address) + asked, follow=True)
        assert all("zqx" not in urlsplit(step).netloc for step, _status in page.redirect_chain), (
            page.redirect_chain
        )
    visitor = Client()
    data = {"login": cast.li.email, "password": PASSWORD, "next": target}
    response = visitor.post(reverse("account_login") + asked, data)
    assert response.status_code == 302
    assert stays_here(response), response["Location"]
    response = visitor.post(reverse("account_reauthenticate") + asked, {"password": PASSWORD, "next": target})
    assert stays_here(response), response["Location"]
    response = visitor.post(reverse("account_logout") + asked, {"next": target})
    assert response.status_code == 302
    assert stays_here(response), response["Location"]


# 19

HOSTS = (
    "zqx.example", "testserver.zqx.example", "zqx.example:80", "testserver@zqx.example", "testserver:80@zqx.example", "zqx.example#testserver",
    "testserver/zqx.example", "testserver,zqx.example", "[::1", "", "testserver\tzqx", "ZQX.EXAMPLE", "testserver.", "xn--zqx", "127.0.0.1.zqx.example",
)  # fmt: skip
LIES = {
    "x-forwarded-host": "zqx.example",
    "x-forwarded-server": "zqx.example",
    "x-host": "zqx.example",
    "forwarded": "for=1.2.3.4;host=zqx.example;proto=https",
    "x-forwarded-proto": "https",
    "x-forwarded-scheme": "https",
    "x-forwarded-port": "666",
    "x-forwarded-prefix": "/zqx",
    "x-script-name": "/zqx",
    "x-original-url": "/zqx",
    "x-rewrite-url": "/zqx",
    "x-http-method-override": "DELETE",
    "x-forwarded-for": "6.6.6.6",
    "x-real-ip": "6.6.6.6",
    "remote-user": "root@hrsdc-rhdcc.gc.ca",
    "x-remote-user": "root@hrsdc-rhdcc.gc.ca",
    "x-forwarded-user": "root@hrsdc-rhdcc.gc.ca",
}


def test_19_a_host_that_is_not_ours_is_refused_and_told_nothing(client, caplog):
    for host in HOSTS:
        for address in ("/", "/en/", reverse("account_login"), "/sitemap.xml", reverse("opportunities_atom")):
            response = client.get(address, headers={"host": host}, SERVER_NAME="")
            if host == "testserver.":  # the same name, written whole
                continue
            assert response.status_code == 400, (host, address)
            assert b"zqx" not in response.content.lower()
    said = {record.name for record in caplog.records if "zqx" in record.getMessage().lower()}
    assert said <= {"django.security.DisallowedHost"}  # which pytest hears, and nobody else:
    assert site.LOGGING["loggers"]["django.security.DisallowedHost"] == {"handlers": [], "propagate": False}


def test_19_what_a_proxy_would_say_is_not_believed(cast, posted, settings):
    settings.EMAIL_BACKEND = "microacq.outbox.QueueBackend"
    plain, lying = Client(), Client(headers=LIES)
    for name in (
        "home",
        "opportunity_list",
        "opportunities_atom",
        "opportunities_json",
        "opportunities_ics",
        "account_login",
        "sitemap",
        "robots",
    ):
        honest, lied = plain.get(reverse(name)), lying.get(reverse(name))
        assert honest.status_code == lied.status_code == 200
        assert b"zqx" not in lied.content
        assert _without_tokens(honest.content) == _without_tokens(lied.content), name
        assert "https" not in str(lied.get("Location", ""))
    assert lying.get(reverse("workspace")).status_code == 302  # nobody signed in
    lying.post(reverse("account_reset_password"), {"email": cast.li.email})
    lying.post(reverse("subscribe"), {"email": "new@studio.example", "language": "en"})
    mails = list(Email.objects.filter(to__in=[[cast.li.email], ["new@studio.example"]]))
    assert len(mails) == 2
    for mail in mails:
        assert "zqx" not in mail.message
        assert "http://testserver/" in mail.message
    assert not lying.get(reverse("home")).wsgi_request.is_secure()


def _without_tokens(content: bytes) -> bytes:
    return re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", content)


# 21

INJECTIONS = (
    "'", '"', "';SELECT pg_sleep(5)--", "1 OR 1=1", "1);DROP TABLE opportunities_opportunity;--", "\\", "%", "_", "%' OR '1'='1", "1/**/UNION/**/SELECT",
    "$$", "E'\\x41'", "{}", "NULL", "-1", "9" * 30, "1e400", "\x00", "\ud800", "a" * 5000, "&|!()<->:*", "'a' <-> 'b'", "state", "-state", "client__password",
    "?", "1.2.3", "..", "[]", "()", "*",
)  # fmt: skip
LOOKED_AT = "q sort size status skill price closing page o p e all _popup _to_field _changelist_filters state step late waits branch".split()
SECRET = re.compile(
    r"password|token|secret|working|receipt|session|key|hash$|masked|answers|applications|data$|sha256"
)


def test_21_questions_that_are_code_are_only_words(cast, posted):
    nobody, tess = Client(), Client()
    tess.force_login(cast.tess)
    lists = [
        (nobody, reverse(name))
        for name in (
            "opportunity_list",
            "opportunities_json",
            "opportunities_csv",
            "opportunities_atom",
            "opportunities_ics",
            "opportunities_ocds",
            "delivered",
        )
    ]
    lists += [(tess, reverse("workspace")), (tess, reverse("admin:opportunities_opportunity_changelist"))]
    start = time.monotonic()
    for turn, text in enumerate(INJECTIONS):
        for visitor, address in lists:
            every = dict.fromkeys(LOOKED_AT, text.encode("utf-8", "surrogatepass"))
            one = {LOOKED_AT[(turn * 7) % len(LOOKED_AT)]: every["q"]}
            asked = every if (turn + len(address)) % 2 else one
            response = visitor.get(f"{address}?{urlencode(asked)}")
            assert response.status_code in (200, 302, 400, 404), (address, text)
            if response.streaming:
                b"".join(response.streaming_content)
    assert time.monotonic() - start < 5 + 0.25 * len(INJECTIONS) * len(lists)  # nothing slept


def ways(model, depth: int = 3, way: str = "", seen=()):
    """Every look-up that leads from a model to a column whose content the lists do not show."""
    for field in model._meta.get_fields():
        name = f"{way}{field.name}"
        if isinstance(field, models.Field) and SECRET.search(field.name):
            yield name
        related = field.related_model
        if field.is_relation and related and depth and related not in seen and not isinstance(related, str):
            yield from ways(related, depth - 1, f"{name}__", (*seen, model))


def test_21_no_list_of_the_administration_answers_a_guess(cast, posted):
    """A filter that is applied tells, guess by guess, what is in a column: each must be refused, whatever is guessed."""
    root = Client(raise_request_exception=False)
    root.force_login(cast.root)
    tried = 0
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        found = sorted(set(ways(model)))
        for turn, way in enumerate(found[:: max(1, len(found) // 12)]):
            lookup = ("startswith", "regex", "contains", "gt", "in", "isnull")[turn % 6]
            response = root.get(f"{address}?{way}__{lookup}=1")
            assert response.status_code == 400 or "e=1" in response.get("Location", ""), (
                address,
                way,
                lookup,
            )
            tried += 1
        for name in ("_to_field", "_popup"):
            assert root.get(f"{address}?{name}=password&_popup=1").status_code in (200, 302, 400)
    assert tried > 100
    asked = {"app_label": "opportunities", "model_name": "opportunity", "field_name": "client", "term": "a"}
    root.force_login(cast.bo)
    assert root.get(f"/en/admin/autocomplete/?{urlencode(asked)}").status_code in (302, 403, 404)


def test_21_what_the_workspace_lists_cannot_be_widened(cast, posted):
    draft = at("draft", cast)
    bo = Client()
    bo.force_login(cast.bo)
    for asked in (
        "client=1",
        "client__id__gt=0",
        "state__in=draft",
        "visible_to=all",
        "user=1",
        "all=1",
        "role=team",
    ):
        page = bo.get(reverse("workspace") + f"?{asked}").text
        assert draft.reference not in page

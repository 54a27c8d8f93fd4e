"""Row 30: response headers and cookies of production, nothing inline in any page, nothing from another host."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as site
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from tests.audit import production
from tests.audit.doors import sign_in
from tests.audit.resolver import every_address
from tests.cast import make_cast
from tests.factories import at
from tests.test_settings import GOOD, manage

POLICY = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "object-src": ["'none'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
DATA_ONLY = {"application/ld+json", "application/json"}
LOADING = {
    "script": "src",
    "img": "src",
    "link": "href",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "object": "data",
    "embed": "src",
    "form": "action",
}
LINKS_THAT_LOAD = {"stylesheet", "icon", "preload", "modulepreload", "manifest", "prefetch", "preconnect"}


class Inline(HTMLParser):
    """Collects what the policy would refuse, and what is loaded from another host."""

    def __init__(self):
        super().__init__()
        self.found, self.script = [], False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.found += [f"<{tag} {name}>" for name in given if name.startswith("on") or name == "style"]
        self.found += [
            f"<{tag} {name}={value}>"
            for name, value in attrs
            if (value or "").strip().lower().startswith("javascript:")
        ]
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") not in DATA_ONLY):
            self.found.append(f"<{tag}>")
        address = given.get(LOADING.get(tag, ""), "") or ""
        loads = tag != "link" or LINKS_THAT_LOAD & set((given.get("rel") or "").split())
        elsewhere = urlsplit(address).netloc not in ("", "testserver") or "srcset" in given
        if loads and elsewhere:
            self.found.append(f"<{tag}> of {address}")


def inline(html: str) -> list[str]:
    """What stands in a page that the policy would refuse."""
    reader = Inline()
    reader.feed(html)
    return reader.found


def policy(answer) -> dict[str, list[str]]:
    parts = (part.split() for part in answer["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


def complain(name: str, answer) -> list[str]:
    """What is wrong with one answer."""
    found = [
        f"{name}: {header} is {answer.get(header)}"
        for header, value in HEADERS.items()
        if answer.get(header) != value
    ]
    if {key: sorted(value) for key, value in policy(answer).items()} != POLICY:
        found.append(f"{name}: {answer['Content-Security-Policy']}")
    if "geolocation=()" not in answer["Permissions-Policy"]:
        found.append(f"{name}: permissions")
    if answer["Content-Type"].startswith("text/html") and not answer.streaming:
        found += [f"{name}: {what}" for what in inline(answer.text)]
    return found


PEOPLE = ("tess", "amara", "li", "fin", "mona", "root")


@pytest.mark.django_db
def test_30_nothing_inline_and_every_header_on_every_page():
    """Each address of the resolver: as nobody, then as one person after the other until one may see it."""
    cast = make_cast()
    people = {None: Client(), **{name: Client() for name in PEOPLE}}
    for name in PEOPLE:
        people[name].force_login(getattr(cast, name))
    found, seen = [], Counter()
    for state in ("complete", "posted"):
        place = at(state, cast)
        for address_name, path in every_address(place.reference, object_id=str(place.pk), pk=place.pk):
            if address_name.endswith(("logout", "_delete", "_history")):
                continue  # the admin's are all refused alike
            if state == "posted" and "apply" not in address_name:
                continue
            admin = address_name.startswith("admin:")
            for name in ("root",) if admin else ("li",) if state == "posted" else people:
                answer = people[name].get(path)
                people[name].cookies.pop("messages", None)
                if answer.status_code == 302:
                    continue
                seen[answer.status_code] += 1
                found += complain(f"{name} {address_name} {answer.status_code}", answer)
                if answer.status_code in (200, 409):
                    break
    assert found == []
    assert seen[200] > 120
    assert seen[404] and seen[409] and seen[403]


@pytest.mark.django_db
def test_30_error_pages_too(client, cast, settings, monkeypatch):
    settings.DEBUG = False
    client.raise_request_exception = False
    found = []
    answers = {
        404: client.get("/en/nothing-here/"),
        403: Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "x"}),
        400: client.get("/en/", headers={"host": "evil.example"}),
        405: client.delete(reverse("terms")),
    }
    for _n in range(6):
        answers[429] = sign_in(client, cast.li.email, "wrong")
    monkeypatch.setattr("opportunities.views.pages.show", lambda *_args: 1 / 0)
    answers[500] = client.get(reverse("terms"))
    for status, answer in answers.items():
        assert answer.status_code == status
        found += complain(str(status), answer)
    assert found == []


def test_30_templates_and_scripts_hold_nothing_inline_either():
    """What no visit above shows: every template as it is written, and scripts that would write inline styles."""
    folder = Path(site.BASE_DIR) / "templates"
    found = []
    for template in folder.rglob("*.html"):
        if {"emails", "email", "case_file"} & set(template.parts):
            continue  # read in a mail program or from a disk, where there is no style sheet of ours
        written = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "x", template.read_text())
        found += [f"{template.relative_to(folder)}: {what}" for what in inline(written)]
    assert found == []
    sheet = Path(finders.find("gc/gc.css")).read_text()
    assert "http:" not in sheet.replace("http://www.w3.org/", "")
    assert "https:" not in sheet
    assert "@import" not in sheet


@pytest.mark.django_db
def test_30_production_hsts_and_cookies():
    """An answer over TLS in production: HSTS for a year, and cookies that stay on this host, unseen by scripts."""
    said = production.run(
        "plain = Client(headers={'host': 'micro.example.ca'}).get('/en/accounts/login/')",
        "print(plain.status_code, plain['Location'])",
        "answer = Client(headers={'host': 'micro.example.ca'}).get('/en/accounts/login/', secure=True)",
        "print(answer.status_code, answer['Strict-Transport-Security'])",
        "print(answer.cookies.output(header='', sep='|'))",
        "wrong = Client(headers={'host': 'evil.example'}).get('/en/accounts/login/', secure=True)",
        "print(wrong.status_code, wrong['X-Content-Type-Options'], 'Content-Security-Policy' in wrong)",
        "print(settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY,"
        " settings.SESSION_COOKIE_SAMESITE, settings.SESSION_COOKIE_DOMAIN, settings.SESSION_COOKIE_PATH)",
        "print(settings.LANGUAGE_COOKIE_SECURE)",
    )
    assert said[0] == "301 https://micro.example.ca/en/accounts/login/"
    assert said[1] == "200 max-age=31536000; includeSubDomains; preload"
    cookie = said[2].strip()
    assert cookie.startswith("__Host-csrf=")
    for part in ("HttpOnly", "Path=/", "SameSite=Lax", "Secure"):
        assert part in cookie
    assert "Domain" not in cookie
    assert said[3] == "400 nosniff True"
    assert said[4] == "__Host-session True True Lax None /"
    assert said[5] == "True"


def test_30_check_deploy_is_clean():
    done = manage(GOOD, "check", "--deploy", "--fail-level", "INFO")
    told = [line for line in (done.stdout + done.stderr).splitlines() if "(" in line and "W0" in line]
    assert told == [], done.stderr

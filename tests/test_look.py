"""The base page, its components, errors and account mail: same page in the other language, nothing inline, no query."""

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.utils.translation import override

from microacq import clock, context
from microacq.forms import GCForm, MarkdownField
from microacq.templatetags import gc

TEMPLATES = Path(settings.BASE_DIR) / "templates"
STATIC = Path(settings.BASE_DIR) / "microacq" / "static" / "gc"
JANUARY = dt.datetime(2027, 1, 15, 19, tzinfo=dt.UTC)


def a_request(path="/en/opportunities/", user=None):
    request = RequestFactory().get(path)
    request.user = user or AnonymousUser()
    return request


def page(path="/en/opportunities/", template="base.html", **given):
    with override(path[1:3]):
        return render_to_string(template, given, request=a_request(path))


def draw(source, **given):
    return engines["django"].from_string("{% load gc %}" + source).render(given)


def test_an_anonymous_page_asks_the_database_nothing(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        html = page()
    assert '<html lang="en"' in html
    assert 'href="#main"' in html
    assert 'id="main"' in html


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("/en/opportunities/?q=caf%C3%A9&page=2", "?q=caf%C3%A9&page=2"),
        ("/fr/nulle-part/", "/en/nulle-part/"),
        ("/en/", "/fr/"),
        ("/healthz", "/fr/"),
    ],
)
def test_the_toggle_leads_to_the_same_page(here, there):
    with override("fr" if here.startswith("/fr") else "en"):
        address = context.toggle_url(a_request(here))
    assert address.endswith(there)
    assert not address.startswith(here[:4])


def test_the_toggle_takes_the_page_to_come_along_and_nothing_foreign():
    workspace = reverse("workspace")
    with override("fr"):
        in_french = reverse("workspace")
    assert context.toggle_url(a_request(f"/en/accounts/login/?next={workspace}")).endswith(
        f"next={in_french}"
    )
    foreign = context.toggle_url(a_request("/en/accounts/login/?next=//evil.example/x"))
    assert "next=//evil.example/x" in foreign


def test_the_title_says_when_a_form_has_errors():
    class Form(GCForm):
        text = MarkdownField()

    assert "<title>Error:" in page(form=Form({}))
    assert "<title>Error:" not in page(form=Form())


def test_plain_text_stands_where_no_marks_are_supplied(settings):
    settings.GC_BRAND_DIR = None
    assert '<span class="gc-sig__text">Government of Canada</span>' in page()
    assert "<svg" not in page()


def test_the_departments_own_marks_are_put_in_the_page(settings, tmp_path):
    for name in ("signature-en", "signature-fr", "wordmark"):
        (tmp_path / f"{name}.svg").write_text(f'<?xml version="1.0"?>\n<svg id="{name}"></svg>')
    settings.GC_BRAND_DIR = tmp_path
    english, french = page(), page("/fr/occasions/")
    assert '<svg id="signature-en">' in english
    assert '<svg id="wordmark">' in english
    assert '<svg id="signature-fr">' in french
    assert "<?xml" not in english


def test_a_demonstration_says_so_and_how_far_its_clock_was_moved(settings, tmp_path):
    assert "gc-demo" not in page()
    settings.DEMO, settings.VAR_DIR = True, tmp_path
    assert "the real time" in page()
    clock.advance_demo(dt.timedelta(days=3, hours=2, minutes=5))
    assert "moved forward by 3 d 2 h 5 min" in page()


def test_signing_out_is_a_button_that_posts(client, cast):
    client.force_login(cast.li)
    html = client.get(reverse("account_email")).content.decode()
    form = re.search(
        rf'<form method="post" action="{reverse("account_logout")}">.*?</form>', html, re.DOTALL
    )[0]
    assert "csrfmiddlewaretoken" in form
    assert "<button" in form
    assert cast.li.name in html


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "name",
    ["account_login", "account_signup", "account_reset_password", "account_reset_password_done"]
    + ["account_email_verification_sent", "account_inactive"],
)
def test_account_pages_look_like_the_rest(client, db, name, language):
    with override(language):
        response = client.get(reverse(name))
    html = response.content.decode()
    assert response.status_code == 200
    assert f'<html lang="{language}"' in html
    assert "gc-footer__sub" in html
    assert html.count("<h1") == 1
    assert "placeholder" not in html.split("<main")[1]


def test_dead_links_lead_somewhere(client, db):
    for address in (
        reverse("account_confirm_email", args=["nonsense"]),
        reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "set-password"}),
    ):
        html = client.get(address).content.decode()
        assert "This link no longer works" in html
        assert 'class="gc-button"' in html


def test_too_many_tries_get_a_page(client, db):
    statuses = set()
    for _ in range(12):
        response = client.post(
            reverse("account_login"), {"login": "li@supplier.example", "password": "wrong"}
        )
        statuses.add(response.status_code)
    assert statuses <= {200, 429}
    assert "Too many tries" in page(template="429.html")


@pytest.mark.parametrize(("path", "words"), [("/en/nowhere/", "find that page"), ("/fr/nulle-part/", "<h1>")])
def test_a_page_that_is_not_there(client, db, path, words):
    response = client.get(path)
    assert response.status_code == 404
    assert words in response.content.decode()
    assert f'<html lang="{path[1:3]}"' in response.content.decode()


@pytest.mark.parametrize("name", ["403.html", "403_csrf.html", "404.html", "429.html"])
def test_errors_have_one_heading_and_their_title(name):
    html = page(template=name)
    heading = re.search(r"<h1>(.*?)</h1>", html)[1]
    assert f"<title>{heading}" in html


@pytest.mark.parametrize("name", ["400.html", "500.html", "503.html"])
def test_when_nothing_else_works_both_languages_need_nothing(name):
    html = render_to_string(name)
    assert '<section lang="fr">' in html
    assert html.count("<h1") == 1
    for address in re.findall(r'href="/static/gc/([^"]+)"', html):
        assert (STATIC / address).is_file()


def test_account_mail_is_text_and_html_in_the_same_words(client, db, mailoutbox, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with override("en"):
        client.post(
            reverse("account_signup"),
            {
                "email": "new@supplier.example",
                "name": "New",
                "language": "en",
                "password1": "correct horse battery",
                "password2": "correct horse battery",
            },
        )
    (message,) = mailoutbox
    address = re.search(r"https?://\S+", message.body)[0]
    html = message.alternatives[0][0]
    assert message.subject == "Confirm your email address"
    assert f'<a href="{address}">{address}</a>' in html
    assert settings.CONTACT_EMAIL in message.body
    assert "&#" not in message.body


def test_addresses_in_mail_are_linked_once():
    html = '<p>https://a.example/x?y=1&amp;z=2.</p><p><a href="https://b.example">https://b.example</a></p>'
    linked = gc.linked(html)
    assert linked.count("<a ") == 2
    assert '<a href="https://a.example/x?y=1&amp;z=2">' in linked


def test_pages_of_a_list_keep_what_was_searched_for():
    given = {"page_obj": Paginator(range(100), 10).page(2)}
    html = render_to_string("components/pagination.html", given, request=a_request("/en/x/?q=a%26b&page=2"))
    assert 'href="?q=a%26b&amp;page=3"' in html
    assert 'aria-current="page"' in html


def test_components_say_in_words_what_they_show_in_colour():
    steps = [
        {"number": n, "label": f"L{n}", "status": s} for n, s in ((1, "done"), (2, "current"), (3, "todo"))
    ]
    html = render_to_string("components/stepper.html", {"steps": steps})
    assert html.count('aria-current="step"') == 1
    assert all(word in html for word in ("done", "current step", "to come"))
    html = render_to_string("components/timeline.html", {"entries": [{"when": JANUARY, "title": "Posted"}]})
    assert '<time datetime="2027-01-15T14:00-05:00">January 15, 2027, 2:00 p.m. Eastern time</time>' in html
    html = render_to_string(
        "components/task_list.html", {"tasks": [{"label": "A", "url": "/a", "status": "To do"}]}
    )
    assert '<a href="/a">A</a>' in html
    items = [{"label": "Price", "value": "<b>", "url": "/p"}]
    html = render_to_string("components/summary_list.html", {"items": items})
    assert "&lt;b&gt;" in html
    assert '<span class="gc-sr"> Price</span>' in html


def test_filters_write_in_the_readers_language():
    source = "{{ when|eastern_text }}|{{ when|eastern_date }}|{{ price|money }}|{{ text|words }}|{{ none|eastern }}{{ none|money }}"
    given = {"when": JANUARY, "price": Decimal("1234.5"), "text": "one two", "none": None}
    with override("en"):
        english = draw(source, **given)
    assert english == (
        'January 15, 2027, 2:00 p.m. Eastern time|<time datetime="2027-01-15">January 15, 2027</time>|$1,234.50|2|'
    )
    with override("fr"):
        french = draw(source, **given)
    assert "15 janvier 2027, 14\xa0h, heure de l’Est" in french
    assert "1\u00a0234,50\u00a0$" in french


NO_PAGES = {"emails", "case_file"}
"""Mails, and the case file's own page: what is read outside the site, with everything in it."""
PAGES = [path for path in TEMPLATES.rglob("*.html") if not NO_PAGES & set(path.parts)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_nothing_inline_and_nothing_from_elsewhere(path):
    source = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:", source)
    for script in re.findall(r"<script[^>]*>", source):
        assert "src=" in script or re.search(r'type="application/(ld\+)?json"', script)
    assert not re.search(r"<(?:script|img|link|iframe)[^>]*(?:src|href)=\"(?:https?:)?//", source)


def test_fonts_come_with_their_licences():
    for name in re.findall(r'url\("([^"]+)"\)', (STATIC / "fonts.css").read_text()):
        assert (STATIC / name).stat().st_size > 10_000
    assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts" / "LICENSE-lato.txt").read_text()
    assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts" / "LICENSE-noto-sans.txt").read_text()


def test_every_value_that_the_style_sheets_use_is_declared():
    declared = set(re.findall(r"(--gcds-[\w-]+):", (STATIC / "tokens.css").read_text()))
    used = set(re.findall(r"var\((--gcds-[\w-]+)\)", (STATIC / "gc.css").read_text()))
    assert used <= declared

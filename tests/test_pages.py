"""The pages that explain, in both languages, and what is written from them to the team."""

import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse
from django.utils.translation import override
from post_office.models import Email

from opportunities import terms
from tests.factories import at

PAGES = [
    "guide_suppliers",
    "guide_clients",
    "faq",
    "terms",
    "privacy",
    "accessibility",
    "contact",
    "request_guide",
    "open_data",
    "statistics",
    "subscribe",
    "subscribe_sent",
]
LANGUAGES = ["en", "fr"]
LONG = [name for name in PAGES if not name.startswith("subscribe")]


def get(client, name, language):
    with override(language):
        return client.get(reverse(name))


class Outline(HTMLParser):
    """The headings' levels, the ids, and where the links lead."""

    def __init__(self, text):
        super().__init__()
        self.levels, self.ids, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_there_in_both_languages_well_formed(client, db, name, language):
    response = get(client, name, language)
    assert response.status_code == 200
    assert f'<html lang="{language}"' in response.text
    main = Outline(response.text.split("<main", 1)[1].split("</main>", 1)[0])
    assert main.levels.count(1) == 1
    assert main.levels[0] == 1
    assert all(after <= before + 1 for before, after in zip(main.levels, main.levels[1:], strict=False))
    assert len(main.ids) == len(set(main.ids))
    assert {link[1:] for link in main.links if link.startswith("#")} <= set(main.ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_link_of_a_page_leads_nowhere(client, cast, language):
    at("posted", cast)
    seen = set()
    for name in PAGES:
        outline = Outline(get(client, name, language).text)
        seen |= {link.split("#")[0] for link in outline.links if link.startswith("/")}
    for link in seen - {""}:
        assert client.get(link).status_code in (200, 302), link


@pytest.mark.parametrize("name", LONG)
def test_both_languages_say_the_same_in_as_many_parts(client, db, name):
    english, french = (
        Outline(get(client, name, language).text.split("<main", 1)[1]) for language in LANGUAGES
    )
    assert english.levels == french.levels
    assert english.ids == french.ids
    assert len(english.links) == len(french.links)


@pytest.mark.parametrize("name", [name for name in LONG if name != "terms"])
def test_french_signs_keep_their_space(client, db, name):
    main = get(client, name, "fr").text.split("<main", 1)[1].split("</main>", 1)[0]
    words = re.sub(r"<[^>]+>", "", main)
    assert not re.search(r" :\s|« | »|\d [$%]", words)


def test_where_code_hosts_are_named_their_languages_are_too(client, db):
    for name in LONG:
        for language, only in (("en", "English only"), ("fr", "en anglais seulement")):
            words = get(client, name, language).text
            if "GitHub" in words or "Bitbucket" in words:
                assert only in words, name
                assert "GitLab" in words, name


def test_the_terms_are_those_that_are_signed_without_anybodys_facts(client, db):
    for language in LANGUAGES:
        words = re.sub(r"<[^>]+>", "", get(client, "terms", language).text)
        for line in terms._template(language, terms.VERSION).splitlines():
            if re.match(r"\d+\. ", line):
                assert re.sub(r"^\d+\. |[*]", "", line)[:60].replace("'", "&#x27;") in words
        assert "{" not in words


def test_every_page_leads_to_the_others_from_its_foot(client, db):
    foot = get(client, "home", "en").text.split("<footer", 1)[1]
    for name in (
        "guide_suppliers",
        "guide_clients",
        "faq",
        "terms",
        "privacy",
        "accessibility",
        "contact",
        "open_data",
        "subscribe",
    ):
        assert reverse(name) in foot


def test_a_barrier_told_signed_out_reaches_the_team_in_their_languages(client, cast, settings):
    written = {"text": "The button <b>is</b>\nnot **read**.", "where": "Apply", "email": "ada@example.ca"}
    with override("fr"):
        response = client.post(reverse("accessibility"), written)
    assert response.status_code == 302
    mails = Email.objects.all()
    assert {mail.to[0] for mail in mails} == {
        cast.tess.email,
        cast.tom.email,
        cast.tia.email,
        cast.root.email,
        settings.CONTACT_EMAIL,
    }
    mail = mails.get(to=[cast.tess.email])
    assert mail.headers == {"Reply-To": "ada@example.ca"}
    assert "> The button <b>is</b>\n> not **read**." in mail.message
    assert "<b>" not in mail.html_message
    assert client.get(response.url).status_code == 200


def test_a_barrier_may_be_told_without_an_address(client, cast):
    assert client.post(reverse("accessibility"), {"text": "Too small."}).status_code == 302
    assert Email.objects.first().headers is None


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"text": " "},
        {"text": "x" * 5001},
        {"text": "a\x00b"},
        {"text": "4111 1111 1111 1111"},
        {"text": "Fine.", "email": "not an address"},
        {"text": "Fine.", "email": "a@example.ca\r\nBcc: b@example.ca"},
    ],
)
def test_what_cannot_be_sent_is_said_and_kept_on_the_page(client, cast, written):
    response = client.post(reverse("accessibility"), written)
    assert response.status_code == 422
    assert "Error:" in response.text
    assert not Email.objects.exists()


def test_one_network_cannot_flood_the_team(client, cast):
    answers = [client.post(reverse("accessibility"), {"text": f"{n}"}).status_code for n in range(6)]
    assert answers == [302] * 5 + [429]


def test_an_employee_asks_for_the_guide(client, cast):
    asked = {"name": "Bo", "email": "bo@servicecanada.gc.ca", "group": "Benefits", "text": ""}
    assert client.post(reverse("request_guide"), asked).status_code == 302
    mail = Email.objects.get(to=[cast.tess.email])
    assert "bo@servicecanada.gc.ca" in mail.message
    assert "Benefits" in mail.message
    assert client.post(reverse("request_guide"), {**asked, "email": "li@studio.example"}).status_code == 422


def test_somebody_signed_in_need_not_type_their_address(client, cast):
    client.force_login(cast.amara)
    assert cast.amara.email in get(client, "request_guide", "en").text
    assert cast.amara.email in get(client, "accessibility", "en").text


def test_the_teams_list_of_mails_says_who_was_written_to(client, cast, settings):
    client.post(reverse("accessibility"), {"text": "Too small."})
    client.force_login(cast.tess)
    page = client.get(reverse("admin:opportunities_sentmail_changelist")).text
    assert settings.CONTACT_EMAIL in page
    assert "a subscriber" not in page

"""A visitor who follows every link, and reads and sends every form, as a person with a browser does.

Knows addresses, pages and forms; knows nothing of what they are for.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import translation
from selectolax.lexbor import LexborHTMLParser

MAIN_PAGES = ("opportunity", "workspace_opportunity", "admin:opportunities_opportunity_change")
"""Pages that look different in every state."""


@dataclass
class Field:
    """Something to fill in: its type as the page says it, the value it comes with, and what may be chosen."""

    name: str
    kind: str
    value: str = ""
    choices: list[str] = field(default_factory=list)
    most: int | None = None
    ticked: bool = False


@dataclass
class Form:
    """A form of a page: where it is sent, and its fields by name."""

    action: str
    method: str
    fields: dict[str, Field]
    page: str = ""

    def as_it_stands(self) -> dict:
        """What a browser sends when nothing is changed."""
        sent = {}
        for name, one in self.fields.items():
            if one.kind in ("checkbox", "radio"):
                if one.ticked:
                    sent[name] = one.value
            elif one.kind not in ("file", "submit"):
                sent[name] = one.value
        return sent


def route(address: str) -> str:
    """The name of the address's pattern, with its namespace; "" where there is none."""
    language = address[1:3] if address[1:4] in ("en/", "fr/") else "en"
    with translation.override(language):
        try:
            return resolve(urlsplit(address).path).view_name or ""
        except Resolver404:
            return ""


def read_forms(html: str, address: str) -> list[Form]:
    """The forms of a page, the site's own search left out."""
    found = []
    for node in LexborHTMLParser(html).css("form"):
        about = node.attributes
        if about.get("role") == "search":
            continue
        action = urljoin(address, about.get("action") or address)
        form = Form(action, (about.get("method") or "get").lower(), {}, address)
        for part in node.css("input, textarea, select, button"):
            _read(form, part)
        found.append(form)
    return found


def _read(form: Form, part) -> None:
    about = part.attributes
    name = about.get("name")
    if not name or name == "csrfmiddlewaretoken" or "disabled" in about:
        return
    kind = (
        {"textarea": "textarea", "select": "select", "button": "submit"}.get(part.tag)
        or about.get("type")
        or "text"
    )
    value = about.get("value") or ""
    if kind == "textarea":
        value = (part.text() or "").removeprefix("\n")
    most = about.get("maxlength") or ""
    known = form.fields.setdefault(name, Field(name, kind, value, most=int(most) if most.isdigit() else None))
    if kind == "select":
        options = part.css("option")
        known.choices = [option.attributes.get("value") or "" for option in options]
        chosen = [
            option.attributes.get("value") or "" for option in options if "selected" in option.attributes
        ]
        known.value = chosen[0] if chosen else (known.choices[0] if known.choices else "")
    elif kind in ("radio", "checkbox", "submit"):
        known.choices.append(value)
        if "checked" in about:
            known.ticked, known.value = True, value


class Visitor:
    """One person (None: nobody signed in) going through the site in one language."""

    def __init__(
        self,
        person,
        language: str = "en",
        *,
        alike: int = 2,
        main: int = 30,
        within: str = "/",
        but: str = "//",
        questions: int = 2,
    ):
        """`alike` is how many pages of the same route are opened, `main` how many of the main pages, `questions` how
        many kinds of search, filter and order; `within` and `but` are what addresses begin with and do not hold."""
        self.person, self.language, self.client = person, language, Client()
        self.alike, self.main, self.within, self.but = alike, main, within, but
        self.questions = questions
        self.name = person.email.split("@")[0] if person else "nobody"
        if person:
            self.client.force_login(person)
        self.seen: set[str] = set()
        self.of_a_kind: Counter = Counter()

    def get(self, address: str):
        """The answer, not following anything."""
        return self.client.get(address, headers={"accept-language": self.language})

    def pages(self, *starts: str, most: int = 2000):
        """Every page that can be reached from `starts`: (address, answer). Each address once, without its fragment."""
        waiting = list(starts)
        while waiting and len(self.seen) < most:
            address = waiting.pop()
            if not self._wanted(address):
                continue
            self.seen.add(address)
            response = self.get(address)
            yield address, response
            if response.status_code in (301, 302):
                waiting.append(urljoin(address, response["Location"]))
            elif response["Content-Type"].startswith("text/html") and not response.streaming:
                waiting += self._links(response.content.decode(), address)

    def _links(self, html: str, address: str) -> list[str]:
        found = []
        for node in LexborHTMLParser(html).css("a[href], link[href]"):
            target = urldefrag(urljoin(f"http://testserver{address}", node.attributes["href"] or ""))[0]
            if target.startswith("http://testserver/"):
                found.append(target.removeprefix("http://testserver"))
        return found

    def _wanted(self, address: str) -> bool:
        path = urlsplit(address).path
        if (
            address in self.seen
            or path.startswith("/static/")
            or path.rstrip("/").endswith(("logout", "deconnexion"))
        ):
            return False
        if path[1:4] in ("en/", "fr/") and path[1:3] != self.language:
            return False
        if not path.startswith(self.within) or self.but in path:
            return False
        kind, query = route(address) or path, urlsplit(address).query
        limit = self.main if kind in MAIN_PAGES else self.alike
        if query:  # a few pages with a question, each of another kind, are enough
            asked = f"{kind}?{re.sub('=[^&]*', '', query)}"
            self.of_a_kind[asked] += 1
            if self.of_a_kind[asked] > 1:
                return False
            kind, limit = f"{kind}?", self.questions
        self.of_a_kind[kind] += 1
        return self.of_a_kind[kind] <= limit

"""The registry's rules for one entry, as sentences. Its own schema lets most of these mistakes through.

Knows the fields, their types, lengths and characters. Is told which categories and licences exist.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Generator
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

# Gives sentences, and returns what the caller needs to go on.
Sentences = Generator[str, None, Any]

# In the order of the registry's form; True for those an entry must have.
FIELDS = {
    "contact": True,
    "date": True,
    "description": True,
    "category": True,
    "name": True,
    "licences": True,
    "repositoryURL": True,
    "tags": True,
    "downloadURL": False,
    "homepageURL": False,
    "languages": False,
    "partners": False,
    "relatedCode": False,
    "status": False,
    "team": False,
}
LIMITS = {"name": 100, "description.whatItDoes": 200, "description.howItWorks": 200}
STATUSES = ("Alpha", "Beta", "Maintained", "Deprecated", "Retired")
# As the registry spells them.
LEVELS = ({"en": "Main license", "fr": "License principale"}, {"en": "Sub license", "fr": "Sous license"})
PARTS = {
    "contact": {"email": True, "name": False},
    "date": {"created": True, "metadataLastUpdated": True},
    "description": {"whatItDoes": True, "howItWorks": False},
    "tags": {"en": True, "fr": True},
    "licences": {"URL": True, "spdxID": True, "level": False, "scope": False},
    "partners": {"adminCode": True, "email": True, "name": True, "email_suffix": False},
    "relatedCode": {"URL": True, "name": True},
}
LANGUAGES = {"en": True, "fr": True}


def problems_of(entry: Any, categories: set[str], licence_ok: Callable[[str], bool]) -> list[str]:
    """Every rule the entry breaks, one sentence each, in the order of the registry's form."""
    return list(dict.fromkeys(_Check(categories, licence_ok).entry(entry)))


def _given(value: Any) -> bool:
    return value not in (None, "", [], {})


class _Check:
    def __init__(self, categories: set[str], licence_ok: Callable[[str], bool]) -> None:
        self.categories = categories
        self.licence_ok = licence_ok

    def entry(self, entry: Any) -> Sentences:
        present = yield from self.keys(entry, "", FIELDS)
        for name in present:
            yield from getattr(self, f"check_{name}")(entry[name])

    # --- the fields

    def check_contact(self, contact: Any) -> Sentences:
        for name in (yield from self.keys(contact, "contact", PARTS["contact"])):
            yield from self.text(contact[name], f"contact.{name}")
            if name == "email":
                yield from self.email(contact[name], "contact.email")

    def check_date(self, dates: Any) -> Sentences:
        for name in (yield from self.keys(dates, "date", PARTS["date"])):
            value = dates[name]
            if isinstance(value, dt.date):
                continue
            try:
                good = isinstance(value, str) and dt.date.fromisoformat(value).isoformat() == value
            except ValueError:
                good = False
            if not good:
                yield _("“%(field)s” must be a date written YYYY-MM-DD.") % {"field": f"date.{name}"}

    def check_description(self, description: Any) -> Sentences:
        for name in (yield from self.keys(description, "description", PARTS["description"])):
            yield from self.both(description[name], f"description.{name}")

    def check_category(self, category: Any) -> Sentences:
        if not isinstance(category, str) or category not in self.categories:
            yield _("The registry has no category “%(category)s”.") % {"category": category}

    def check_name(self, names: Any) -> Sentences:
        for language in (yield from self.both(names, "name")):
            allowed = set(",.'()*+- ")
            odd = sorted({char for char in names[language] if not char.isalnum() and char not in allowed})
            if odd:
                yield _(
                    "“%(field)s” may not hold %(characters)s: only letters, digits, spaces and , . ' ( ) * + -"
                ) % {
                    "field": f"name.{language}",
                    "characters": " ".join(odd),
                }

    def check_licences(self, licences: Any) -> Sentences:
        for field, licence in (yield from self.rows(licences, "licences")):
            for name in (yield from self.keys(licence, field, PARTS["licences"])):
                value = licence[name]
                if name == "URL":
                    yield from self.urls(value, f"{field}.URL")
                elif name == "spdxID":
                    if not isinstance(value, str) or not self.licence_ok(value):
                        yield _(
                            "“%(licence)s” is not the SPDX identifier of a licence that is current and approved "
                            "by the Open Source Initiative or the Free Software Foundation."
                        ) % {"licence": value}
                elif name == "level" and value not in LEVELS:
                    yield _("“%(field)s” must be %(choices)s, spelled this way.") % {
                        "field": f"{field}.level",
                        "choices": " | ".join(f"{level['en']} / {level['fr']}" for level in LEVELS),
                    }
                elif name == "scope":
                    yield from self.both(value, f"{field}.scope")

    def check_repositoryURL(self, value: Any) -> Sentences:  # noqa: N802 - the registry's own names
        yield from self.urls(value, "repositoryURL")

    def check_downloadURL(self, value: Any) -> Sentences:  # noqa: N802
        yield from self.urls(value, "downloadURL")

    def check_homepageURL(self, value: Any) -> Sentences:  # noqa: N802
        yield from self.urls(value, "homepageURL")

    def check_team(self, value: Any) -> Sentences:
        yield from self.both(value, "team")

    def check_tags(self, tags: Any) -> Sentences:
        for language in (yield from self.keys(tags, "tags", PARTS["tags"])):
            for field, tag in (yield from self.rows(tags[language], f"tags.{language}")):
                yield from self.text(tag, field)

    def check_languages(self, languages: Any) -> Sentences:
        for field, language in (yield from self.rows(languages, "languages")):
            yield from self.text(language, field)

    def check_partners(self, partners: Any) -> Sentences:
        for field, partner in (yield from self.rows(partners, "partners")):
            for name in (yield from self.keys(partner, field, PARTS["partners"])):
                yield from self.text(partner[name], f"{field}.{name}")
                if name == "email":
                    yield from self.email(partner[name], f"{field}.email")

    def check_relatedCode(self, related: Any) -> Sentences:  # noqa: N802
        for field, code in (yield from self.rows(related, "relatedCode")):
            for name in (yield from self.keys(code, field, PARTS["relatedCode"])):
                yield from (self.urls if name == "URL" else self.both)(code[name], f"{field}.{name}")

    def check_status(self, status: Any) -> Sentences:
        if status not in STATUSES:
            yield _("“%(field)s” must be one of %(choices)s.") % {
                "field": "status",
                "choices": ", ".join(STATUSES),
            }

    # --- the shapes. Each gives the sentences, and returns what can be looked into further.

    def keys(self, value: Any, field: str, wanted: dict[str, bool]) -> Sentences:
        if not isinstance(value, dict):
            yield _("“%(field)s” must have parts: %(parts)s.") % {
                "field": field or "-",
                "parts": ", ".join(wanted),
            }
            return []
        under = f"{field}." if field else ""
        for name in value:
            if name not in wanted:
                yield _("The registry has no field “%(field)s”.") % {"field": f"{under}{name}"}
        for name, required in wanted.items():
            if required and not _given(value.get(name)):
                yield _("“%(field)s” is missing or empty.") % {"field": f"{under}{name}"}
        return [name for name in wanted if _given(value.get(name))]

    def rows(self, value: Any, field: str) -> Sentences:
        if not isinstance(value, list | tuple):
            yield _("“%(field)s” must be a list.") % {"field": field}
            return []
        return [(f"{field}[{number}]", row) for number, row in enumerate(value, start=1)]

    def text(self, value: Any, field: str) -> Sentences:
        if not isinstance(value, str):
            yield _("“%(field)s” must be text.") % {"field": field}
            return False
        if not value.strip():
            yield _("“%(field)s” is missing or empty.") % {"field": field}
            return False
        if any(unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") for char in value):
            yield _("“%(field)s” must be on one line, without control characters.") % {"field": field}
        return True

    def both(self, value: Any, field: str) -> Sentences:
        good = []
        for language in (yield from self.keys(value, field, LANGUAGES)):
            if not (yield from self.text(value[language], f"{field}.{language}")):
                continue
            good.append(language)
            limit = LIMITS.get(field)
            if limit and len(value[language]) > limit:
                yield _("“%(field)s” has %(n)d characters; at most %(limit)d are allowed.") % {
                    "field": f"{field}.{language}",
                    "n": len(value[language]),
                    "limit": limit,
                }
        return good

    def urls(self, value: Any, field: str) -> Sentences:
        for language in (yield from self.both(value, field)):
            try:
                parts = urlsplit(value[language])
                good = parts.scheme in ("http", "https") and bool(parts.hostname)
            except ValueError:
                good = False
            if not good or re.search(r"\s", value[language]):
                yield _("“%(field)s” must be a web address.") % {"field": f"{field}.{language}"}

    def email(self, value: Any, field: str) -> Sentences:
        try:
            validate_email(value)
        except ValidationError:
            yield _("“%(field)s” must be an email address.") % {"field": field}

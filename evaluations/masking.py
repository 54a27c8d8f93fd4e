"""Finds what in an answer could tell who wrote it, and suggests the text without it.

Pure: knows texts and the supplier's own particulars given to it, no record and no form. It finds what is written
plainly; a person reads the rest.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

MASK = "[masked / masqué]"

KINDS = {
    "name": _("name"),
    "business": _("business name"),
    "email": _("email address"),
    "link": _("link"),
    "account": _("account name"),
    "phone": _("telephone number"),
    "address": _("address"),
}

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>\"')\]]+"
    r"|\b(?:[a-z0-9-]+\.)+(?:ca|com|org|net|io|dev|app|me|co|info|tech|gc\.ca)\b(?:/[^\s<>\"')\]]*)?",
    re.I,
)
_PHONE = re.compile(r"(?<!\d)(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]\d{4}(?!\d)")
_POSTAL = re.compile(r"\b[A-CEGHJ-NPR-TVXY]\d[A-Z] ?\d[A-Z]\d\b", re.I)
_STREET = re.compile(
    r"\b\d{1,5}[,]? (?:[\w'’.-]+ ){0,3}(?:street|st\.|avenue|ave\.|road|rd\.|boulevard|blvd|drive|lane|crescent|court)(?!\w)"
    r"|\b\d{1,5}[,]? (?:rue|avenue|boulevard|boul\.|chemin|route|place)(?: [\w'’.-]+){1,3}",
    re.I,
)
_SHARED_DOMAINS = set(
    "gmail hotmail outlook yahoo icloud protonmail proton videotron bell rogers sympatico live".split()
)
_PLAIN_WORDS = set(
    "inc ltd ltee limited corp corporation company enr group groupe software logiciel logiciels solutions services "
    "consulting conseil conseils technology technologies tech digital numerique canada development developpement "
    "code data design studio the and les des van von der del".split()
)


@dataclass(frozen=True)
class Flag:
    """A stretch of a text that may identify: `kind` of KINDS, and where it is."""

    kind: str
    start: int
    end: int
    found: str

    @property
    def label(self) -> Any:
        """The kind in the reader's language."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class Identity:
    """What is known of a supplier that their answers should not say."""

    names: tuple[str, ...] = ()
    businesses: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    def terms(self) -> Iterator[tuple[str, str]]:
        """(kind, words to look for), folded."""
        for kind, texts, shortest in (("name", self.names, 3), ("business", self.businesses, 4)):
            for text in texts:
                words = _words(text)
                yield kind, " ".join(words)
                yield from (
                    (kind, word) for word in words if len(word) >= shortest and word not in _PLAIN_WORDS
                )
        for email in self.emails:
            local, _at, domain = email.partition("@")
            yield "email", fold(email)
            if len(local) >= 4:
                yield "account", fold(local)
            site = domain.split(".")[0]
            if len(site) >= 4 and fold(site) not in _SHARED_DOMAINS:
                yield "business", fold(site)
        for address in self.accounts:
            parts = urlsplit(address if "//" in address else f"https://{address}")
            for part in parts.path.split("/"):
                if len(part) >= 3:
                    yield "account", fold(part.lstrip("@~"))


def fold(text: str) -> str:
    """The text without case, accents and invisible characters."""
    return _folded(text)[0]


def _folded(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the place it came from."""
    characters, places = [], []
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character).casefold():
            if unicodedata.category(part) not in ("Mn", "Cf"):
                characters.append(part)
                places.append(place)
    return "".join(characters), places


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", fold(text))


def flags(text: str, identity: Identity) -> list[Flag]:
    """What could identify the supplier in the text: their own particulars, and any address, link or number of anyone."""
    found: list[Flag] = []
    for kind, pattern in (
        ("email", _EMAIL),
        ("link", _LINK),
        ("phone", _PHONE),
        ("address", _POSTAL),
        ("address", _STREET),
    ):
        found += [Flag(kind, m.start(), m.end(), m.group()) for m in pattern.finditer(text)]
    folded, places = _folded(text)
    for kind, term in set(identity.terms()):
        if not term:
            continue
        pattern = r"(?<!\w)" + r"\W+".join(re.escape(word) for word in term.split()) + r"(?!\w)"
        for match in re.finditer(pattern, folded):
            start, end = places[match.start()], places[match.end() - 1] + 1
            found.append(Flag(kind, start, end, text[start:end]))
    return _outermost(found)


def _outermost(found: Iterable[Flag]) -> list[Flag]:
    """Without those inside another, in the order of the text."""
    kept: list[Flag] = []
    for flag in sorted(found, key=lambda f: (f.start, -f.end, f.kind)):
        if not kept or flag.end > kept[-1].end:
            kept.append(flag)
    return kept


def suggestion(text: str, found: list[Flag]) -> str:
    """The text with every flagged stretch replaced by MASK."""
    parts, place = [], 0
    for flag in found:
        if flag.start >= place:
            parts += [text[place : flag.start], MASK]
        place = max(place, flag.end)
    return "".join(parts) + text[place:]

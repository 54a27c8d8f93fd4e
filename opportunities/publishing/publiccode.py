"""`publiccode.yml` (version 0.7) for delivered code: what a supplier commits so that catalogues of public code find it.

Written from the registry entry, or from the opportunity before there is one. What only the supplier knows (platforms, the
languages of the interface) starts from the smallest claim, and the file says to check it.
"""

import re
from datetime import date
from typing import Any

import yaml
from django.conf import settings

from microacq import clock

from ..models.opportunity import DEPARTMENTS_FR
from . import ore
from .addresses import LANGUAGES, addresses

VERSION = "0.7"
SHORT, LONG_LEAST, LONG_MOST = 150, 150, 10_000
FUNDED_BY = {
    "name": " / ".join(next(iter(DEPARTMENTS_FR.items()))),
    "uri": "https://www.canada.ca/en/employment-social-development.html",
}
STATUSES = {"Alpha": "beta", "Beta": "beta", "Deprecated": "obsolete", "Retired": "obsolete"}
COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")
ORIGIN = {
    "en": "This code was written as a micro-acquisition: a small, fixed-price piece of open source work for the Government of Canada, done in the open. What was asked for, and how the supplier was chosen, is public: {page}",
    "fr": "Ce code a été écrit dans le cadre d’une micro-acquisition : un petit travail à code source ouvert et à prix fixe pour le gouvernement du Canada, fait au grand jour. Ce qui était demandé, et la façon dont le fournisseur a été choisi, sont publics : {page}",
}
HEADER = """\
# Commit this file as publiccode.yml at the root of the repository. Check platforms, softwareType, developmentStatus and
# localisation first: only you know them. The standard: https://yml.publiccode.tools/
# Versez ce fichier sous le nom publiccode.yml à la racine du dépôt. Vérifiez d’abord platforms, softwareType,
# developmentStatus et localisation : vous seul les connaissez. La norme : https://yml.publiccode.tools/
"""


class _Dumper(ore.Dumper):
    """The registry's style, with a text of several lines as a block that people can read."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    if "\n" in value:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|")
    return ore.represent_text(dumper, value)


_Dumper.add_representer(str, _text)


def as_dict(opportunity, entry, contract, delivery) -> dict[str, Any]:
    """The file's content. `entry` is the registry's, saved or drafted; `delivery` the latest, or None."""
    revision = delivery.revision if delivery else ""
    pages = addresses("opportunity", opportunity.reference)
    content: dict[str, Any] = {
        "publiccodeYmlVersion": VERSION,
        "name": entry.name_en,
        "url": entry.repository_url,
    }
    if revision and not COMMIT.fullmatch(revision):
        content["softwareVersion"] = revision
    if delivery:
        content["releaseDate"] = _day(delivery.delivered_at)
    return content | {
        "fundedBy": [dict(FUNDED_BY)],
        "platforms": ["linux"],
        "categories": ["it-development"],
        "developmentStatus": STATUSES.get(entry.status, "stable"),
        "softwareType": "standalone/other",
        "description": {
            language: {
                "localisedName": getattr(entry, f"name_{language}"),
                "shortDescription": cut(getattr(entry, f"what_it_does_{language}"), SHORT),
                "longDescription": _long(
                    opportunity, language, ORIGIN[language].format(page=pages[language])
                ),
                "features": _features(opportunity, entry, language),
            }
            for language in LANGUAGES
        },
        "legal": {"license": entry.licence, "mainCopyrightOwner": contract.supplier_name},
        "maintenance": _maintenance(entry),
        "localisation": {"localisationReady": False, "availableLanguages": ["en"]},
    }


def as_yaml(content: dict[str, Any]) -> str:
    """The file, in UTF-8."""
    return HEADER + yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def cut(text: str, limit: int) -> str:
    """A text on one line, cut after a word."""
    line = " ".join((text or "").split())
    return line if len(line) <= limit else line[:limit].rpartition(" ")[0].rstrip(",;:") + "…"


def _day(moment) -> str:
    day: date = moment.astimezone(clock.EASTERN).date()
    return day.isoformat()


def _long(opportunity, language: str, origin: str) -> str:
    told = [getattr(opportunity, f"{name}_{language}") or "" for name in ("short_description", "work")]
    room = LONG_MOST - len(origin) - 2
    text = "\n\n".join(part.replace("\r\n", "\n").strip() for part in told if part.strip())[:room]
    # Blanks at the end of a line would keep the text from being written as a block.
    return "\n".join(
        line.rstrip().replace("\t", "    ") for line in f"{text}\n\n{origin}".strip().split("\n")
    )


def _features(opportunity, entry, language: str) -> list[str]:
    """What was asked for, one a line when it is a list; else what the entry says that it does."""
    asked = getattr(opportunity, f"deliverables_{language}") or ""
    listed = [
        found[1] for line in asked.splitlines() if (found := re.match(r"\s*(?:[-*+]|\d+[.)])\s+(.+)", line))
    ]
    return [cut(line, 200) for line in listed[:20]] or [cut(getattr(entry, f"what_it_does_{language}"), 200)]


def _maintenance(entry) -> dict[str, Any]:
    """The standard wants a person's name for what is maintained: without one, nobody is said to maintain it."""
    if entry.status == "Maintained" and entry.contact_name:
        contact = {"name": entry.contact_name, "email": entry.contact_email or settings.CONTACT_EMAIL}
        return {"type": "internal", "contacts": [contact]}
    return {"type": "none"}

"""Reads an opportunity as the pilot posted it: two Markdown files, English and French, with front matter.

Knows the pilot's headings in both languages and the shape of its lists. Knows no model,
no database and no clock: it turns text into one `ImportedStatement` or says, in one sentence, what is wrong.
Whatever it could not place it names, so that a person can decide.
"""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from opportunities.publishing import ore
from opportunities.publishing.statement_front import decode, fail, file_name, front_matter
from opportunities.publishing.statement_parts import (
    Item,
    Section,
    StatementError,
    ends_as_lead_in,
    excerpt,
    list_items,
    sections,
)

__all__ = ["AcceptanceCriterion", "ImportedStatement", "StatementError", "read"]

DEFAULT_LICENCE = "MIT"

Pair = dict[str, str]  # {"en": ..., "fr": ...}


@dataclass(frozen=True)
class AcceptanceCriterion:
    kind: str  # "licence", "requirements", "test" or "other"
    en: str
    fr: str


@dataclass
class ImportedStatement:
    """One statement in both languages. Long texts are Markdown; times are aware, dates are Eastern days."""

    ref: str
    title: Pair
    short_description: Pair
    background: Pair
    work: Pair
    deliverables: Pair
    skills: list[Pair]
    licence: str
    evaluation_criteria: list[Pair]
    acceptance_criteria: list[AcceptanceCriterion]
    fixed_price: Decimal
    closing_at: dt.datetime
    selection_date: dt.date
    delivery_date: dt.date
    unplaced: list[str] = field(default_factory=list)


# Headings as they are written in each language, without accents, case or punctuation.
HEADINGS = {
    "en": {
        "description": "description",
        "background": "background",
        "context": "background",
        "the work": "work",
        "work": "work",
        "deliverables": "deliverables",
        "application evaluation": "evaluation",
        "evaluation of applications": "evaluation",
        "work acceptance criteria": "acceptance",
        "acceptance criteria": "acceptance",
    },
    "fr": {
        "description": "description",
        "contexte": "background",
        "le travail": "work",
        "travail": "work",
        "les travaux": "work",
        "travaux": "work",
        "livrables": "deliverables",
        "produits livrables": "deliverables",
        "evaluation de la demande": "evaluation",
        "evaluation des demandes": "evaluation",
        "evaluation de la candidature": "evaluation",
        "evaluation des candidatures": "evaluation",
        "criteres d acceptation de travail": "acceptance",
        "criteres d acceptation du travail": "acceptance",
        "criteres d acceptation des travaux": "acceptance",
        "criteres d acceptation": "acceptance",
    },
}
NEEDED = {
    "background": {"en": "Background", "fr": "Contexte"},
    "work": {"en": "The work", "fr": "Le travail"},
    "evaluation": {"en": "Application evaluation", "fr": "Évaluation de la demande"},
    "acceptance": {"en": "Work acceptance criteria", "fr": "Critères d'acceptation des travaux"},
}
DELIVERABLES_SENTENCE = {
    "en": "The code and its documentation, as described under “The work”.",
    "fr": "Le code et sa documentation, tels qu’ils sont décrits sous « Le travail ».",
}


@dataclass
class _Post:
    """One language's file, taken apart."""

    lang: str
    front: dict[str, Any]
    parts: dict[str, Section]
    unplaced: list[str]

    def text(self, part: str) -> str:
        return self.parts[part].body if part in self.parts else ""


def read(en_text: str | bytes, fr_text: str | bytes) -> ImportedStatement:
    """Takes the English and the French file (text, or bytes in UTF-8) and gives the statement in them.

    Raises StatementError, whose text is one sentence for the person who supplied the files, when a file is
    broken or the two disagree.
    """
    en, fr = _post(en_text, "en"), _post(fr_text, "fr")
    for key, label in (("ref", _("the reference")), ("value", _("the fixed price"))):
        _agree(en, fr, key, label)
    for key in ("closing_date", "start_date", "delivery_date"):
        _agree(en, fr, key, f"“{key}”")
    both: list[str] = []  # what concerns neither file alone
    evaluation, acceptance = _evaluation(en, fr), _acceptance(en, fr)
    licence = _licence(acceptance, both)
    for kind, sentence in (
        ("licence", _("No acceptance criterion is about the licence file; a statement needs one.")),
        ("requirements", _("No acceptance criterion is about the requirements; a statement needs one.")),
    ):
        if not any(criterion.kind == kind for criterion in acceptance):
            both.append(sentence)
    return ImportedStatement(
        ref=en.front["ref"],
        title=_both(en, fr, "title"),
        short_description=_both(en, fr, "short_desc"),
        background={post.lang: _background(post) for post in (en, fr)},
        work={post.lang: post.text("work") for post in (en, fr)},
        deliverables=_deliverables(en, fr, both),
        skills=_skills(en.front["skills"], fr.front["skills"]),
        licence=licence,
        evaluation_criteria=evaluation,
        acceptance_criteria=acceptance,
        fixed_price=en.front["value"],
        closing_at=en.front["closing_date"],
        selection_date=en.front["start_date"],
        delivery_date=en.front["delivery_date"],
        unplaced=en.unplaced + fr.unplaced + both,
    )


def _both(en: _Post, fr: _Post, key: str) -> Pair:
    return {"en": en.front[key], "fr": fr.front[key]}


def _agree(en: _Post, fr: _Post, key: str, label: str) -> None:
    if en.front[key] != fr.front[key]:
        raise StatementError(
            _("The two files differ on %(what)s: %(en)s in English, %(fr)s in French.")
            % {"what": label, "en": en.front[key], "fr": fr.front[key]}
        )


# --- one file


def _post(raw: str | bytes, lang: str) -> _Post:
    unplaced: list[str] = []
    front, body = front_matter(decode(raw, lang), lang, unplaced)
    found: dict[str, Section] = {}
    names = HEADINGS[lang]
    for section in sections(body, lambda heading: names.get(_plain(heading))):
        if section.part is None:
            unplaced.append(_left_out(lang, section.heading, section.body))
        elif section.part in found:
            raise fail(lang, _("the heading “%(heading)s” is there twice.") % {"heading": section.heading})
        else:
            found[section.part] = section
    post = _Post(lang, front, found, unplaced)
    if not _background(post):
        found.pop("background", None)
    for part, labels in NEEDED.items():
        present = bool(_background(post)) if part == "background" else bool(post.text(part))
        if not present:
            raise fail(
                lang,
                _("there is no text under a heading “%(heading)s”.") % {"heading": labels[lang]},
            )
    return post


def _plain(heading: str) -> str:
    bare = unicodedata.normalize("NFKD", heading.casefold())
    bare = "".join(char for char in bare if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", bare).split())


def _left_out(lang: str, heading: str, text: str) -> str:
    return _("%(file)s, under “%(heading)s”: “%(text)s” was left out.") % {
        "file": file_name(lang),
        "heading": heading,
        "text": excerpt(text),
    }


# --- the parts of the statement


def _background(post: _Post) -> str:
    # What stands directly under "Description", before its first sub-heading, introduces the background.
    return "\n\n".join(text for text in (post.text("description"), post.text("background")) if text)


def _skills(en: list[str], fr: list[str]) -> list[Pair]:
    """Pairs by position when both languages name as many; otherwise one pair with all of them."""
    split = re.compile(r"\s*[,;]\s*(?:and\s+|et\s+)?|\s+(?:and|et|&)\s+")
    ens, frs = ([part for name in names for part in split.split(name) if part] for names in (en, fr))
    if len(ens) != len(frs):
        ens, frs = [", ".join(en)], [", ".join(fr)]
    return [{"en": one, "fr": other} for one, other in zip(ens, frs, strict=True)]


def _items(post: _Post, part: str) -> list[Item]:
    """The first list under a heading. What stands around it goes to `unplaced`."""
    section = post.parts[part]
    before, items, after = list_items(section.body)
    if not items:
        raise fail(
            post.lang, _("there is no list under the heading “%(heading)s”.") % {"heading": section.heading}
        )
    if before:
        post.unplaced.append(
            _(
                "%(file)s, under “%(heading)s”: the introduction “%(text)s” was left out; the page has its own."
            )
            % {"file": file_name(post.lang), "heading": section.heading, "text": excerpt(before)}
        )
    if part == "evaluation" and re.search(r"eligib|admissib", after, re.IGNORECASE):
        post.unplaced.append(
            _(
                "%(file)s, under “%(heading)s”: the eligibility text was left out; every application states it."
            )
            % {"file": file_name(post.lang), "heading": section.heading}
        )
    elif after:
        post.unplaced.append(_left_out(post.lang, section.heading, after))
    return items


def _same_length(en: list[Item], fr: list[Item], what: str) -> None:
    if len(en) != len(fr):
        raise StatementError(
            _("The two files differ on %(what)s: %(en)d in English, %(fr)d in French.")
            % {"what": what, "en": len(en), "fr": len(fr)}
        )


def _evaluation(en: _Post, fr: _Post) -> list[Pair]:
    ens, frs = _items(en, "evaluation"), _items(fr, "evaluation")
    _same_length(ens, frs, _("the number of evaluation criteria"))
    return [{"en": one.text, "fr": other.text} for one, other in zip(ens, frs, strict=True)]


def _acceptance(en: _Post, fr: _Post) -> list[AcceptanceCriterion]:
    """One criterion for each numbered item; an item on the requirements gives one for each of its bullets too."""
    what = _("the number of acceptance criteria")
    ens, frs = _items(en, "acceptance"), _items(fr, "acceptance")
    _same_length(ens, frs, what)
    criteria = []
    for one, other in zip(ens, frs, strict=True):
        kind = _kind(one.lead)
        if kind == "requirements" and one.children:
            _same_length(one.children, other.children, what)
            criteria.append(AcceptanceCriterion(kind, ends_as_lead_in(one.lead), ends_as_lead_in(other.lead)))
            criteria += [
                AcceptanceCriterion(_kind(bullet.lead), bullet.text, autre.text)
                for bullet, autre in zip(one.children, other.children, strict=True)
            ]
        else:
            criteria.append(AcceptanceCriterion(kind, one.text, other.text))
    return criteria


def _kind(lead: str) -> str:
    if re.search(r"\blicen[cs]e", lead, re.IGNORECASE):
        return "licence"
    if re.search(r"\brequirements?\b", lead, re.IGNORECASE):
        return "requirements"
    if re.search(r"\btest(s|ed|ing)?\b", lead, re.IGNORECASE):
        return "test"
    return "other"


def _licence(criteria: list[AcceptanceCriterion], unplaced: list[str]) -> str:
    words = " ".join(criterion.en for criterion in criteria if criterion.kind == "licence")
    known = sorted(ore.licences(), key=lambda row: -len(row[0]))
    for spdx, name in known:
        if re.search(rf"(?<![\w.-]){re.escape(spdx)}(?![\w-]|\.\d)", words) or name in words:
            return spdx
    unplaced.append(
        _("No open source licence is named; %(licence)s, the default, was taken.")
        % {"licence": DEFAULT_LICENCE}
    )
    return DEFAULT_LICENCE


def _deliverables(en: _Post, fr: _Post, unplaced: list[str]) -> Pair:
    """The text under "Deliverables", else the first sentence of each numbered item of the work."""
    if all(post.text("deliverables") for post in (en, fr)):
        return {post.lang: post.text("deliverables") for post in (en, fr)}
    firsts = {post.lang: [item.first_words for item in list_items(post.text("work"))[1]] for post in (en, fr)}
    unplaced.append(
        _(
            "The files have no list of deliverables; one was made from the numbered items of the work: check it."
        )
    )
    if not firsts["en"] or len(firsts["en"]) != len(firsts["fr"]):
        return DELIVERABLES_SENTENCE
    return {
        lang: "\n".join(f"{number}. {words}" for number, words in enumerate(lines, start=1))
        for lang, lines in firsts.items()
    }

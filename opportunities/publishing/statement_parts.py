"""Takes the Markdown of a post apart: its sections by heading, a list's items, an item's opening words.

Knows Markdown and the ways English and French lead into a list. Does not know which headings a statement
needs, and changes no word: every text it gives is a slice of the source, unindented.
"""

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Reading the structure only: indented code is off so that a deeply indented bullet stays a bullet.
_PARSER = MarkdownIt("commonmark").disable("code")


class StatementError(ValueError):
    """Says in one sentence why the files cannot be read as a statement."""


@dataclass
class Section:
    part: str | None  # the part of the statement that its heading names; None when it names none
    heading: str
    body: str


@dataclass
class Item:
    """One item of a list: `text` is the whole of it, `lead` what comes before its own list, on one line."""

    text: str

    @cached_property
    def _parts(self) -> tuple[str, list["Item"], str]:
        return list_items(self.text)

    @property
    def lead(self) -> str:
        return " ".join((self._parts[0] if self.children else self.text).split())

    @property
    def children(self) -> list["Item"]:
        """The items of its own list; none when text follows that list, which would be lost."""
        return [] if self._parts[2] else self._parts[1]

    @property
    def first_words(self) -> str:
        """Its first sentence, without the words that only lead into a list ("which must:", "qui permet :")."""
        sentence = re.split(r"(?<=[.!?])\s", self.lead, maxsplit=1)[0]
        if sentence.endswith(":"):
            sentence = re.sub(
                r"[\s,]*\b(which|that|to|and|qui|afin|pour)?"
                r"(\s*\b(must|will|shall|should|can|doit|doivent|devra|devront|permet|permettent|de|d’|d'))*\s*:$",
                "",
                sentence,
                flags=re.IGNORECASE,
            )
        return sentence[:1].upper() + sentence[1:]


def sections(body: str, part_of: Callable[[str], str | None]) -> list[Section]:
    """The sections of a Markdown text, in order. `part_of(heading)` names a heading's part, or gives None.

    A heading without a part that stands below one with a part belongs to its text. What comes before the
    first heading is a section with an empty heading. Sections without text are left out.
    """
    lines = body.split("\n")
    heads: list[tuple[int, int, str, int]] = []  # first line, line after, heading, depth
    tokens = _PARSER.parse(body)
    for token, inline in zip(tokens, tokens[1:], strict=False):
        if token.type == "heading_open" and token.level == 0 and token.map:
            heads.append((token.map[0], token.map[1], inline.content.strip(), int(token.tag[1])))
    found = [Section(None, "", "\n".join(lines[: heads[0][0] if heads else len(lines)]))]
    part_depth = 0  # of the part we are in; 0 outside any
    for index, (first, after, heading, depth) in enumerate(heads):
        end = heads[index + 1][0] if index + 1 < len(heads) else len(lines)
        part = part_of(heading)
        if part is None and part_depth and depth > part_depth:
            found[-1].body += "\n" + "\n".join(lines[first:end])
            continue
        part_depth = depth if part else 0
        found.append(Section(part, heading, "\n".join(lines[after:end])))
    for section in found:
        section.body = _trim(section.body)
    return [section for section in found if section.body]


def list_items(text: str) -> tuple[str, list[Item], str]:
    """What comes before the first list of a Markdown text, that list's items, and what comes after it."""
    lines = text.split("\n")
    tokens = _PARSER.parse(text)
    bounds = next((token.map for token in tokens if _is_list(token)), None)
    if not bounds:
        return text.strip(), [], ""
    items = [
        Item(_unmark(lines[token.map[0] : token.map[1]]))
        for token in tokens
        if token.type == "list_item_open" and token.level == 1 and token.map and _within(token.map, bounds)
    ]
    return _trim("\n".join(lines[: bounds[0]])), items, _trim("\n".join(lines[bounds[1] :]))


def ends_as_lead_in(text: str) -> str:
    """A lead without a last sentence that only introduces a list ("In addition:", "De plus :")."""
    sentences = re.split(r"(?<=[.!?])\s+", text.strip())
    if len(sentences) > 1 and sentences[-1].rstrip().endswith(":"):
        sentences.pop()
    return " ".join(sentences)


def excerpt(text: str, limit: int = 120) -> str:
    """The text on one line, cut to at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _is_list(token: Token) -> bool:
    return token.type in ("ordered_list_open", "bullet_list_open") and token.level == 0


def _within(inner: list[int], outer: list[int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _unmark(lines: list[str]) -> str:
    """The lines of one list item without its marker and indentation."""
    match = re.match(r"\s*(?:[-+*]|\d{1,9}[.)])(?:\s+|$)", lines[0])
    assert match  # the parser found an item here
    rest = textwrap.dedent("\n".join(lines[1:]))
    return f"{lines[0][match.end() :]}\n{rest}".strip()


def _trim(text: str) -> str:
    """Without the blank lines and the rules (`---`, `<hr/>`) around it."""
    rule = r"(?:<hr\s*/?>|(?:[-*_][ \t]*){3,})"
    text = re.sub(rf"\A(?:\s*^{rule}[ \t]*$)+", "", text.strip(), flags=re.MULTILINE)
    return re.sub(rf"(?:^{rule}[ \t]*$\s*)+\Z", "", text, flags=re.MULTILINE).strip()

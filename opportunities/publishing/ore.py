"""Entries of the Open Resource Exchange (ORE), the registry of the government's open source code.

Knows the registry's fields, rules and house style, and how to add one entry to a department's file without
touching the rest of it. Knows no model and no network: `data/ore/` holds what the registry publishes.

An entry is a dict in the registry's own shape, `{"contact": {"email": ...}, "date": {...}, ...}`; a text in
both languages is `{"en": ..., "fr": ...}`.
"""

import datetime as dt
import functools
import json
import re
import textwrap
import unicodedata
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

from opportunities.publishing.ore_rules import FIELDS, LIMITS, problems_of

DATA = Path(__file__).parent / "data" / "ore"
ADMIN_CODE = "esdc-edsc"

Entry = dict[str, Any]

_PLAIN = str.maketrans("’‘–—‑/&", "''----+") | {ord(":"): " -"}


class RegistryError(ValueError):
    """Says in one sentence why an entry cannot be added to the file."""


class Duplicate(RegistryError):
    """The file already has an entry of that name, which can be updated instead."""


# --- what the registry allows


@functools.cache
def _spdx() -> dict[str, dict[str, Any]]:
    listed = json.loads((DATA / "licenses.json").read_text(encoding="utf-8"))
    return {row["id"]: row for row in listed["licenses"]}


@functools.cache
def _categories() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = yaml.safe_load((DATA / "categories.yml").read_text(encoding="utf-8"))
    return loaded


def licences() -> list[tuple[str, str]]:
    """(SPDX identifier, name) of every licence the registry takes, in alphabetical order."""
    return [(spdx, row["name"]) for spdx, row in _spdx().items() if licence_ok(spdx)]


def licence_ok(spdx: str) -> bool:
    """Whether it is an SPDX identifier that is not deprecated and that the OSI or the FSF approved."""
    row = _spdx().get(spdx)
    return bool(row and (row["osi"] or row["fsf"]) and not row["deprecated"])


def categories(language: str) -> list[tuple[str, str]]:
    """(code, label in "en" or "fr") of the registry's categories; `"43232400"` is development software."""
    return [(code, labels[language]) for code, labels in _categories().items()]


def suggest_name(title: str) -> str:
    """A title as a name that the registry allows: typographic signs made plain, others dropped, cut to length."""
    plain = unicodedata.normalize("NFC", title).translate(_PLAIN)
    kept = "".join(char for char in plain if char.isalnum() or char in ",.'()*+- " or char.isspace())
    return " ".join(kept.split())[: LIMITS["name"]].strip()


def problems(entry: Entry) -> list[str]:
    """What the registry would refuse or regret in an entry, as sentences in the reader's language; [] when nothing."""
    return problems_of(entry, set(_categories()), licence_ok)


# --- writing


class Dumper(yaml.SafeDumper):
    """The registry's style: indented lists, no aliases, and quotes around whatever a reader could take for
    something else than text, in any version of YAML."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def represent_text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """A text as YAML that nobody takes for something else."""
    style = None
    if any(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") for char in value):
        style = '"'  # escapes what cannot be seen
    elif not value[:1].isalpha() or "://" in value or value.lower() in ("y", "n"):
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


Dumper.add_representer(str, represent_text)


def _clean(value: Any) -> Any:
    """Dates as the text the registry wants; optional fields left empty are left out."""
    if isinstance(value, dict):
        kept = {key: _clean(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, "", [], {})}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, dt.date) else value


def _ordered(entry: Entry) -> Entry:
    cleaned: Entry = _clean(entry)
    order = list(FIELDS)
    return dict(
        sorted(cleaned.items(), key=lambda row: order.index(row[0]) if row[0] in order else len(order))
    )


def entry_block(entry: Entry) -> str:
    """The entry as the block of YAML that stands under `releases:`, indented by two, with a final line feed.

    Fields come in the order of the registry's form; dates may be `date` objects.
    """
    text: str = yaml.dump(
        {"releases": [_ordered(entry)]}, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=80
    )
    return text.split("\n", 1)[1]


def append_entry(file_text: str, entry: Entry, admin_code: str = ADMIN_CODE) -> str:
    """The department's file with the entry added at the end of its releases, every other byte as it was.

    Raises RegistryError when the entry has problems, its name is already there, or the file is not one that
    can be added to safely.
    """
    wrong = problems(entry)
    if wrong:
        raise RegistryError(" ".join(wrong))
    document, root = _parse(file_text)
    releases = _releases(document, root, admin_code)
    _refuse_duplicate(releases, entry["name"]["en"])
    changed = _insert(file_text, root, entry_block(entry))
    return _checked(changed, document | {"releases": [*releases, _ordered(entry)]})


def update_entry(file_text: str, entry: Entry, admin_code: str = ADMIN_CODE) -> str:
    """The department's file with the entry of that English name replaced, every other byte as it was.

    What the old entry says and the new one does not (its team, how it works) stays. Raises RegistryError when there is
    no such entry, and as `append_entry` does.
    """
    document, root = _parse(file_text)
    releases = _releases(document, root, admin_code)
    place = next((n for n, release in enumerate(releases) if _english(release) == entry["name"]["en"]), None)
    if place is None:
        raise RegistryError(
            _("The file has no entry named “%(name)s” to update.") % {"name": entry["name"]["en"]}
        )
    old = releases[place]
    merged = _ordered(
        {**old, **entry, "description": {**(old.get("description") or {}), **entry["description"]}}
    )
    wrong = problems(merged)
    if wrong:
        raise RegistryError(" ".join(wrong))
    changed = _replace(file_text, _releases_node(root), place, entry_block(merged))
    return _checked(changed, document | {"releases": [*releases[:place], merged, *releases[place + 1 :]]})


def _checked(changed: str, wanted: dict[str, Any]) -> str:
    # The one thing that matters, checked on the result itself whatever the file looked like.
    try:
        after = yaml.safe_load(changed)
    except yaml.YAMLError:
        after = None
    if after != wanted:
        raise RegistryError(_("The entry cannot be added to this file without changing the rest of it."))
    return changed


def _parse(text: str) -> tuple[dict[str, Any], yaml.MappingNode]:
    if "\r" in text:
        raise RegistryError(_("The file has Windows line endings; the registry wants line feeds only."))
    for number, line in enumerate(text.split("\n"), start=1):
        if "\t" in line[: len(line) - len(line.lstrip())]:
            raise RegistryError(
                _("The file is indented with a tab on line %(line)d; use spaces.") % {"line": number}
            )
    try:
        document = yaml.safe_load(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise RegistryError(
            _("The file is not valid YAML: line %(line)d.") % {"line": mark.line + 1}
            if mark
            else _("The file is not valid YAML.")
        ) from None
    if not isinstance(document, dict) or not isinstance(root, yaml.MappingNode):
        raise RegistryError(_("The file is not a code file of the registry: it has no “releases:”."))
    return document, root


def _releases(document: dict[str, Any], root: yaml.MappingNode, admin_code: str) -> list[Any]:
    keys = [key.value for key, _value in root.value]
    if "releases" not in keys:
        raise RegistryError(_("The file is not a code file of the registry: it has no “releases:”."))
    if keys.count("releases") > 1:
        raise RegistryError(_("The file has “releases:” twice."))
    if document.get("adminCode") != admin_code:
        raise RegistryError(
            _("The file is another administration's: its adminCode is “%(found)s”, not “%(wanted)s”.")
            % {"found": document.get("adminCode"), "wanted": admin_code}
        )
    node = _releases_node(root)
    listed = document["releases"]
    if listed is None:
        return []
    if not isinstance(listed, list) or node.flow_style:
        raise RegistryError(_("“releases:” in the file is not a list with one entry below the other."))
    names = [_slug(name) for name in map(_english, listed) if name is not None]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise RegistryError(_("The file has two entries named “%(name)s”.") % {"name": twice})
    return listed


def _releases_node(root: yaml.MappingNode) -> Any:
    return next(value for key, value in root.value if key.value == "releases")


def _slug(name: object) -> str:
    bare = unicodedata.normalize("NFKD", str(name)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")


def _english(release: Any) -> Any:
    names = release.get("name") if isinstance(release, dict) else None
    return names.get("en") if isinstance(names, dict) else None


def _refuse_duplicate(releases: list[Any], name: str) -> None:
    for release in releases:
        other = _english(release)
        # The registry finds an entry by its English name and makes its page's address from it.
        if other is not None and (str(other) == name or _slug(other) == _slug(name)):
            refusal = Duplicate if str(other) == name else RegistryError
            raise refusal(
                _("The file already has an entry named “%(name)s”; an entry needs a name of its own.")
                % {"name": other}
            )


def _insert(text: str, root: yaml.MappingNode, block: str) -> str:
    node = _releases_node(root)
    if isinstance(node, yaml.SequenceNode):  # level with the entries that are there
        block = textwrap.indent(textwrap.dedent(block), " " * node.start_mark.column)
    later = [key.start_mark.line for key, _value in root.value if key.start_mark.line > node.start_mark.line]
    if not later:
        return text + ("" if text.endswith("\n") else "\n") + block
    lines = text.splitlines(keepends=True)
    at = min(later)
    while at and (not lines[at - 1].strip() or lines[at - 1].startswith("#")):
        at -= 1  # comments and blank lines above the next key stay with it
    return "".join(lines[:at]) + block + "".join(lines[at:])


def _replace(text: str, node: yaml.SequenceNode, place: int, block: str) -> str:
    lines = text.splitlines(keepends=True)
    block = textwrap.indent(textwrap.dedent(block), " " * node.start_mark.column)
    start = node.value[place].start_mark.line
    if place + 1 < len(node.value):
        end = node.value[place + 1].start_mark.line
    else:
        end = min(node.end_mark.line, len(lines)) if node.end_mark.column == 0 else len(lines)
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1  # comments and blank lines above what follows stay with it
    return "".join(lines[:start]) + block + "".join(lines[end:])

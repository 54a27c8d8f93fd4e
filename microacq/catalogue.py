"""The French catalogue: what the source says, what is translated, and the compiled form. Needs no gettext programs.

Knows where words are written (Python and templates) and locale/fr; knows no meaning. English is the source itself.
"""

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

BASE_DIR = Path(__file__).resolve().parent.parent
SOURCES = ("microacq", "opportunities", "evaluations", "templates")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}")


def po_file(base: Path = BASE_DIR) -> Path:
    return base / "locale" / "fr" / "LC_MESSAGES" / "django.po"


def _files(base: Path) -> Iterator[Path]:
    for source in SOURCES:
        for pattern in ("*.py", "*.html", "*.txt", "*.svg"):
            yield from sorted((base / source).rglob(pattern))


def _python_of(path: Path) -> bytes:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text.encode()
    from django.utils.translation.template import templatize

    # Django turns a template into lines of Python-like calls, with u'' strings between X's.
    return "\n".join(
        call.group(0)
        for call in re.finditer(
            r" (?:n?p?gettext|_)\((?:[^()'\"]|u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")*\) ",
            templatize(text, origin=str(path)),
            re.S,
        )
    ).encode()


def said(base: Path = BASE_DIR) -> Catalog:
    """Every message that the source marks for translation, with where it is said."""
    catalog = Catalog(locale="fr", charset="utf-8", fuzzy=False)
    for path in _files(base):
        if "migrations" in path.parts:
            continue
        for line, words, _comments, context in extract("python", io.BytesIO(_python_of(path)), KEYWORDS):
            empty = not (words[0] if isinstance(words, tuple) else words)
            if not empty:
                catalog.add(words, locations=[(str(path.relative_to(base)), line)], context=context)
    return catalog


def translated(base: Path = BASE_DIR) -> Catalog:
    try:
        with open(po_file(base), "rb") as file:
            return read_po(file, locale="fr")
    except FileNotFoundError:
        return Catalog(locale="fr")


def _strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, (tuple, list)) else (message.string,)


def problems(base: Path = BASE_DIR) -> list[str]:
    """One sentence for each message that is missing, fuzzy, not translated, or loses a placeholder in French."""
    french = translated(base)
    found = []
    for message in said(base):
        if not message.id:
            continue
        words = message.id[0] if isinstance(message.id, tuple) else message.id
        where = ", ".join(sorted({place for place, _line in message.locations})[:2])
        entry = french.get(words, message.context)
        if entry is None:
            found.append(f"missing: {words!r} ({where})")
        elif entry.fuzzy:
            found.append(f"fuzzy: {words!r} ({where})")
        elif not all(_strings(entry)) or (isinstance(message.id, tuple) and len(_strings(entry)) < 2):
            found.append(f"not translated: {words!r} ({where})")
        else:
            # A singular form may leave its number out; the last form is the plural, or the only one.
            original = message.id[-1] if isinstance(message.id, tuple) else message.id
            if set(PLACEHOLDER.findall(original)) != set(PLACEHOLDER.findall(_strings(entry)[-1])):
                found.append(f"placeholders differ: {words!r} ({where})")
    return found


def update(base: Path = BASE_DIR) -> None:
    """Bring locale/fr up to what the source says: new messages empty, gone ones dropped, nothing guessed."""
    french = translated(base)
    french.update(said(base), no_fuzzy_matching=True)
    french.obsolete.clear()
    path = po_file(base)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        write_po(
            file,
            french,
            width=120,
            no_location=False,
            include_lineno=False,
            sort_output=True,
            omit_header=False,
        )


def compile_french(base: Path = BASE_DIR) -> bool:
    """Write django.mo beside django.po unless it is as new; returns whether it wrote."""
    source = po_file(base)
    compiled = source.with_suffix(".mo")
    if not source.exists() or (compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime):
        return False
    fresh = compiled.with_suffix(f".{os.getpid()}")
    with open(fresh, "wb") as file:
        write_mo(file, translated(base))
    fresh.replace(compiled)
    return True

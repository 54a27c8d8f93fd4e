"""The front matter of a post: the lines between two `---` at the top of its file.

Knows which names a statement needs and how the pilot wrote prices and dates. Knows nothing of the body below.
"""

import datetime as dt
import re
from contextlib import suppress
from decimal import Decimal
from typing import Any

import yaml
from django.utils.translation import gettext as _

from microacq import money
from microacq.clock import EASTERN
from microacq.text import has_control_characters
from opportunities.publishing.statement_parts import StatementError, excerpt

MAX_SIZE = 200_000
MAX_TITLE = 100
MAX_SHORT_DESCRIPTION = 500

REQUIRED = (
    "title",
    "ref",
    "lang",
    "skills",
    "value",
    "closing_date",
    "start_date",
    "delivery_date",
    "short_desc",
)
# Front matter that says something of the old site only; the rest is reported when it holds a value.
IGNORED = {"layout", "last_modified", "update"}


def file_name(lang: str) -> str:
    return _("The English file") if lang == "en" else _("The French file")


def fail(lang: str, sentence: str) -> StatementError:
    return StatementError(_("%(file)s: %(sentence)s") % {"file": file_name(lang), "sentence": sentence})


def decode(raw: str | bytes, lang: str) -> str:
    """A file as text with plain line feeds. Raises StatementError when it is not text, or too large."""
    if len(raw) > MAX_SIZE:
        raise fail(lang, _("it is too large; a statement holds at most %(n)d characters.") % {"n": MAX_SIZE})
    if isinstance(raw, bytes):
        try:
            raw = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise fail(lang, _("it is not text in UTF-8.")) from None
    text = raw.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if has_control_characters(text):
        raise fail(lang, _("it holds control characters, so it is not a text file."))
    if not text.strip():
        raise fail(lang, _("it is empty."))
    return text


def _split(text: str, lang: str) -> tuple[str, str]:
    match = re.match(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)(.*)\Z", text, re.DOTALL | re.MULTILINE)
    if not match:
        raise fail(lang, _("it has no front matter between two lines “---” at its top."))
    return match[1], match[2]


def front_matter(post: str, lang: str, unplaced: list[str]) -> tuple[dict[str, Any], str]:
    """Takes a whole post; gives its front matter, by the names in REQUIRED, and the body below it.

    `value` comes as a Decimal before tax, `closing_date` as an aware datetime, the other dates as Eastern days,
    `skills` as a list of names. What it left out or assumed is added to `unplaced`. Raises StatementError.
    """
    text, body = _split(post, lang)
    try:
        front = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = _(" (line %(line)d of the file)") % {"line": mark.line + 2} if mark else ""
        raise fail(lang, _("its front matter is not valid YAML%(where)s.") % {"where": where}) from None
    if not isinstance(front, dict):
        raise fail(lang, _("its front matter is not a list of names and values."))
    for key in REQUIRED:
        if front.get(key) in (None, "", []):
            raise fail(lang, _("its front matter lacks “%(key)s”.") % {"key": key})
    if front["lang"] != lang:
        raise fail(
            lang,
            _("its front matter says “lang: %(found)s”; are the two files in the right order?")
            % {"found": _scalar(front["lang"])},
        )
    for key, value in front.items():
        if key not in REQUIRED and key not in IGNORED and value not in (None, "", []):
            unplaced.append(
                _("%(file)s: “%(key)s” in the front matter was left out.")
                % {"file": file_name(lang), "key": key}
            )
    read: dict[str, Any] = {
        key: _text(front, key, lang, limit)
        for key, limit in (("title", MAX_TITLE), ("short_desc", MAX_SHORT_DESCRIPTION))
    }
    read["ref"] = _scalar(front["ref"])
    if not read["ref"]:
        raise fail(lang, _("“%(key)s” in its front matter must be text.") % {"key": "ref"})
    read["skills"] = _skill_names(front["skills"], lang)
    read["value"] = _price(front["value"], lang)
    read["closing_date"] = _moment(front["closing_date"], "closing_date", lang, unplaced)
    for key in ("start_date", "delivery_date"):
        read[key] = _day(front[key], key, lang)
    return read, body


def _scalar(value: object) -> str:
    # Lists are never written out: YAML lets a few lines stand for a gigabyte of them.
    return str(value).strip() if isinstance(value, str | int | dt.date) else ""


def _text(front: dict[str, Any], key: str, lang: str, limit: int) -> str:
    value = front[key]
    if not isinstance(value, str):
        raise fail(lang, _("“%(key)s” in its front matter must be text.") % {"key": key})
    value = " ".join(value.split())
    if len(value) > limit:
        raise fail(
            lang,
            _("“%(key)s” has %(n)d characters; at most %(limit)d are allowed.")
            % {"key": key, "n": len(value), "limit": limit},
        )
    return value


def _skill_names(value: object, lang: str) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    names = [" ".join(name.split()) for name in listed if isinstance(name, str) and name.strip()]
    if len(names) != len(listed):
        raise fail(lang, _("“%(key)s” in its front matter must be text.") % {"key": "skills"})
    return names


def _price(value: object, lang: str) -> Decimal:
    """The amount before tax. The pilot wrote `$6,500 (excluding taxes)` and `6 500$ (hors les taxes)`."""
    amount, _bracket, remark = _scalar(value).partition("(")
    if re.search(r"\b(including|included|taxes in|comprises|incluses)", remark + amount, re.IGNORECASE):
        raise fail(lang, _("“value” includes taxes; write the fixed price before taxes."))
    try:
        price = money.parse(amount.replace("CAD", "").replace("$", " ").strip())
    except ValueError:
        raise fail(
            lang, _("“value” is not an amount of money: “%(value)s”.") % {"value": excerpt(_scalar(value))}
        ) from None
    if price <= 0:
        raise fail(lang, _("the fixed price must be more than zero."))
    return price


def _moment(value: object, key: str, lang: str, unplaced: list[str]) -> dt.datetime:
    if isinstance(value, str):  # a quoted date
        with suppress(ValueError):
            value = dt.datetime.fromisoformat(value.strip())
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.replace(tzinfo=EASTERN)
    if isinstance(value, dt.date):
        unplaced.append(
            _("%(file)s: “%(key)s” gives no time; the end of that day, Eastern time, was taken.")
            % {"file": file_name(lang), "key": key}
        )
        return dt.datetime.combine(value, dt.time(23, 59, 59), tzinfo=EASTERN)
    raise fail(
        lang, _("“%(key)s” is not a date: “%(value)s”.") % {"key": key, "value": excerpt(_scalar(value))}
    )


def _day(value: object, key: str, lang: str) -> dt.date:
    """The Eastern day of a date or of a moment."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    return _moment(value, key, lang, []).astimezone(EASTERN).date()

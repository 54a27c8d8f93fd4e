"""Whether anything of a document acts that came from what somebody typed.

Reads HTML as a browser does (the lexbor parser), XML, JSON, calendars, CSV, YAML and mail. Gives what it found as
sentences; an empty list is the good answer. Knows no page.
"""

import csv
import email
import io
import json
import re
from xml.etree import ElementTree

import icalendar
import yaml
from selectolax.lexbor import LexborHTMLParser

from .planting import MARK

ACTING = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "base",
    "link",
    "meta",
    "svg",
    "math",
    "img",
    "form",
}
LOADING = {"src", "srcset", "data", "poster", "background", "srcdoc", "style", "action", "formaction", "ping"}
ADDRESSES = LOADING | {"href", "xlink:href", "cite", "longdesc", "usemap", "content", "manifest"}
SAFE = re.compile(r"(?:https?:|mailto:|/(?!/)|[?#]|$)", re.IGNORECASE)
OWN = re.compile(r"/(?!/)|[?#]")
DATA_ONLY = {"application/ld+json", "application/json"}
EVALUATED = "ZQXZQX"
"""What the template tricks would leave behind if a template had been made of typed text."""


def in_html(text: str) -> list[str]:
    """Elements, attributes, addresses and comments that came from typed text."""
    if EVALUATED in text:
        return ["a template was run"]
    if MARK not in text:
        return []
    found = []
    for node in LexborHTMLParser(text).root.traverse(include_text=True):
        tag = (node.tag or "").lower()
        if tag == "-text":
            continue
        if tag == "-comment":
            found += [f"comment: {node.html[:80]}"] if MARK in (node.html or "") else []
            continue
        if MARK in tag:
            found.append(f"element <{tag}>")
        attributes = node.attributes
        for name, value in attributes.items():
            plain = re.sub(r"[\x00-\x20]", "", value or "")
            if name.lower().startswith("on") or MARK in name:
                found.append(f"attribute {name} of <{tag}>")
            elif name in LOADING and MARK in plain and not OWN.match(plain):
                found.append(f"<{tag} {name}> is {value[:80]}")
            elif name in ADDRESSES and MARK in plain and tag != "meta" and not SAFE.match(plain):
                found.append(f"<{tag} {name}> leads to {value[:80]}")
            elif name in ("href", "rel") and MARK in plain and tag in ("link", "base"):
                found.append(f"<{tag}> loads {value[:80]}")
        if tag in ACTING and tag != "form" and MARK in (inner := node.text(deep=True) or ""):
            if tag == "script" and attributes.get("type") in DATA_ONLY:
                found += in_json(inner)
            else:
                found.append(f"<{tag}> holds {inner[:80]}")
        if tag == "meta" and (attributes.get("http-equiv") or "").lower() == "refresh":
            found.append("a refresh")
    return found


def in_json(text: str) -> list[str]:
    """Not JSON: typed text ended a string."""
    try:
        json.loads(text)
    except ValueError as problem:
        return [f"not JSON: {problem}"]
    return []


def in_xml(text: str) -> list[str]:
    """Elements and attributes of typed text; HTML inside is read too."""
    found = []
    for node in ElementTree.fromstring(text).iter():
        if MARK in node.tag or any(MARK in name for name in node.attrib):
            found.append(f"element {node.tag}")
        for name, value in node.attrib.items():
            if name.endswith("href") and not SAFE.match(value):
                found.append(f"{node.tag} leads to {value[:80]}")
        if node.attrib.get("type") in ("html", "xhtml") and node.text:
            found += in_html(node.text)
    return found


def in_calendar(text: str) -> list[str]:
    """Properties of typed text."""
    found = []
    for part in icalendar.Calendar.from_ical(text).walk():
        found += [
            f"{name} of {part.name}" for name in part if MARK in name.lower() or name in ("ATTACH", "BCC")
        ]
    return found


def in_csv(text: str) -> list[str]:
    """Rows of another length than the first: typed text ended a cell."""
    rows = [row for row in csv.reader(io.StringIO(text.lstrip("\ufeff"))) if row]
    return [f"a row of {len(row)} cells" for row in rows if len(row) != len(rows[0])]


def in_yaml(text: str) -> list[str]:
    """Not plain YAML, or a key of typed text."""

    def keys(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield str(key)
                yield from keys(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from keys(inner)

    return [f"key {key}" for key in keys(yaml.safe_load(text)) if MARK in key]


def in_mail(raw: bytes) -> list[str]:
    """Headers of typed text, other recipients, or a part that a mail program would run."""
    message = email.message_from_bytes(raw)
    found = [f"header {name}" for name in message if name.lower() in ("bcc", "cc", MARK)]
    found += [f"{name} twice" for name in ("Subject", "To", "From") if len(message.get_all(name, [])) > 1]
    for part in message.walk():
        if part.get_content_type() == "text/html":
            found += in_html(part.get_payload(decode=True).decode())
        elif part.get_content_maintype() not in ("text", "multipart"):
            found.append(f"a part of type {part.get_content_type()}")
    return found


READERS = {
    "text/html": in_html,
    "application/json": in_json,
    "application/atom+xml": in_xml,
    "application/xml": in_xml,
    "text/xml": in_xml,
    "text/calendar": in_calendar,
    "text/csv": in_csv,
    "application/yaml": in_yaml,
    "application/x-yaml": in_yaml,
    "text/yaml": in_yaml,
}
NEVER_RUN = (
    "text/plain",
    "text/markdown",
    "text/x-python",
    "application/pdf",
    "application/zip",
    "application/octet-stream",
)


def in_answer(response) -> list[str]:
    """What acts in an answer of the site, whatever its type; a type that nobody expects is said too."""
    kind = response["Content-Type"].partition(";")[0].strip()
    found = [] if response["X-Content-Type-Options"] == "nosniff" else ["no nosniff"]
    if kind in READERS:
        content = b"".join(response.streaming_content) if response.streaming else response.content
        return found + READERS[kind](content.decode())
    return (
        found
        if kind.startswith(NEVER_RUN) or kind.startswith("application/vnd.")
        else [*found, f"type {kind}"]
    )

"""The case file: everything about one opportunity in a ZIP, for the team, to read, to process and to check.

Knows how a part registers itself, what its reader may be told, and how a record is said; knows no part by name. Sealed
applications are counted and nothing more; names of suppliers are in it once the evaluation is confirmed, or for who
prepared the release. `manage.py verify_case_file` checks one without a database.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.storage import storages
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from microacq import archive, clock, uploads
from microacq.models import User

from .. import chain
from ..facts import Fact, fact, in_words, label_of, title_of
from ..models import CaseFile, EvaluationCriterion, Event, Opportunity
from ..models.criterion import AcceptanceCriterion

FORMAT = chain.CASE_FILE
LANGUAGES = ("en", "fr")
IN_MEMORY = 256 * 1024
"""What a page may take before it goes to disk."""
BODY = "@@body@@"


@dataclass(frozen=True)
class Row:
    """A record of a part, and the records inside it. `without`: fields left out; `besides`: facts put first."""

    record: models.Model
    inside: Iterable["Row"] = ()
    without: tuple[str, ...] = ()
    besides: Callable[[], list[Fact]] | None = None


@dataclass(frozen=True)
class Part:
    """A part of the case file: its place, its name for machines, its title, the models it covers, and its rows."""

    order: int
    key: str
    title: Any
    covers: tuple[type[models.Model], ...]
    rows: Callable[["Reading"], Iterable[Row]]


PARTS: list[Part] = []


def part(order: int, key: str, title: Any, *covers: type[models.Model]):
    """Decorator: the function takes a `Reading` and gives the part's rows. `covers`: every model whose records it holds.

    `order` follows the nine steps: 10 for the inquiry to 90 for the registry, above it what concerns all of them.
    """

    def keep(function):
        PARTS.append(Part(order, key, title, covers, function))
        PARTS.sort(key=lambda kept: kept.order)
        return function

    return keep


@dataclass
class Reading:
    """Who is given the case file of which opportunity, and when: what may be told is asked here."""

    opportunity: Opportunity
    user: User
    now: datetime
    attachments: list[dict[str, Any]] = field(default_factory=list)

    @cached_property
    def closed(self) -> bool:
        """Whether sealed applications may be opened."""
        return self.opportunity.has_closed(self.now)

    @cached_property
    def names(self) -> bool:
        """Whether this reader may know whose application is which."""
        confirmed = self.opportunity.events.filter(transition="confirm").exists()
        return self.closed and (confirmed or self.opportunity.preparations.by(self.user))

    @cached_property
    def sealed(self) -> int:
        """How many applications were sent and may not be opened yet."""
        return 0 if self.closed else self.opportunity.applications.filter(status="submitted").count()

    def person(self, user: User | None) -> tuple[dict[str, Any] | None, str]:
        """Somebody for machines and in words. A supplier whom the reader may not know is nobody."""
        if user is None:
            return None, "–"
        if not user.is_esdc and not self.names:
            return None, str(_("a supplier"))
        about = {"account": user.pk, "name": user.name, "email": user.email}
        return about, f"{user.name} ({user.email})" if user.name else user.email

    def attach(self, shown: str, *, stored: str = "", text: str = "") -> str:
        """Put a file beside the pages: one kept under a random name, or a text. Gives its path in the case file."""
        for kept in self.attachments:
            if (kept["shown"], kept["stored"], kept["text"]) == (shown, stored, text):
                return kept["path"]
        path = f"attachments/{len(self.attachments) + 1:03d}-{safe_name(shown)}"
        self.attachments.append({"path": path, "shown": shown, "stored": stored, "text": text})
        return path


def safe_name(shown: str) -> str:
    """A file's own name as an archive on any system takes it."""
    name = uploads.shown_name(shown)[-100:]
    return name if archive.is_plain(name) else "file"


def attachment(reading: Reading, key: str, label: Any, shown: str, stored: str) -> Fact:
    """The fact that a stored file is attached, or why it is not."""
    if why := uploads.held_back(stored):
        return Fact(key, label, {"name": shown, "held_back": True}, f"{shown}: {why}")
    if not storages["private"].exists(stored):
        return Fact(
            key, label, {"name": shown, "missing": True}, _("%(name)s: the file is gone.") % {"name": shown}
        )
    path = reading.attach(shown, stored=stored)
    return Fact(key, label, {"name": shown, "path": path}, path)


def facts_of(row: Row, reading: Reading, parent: models.Model | None = None) -> list[Fact]:
    """Every field of a record but those left out, in the language that is active. Nothing has to be listed to be there."""
    record = row.record
    names = {model_field.name for model_field in record._meta.concrete_fields}
    found = list(row.besides()) if row.besides else []
    for model_field in record._meta.concrete_fields:
        name = model_field.name
        if name in row.without or f"{name}_en" in names:
            continue
        if model_field.is_relation:
            about = _relation(record, model_field, reading, parent)
            found += [about] if about else []
        elif not model_field.primary_key:
            found.append(fact(record, name))
    return found


def _relation(record, model_field, reading: Reading, parent) -> Fact | None:
    target, key = model_field.related_model, getattr(record, model_field.attname)
    label = label_of(model_field)
    if key is None or (parent is not None and isinstance(parent, target) and key == parent.pk):
        return None
    if target is User:
        return Fact(model_field.name, label, *reading.person(getattr(record, model_field.name)))
    if target is Opportunity:
        if key == reading.opportunity.pk:
            return None
        other = getattr(record, model_field.name)
        return Fact(model_field.name, label, other.reference, str(other))
    if target in (EvaluationCriterion, AcceptanceCriterion):
        criterion = getattr(record, model_field.name)
        return Fact(
            model_field.name, label, {"en": criterion.text_en, "fr": criterion.text_fr}, criterion.text
        )
    number = getattr(record, model_field.name).number if target is Event else key
    return Fact(model_field.name, label, number, str(number))


def as_data(row: Row, reading: Reading, parent: models.Model | None = None) -> dict[str, Any]:
    """A record for machines: its kind, its facts by name, and the records inside it."""
    data: dict[str, Any] = {"record": row.record._meta.label_lower}
    if "id" not in row.without:
        data["id"] = row.record.pk
    data |= {found.key: found.value for found in facts_of(row, reading, parent)}
    if inside := [as_data(each, reading, row.record) for each in row.inside]:
        data["inside"] = inside
    return data


def as_words(row: Row, reading: Reading, parent: models.Model | None = None) -> dict[str, Any]:
    """A record for the page: its title, its facts that say something, and the records inside it."""
    said = [found for found in facts_of(row, reading, parent) if found.words not in ("", "–", "{}", "[]")]
    return {
        "title": title_of(row.record),
        "facts": said,
        "inside": [as_words(each, reading, row.record) for each in row.inside],
    }


def write(reading: Reading, target: BinaryIO, language: str) -> dict[str, Any]:
    """Write the whole case file into a binary file, piece by piece. Gives the facts of its manifest.

    One pass: each record is read once and written to the data and to the page of each language.
    """
    writer = archive.Writer(target, reading.now.astimezone(clock.EASTERN))
    with ExitStack() as stack:
        pages = {
            name: stack.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY, "w+b")) for name in LANGUAGES
        }
        with writer.entry("case-file.json") as data:
            data.write(_json({"format": FORMAT, **about(reading)})[:-1] + ',\n"parts": {')
            for number, each in enumerate(PARTS):
                data.write(("," if number else "") + f"\n{_json(each.key)}: [")
                _write_part(each, reading, data, pages)
                data.write("]")
            data.write("}}\n")
        for name, page in pages.items():
            page.seek(0)
            shell = _shell(reading, name, language)
            path = "index.html" if name == language else f"index-{name}.html"
            writer.add(path, _page(shell, page))
    events = reading.opportunity.events.order_by("number")
    writer.add("events.json", _list(event.facts() | {"hash": event.hash} for event in events.iterator(500)))
    for file in reading.attachments:
        _write_attachment(writer, file)
    last = events.last()
    facts = {
        "format": FORMAT,
        **about(reading),
        "events": {"count": last.number if last else 0, "head": last.hash if last else ""},
    }
    writer.close(json.loads(_json(facts)))
    return facts


def about(reading: Reading) -> dict[str, Any]:
    """What a case file says of itself."""
    return {
        "opportunity": reading.opportunity.reference,
        "state": reading.opportunity.state,
        "made_at": reading.now,
        "made_by": reading.user.pk,
        "sealed_applications": reading.sealed,
        "names_of_applicants": reading.names,
        "demonstration": settings.DEMO,
    }


def _write_part(each: Part, reading: Reading, data: archive.Entry, pages: dict[str, Any]) -> None:
    def say(template: str, context: Callable[[], dict[str, Any]]) -> None:
        for name, page in pages.items():
            with override(name):
                words = render_to_string(
                    f"opportunities/case_file/{template}.html", {"part": each, "language": name} | context()
                )
                page.write(words.encode())

    say("part", dict)
    count = 0
    for count, row in enumerate(each.rows(reading), 1):
        kept = Row(row.record, list(row.inside), row.without, row.besides)
        data.write(("," if count > 1 else "") + "\n" + _json(as_data(kept, reading)))
        say("record", lambda kept=kept, count=count: {"row": as_words(kept, reading), "number": count})
    if not count:
        say("nothing", dict)


def _page(shell: tuple[str, str], page: BinaryIO) -> Iterator[str | bytes]:
    yield shell[0]
    yield from archive.pieces_of(page)
    yield shell[1]


def _shell(reading: Reading, name: str, language: str) -> tuple[str, str]:
    """What stands before and after the parts of a page."""
    other = next(each for each in LANGUAGES if each != name)
    with override(name):
        before, _body, after = render_to_string(
            "opportunities/case_file/index.html",
            {
                "reading": reading, "opportunity": reading.opportunity, "parts": PARTS, "body": BODY, "language": name, "other": other,
                "other_page": "index.html" if other == language else f"index-{other}.html", "demo": settings.DEMO,
                "made_by": reading.person(reading.user)[1], "made_at": in_words(reading.now),
            },
        ).partition(BODY)  # fmt: skip
    return before, after


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)


def _list(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A JSON list, piece by piece."""
    yield "["
    for number, row in enumerate(rows):
        yield (",\n" if number else "\n") + _json(row)
    yield "\n]\n"


def _write_attachment(writer: archive.Writer, file: dict[str, Any]) -> None:
    if not file["stored"]:
        writer.add(file["path"], [file["text"]])
        return
    with storages["private"].open(file["stored"]) as source:
        writer.add(file["path"], archive.pieces_of(source))


def make(event: Event, language: str) -> tuple[BinaryIO, CaseFile]:
    """The case file up to the event that says it is being made, as a temporary file without a name, and its record.

    Call in the event's own transaction: the opportunity is locked, so that nothing moves meanwhile.
    """
    reading = Reading(Opportunity.objects.with_people().get(pk=event.opportunity_id), event.actor, event.at)
    target = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        write(reading, target, language)
        size = target.tell()
        target.seek(0)
        digest = hashlib.sha256()
        for piece in archive.pieces_of(target):
            digest.update(piece)
        target.seek(0)
        record = CaseFile.objects.create(
            opportunity=event.opportunity,
            event=event,
            made_by=event.actor,
            made_at=event.at,
            size=size,
            sha256=digest.hexdigest(),
            sealed=reading.sealed,
            names=reading.names,
        )
    except BaseException:
        target.close()
        raise
    return target, record

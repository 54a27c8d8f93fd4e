"""Checks a case file: each file against the manifest, the chain of events inside, and the chain's head.

Reads one file and nothing else: no database, no network; nothing is unpacked. For anyone, from a clone of the project.
"""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from microacq import archive
from opportunities import chain

FORMAT = chain.CASE_FILE
MAX_EVENTS = 64 * 1024 * 1024
"""Bytes of events.json at most: some hundred thousand events."""


def problems(reader: archive.Reader, head: str = "") -> Iterator[str]:
    """What is wrong with a case file, one sentence each. `head`: the hash of the last event, when it is known otherwise."""
    manifest = reader.manifest
    if manifest.get("format") != FORMAT:
        yield f"this is no case file: its format is {manifest.get('format')!r}, not {FORMAT!r}"
        return
    yield from reader.problems()
    try:
        events = reader.json("events.json", MAX_EVENTS)
    except archive.Unreadable as problem:
        yield str(problem)
        return
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        yield "events.json is not a list of events"
        return
    if broken := chain.first_break(events):
        yield broken
    said = manifest.get("events") if isinstance(manifest.get("events"), dict) else {}
    last = events[-1].get("hash") if events else ""
    if said.get("count") != len(events):
        yield f"the manifest says {said.get('count')} events, and there are {len(events)}"
    if said.get("head") != last:
        yield f"the manifest's head is {said.get('head')}, and the last event's hash is {last}"
    if head and head.lower() != last:
        yield f"the head should be {head.lower()}, and the last event's hash is {last}"


class Command(BaseCommand):
    help = (
        "Checks a case file: every file against the manifest, the chain of events, its head. "
        "Exits with 0, or says what differs and exits with 1. Needs no database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", metavar="FILE", help="The case file, a ZIP.")
        parser.add_argument(
            "--head", default="", metavar="HEX", help="The hash that the last event should have."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with open(options["file"], "rb") as file:
                reader = archive.Reader(file)
                found = list(problems(reader, options["head"].strip()))
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}") from None
        except archive.Unreadable as problem:
            raise CommandError(str(problem)) from None
        for problem in found:
            self.stderr.write(problem)
        if found:
            raise SystemExit(1)
        manifest = reader.manifest
        if manifest.get("demonstration"):
            self.stderr.write("demonstration: this case file is of made-up people and opportunities.")
        self.stdout.write(
            f"{manifest.get('opportunity')}: {len(reader.files)} files as the manifest says, {manifest['events']['count']} events, "
            f"the chain holds. Head: {manifest['events']['head']}"
        )

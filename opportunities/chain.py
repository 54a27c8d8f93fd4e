"""The chain of hashes that an opportunity's events make: how one is computed, and where a chain breaks.

Pure: knows plain facts, no record and no database, so that a copy of a chain can be checked anywhere.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

GENESIS = "0" * 64
"""What the first event carries for the hash of the one before it."""
CASE_FILE = "microacq-case-file-1"
"""The format of a case file, which holds a copy of a chain."""
FACTS = ("opportunity", "number", "transition", "from", "to", "actor", "role", "at", "data", "previous")
"""What an event's hash is computed from."""


def hash_of(facts: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of an event's FACTS: JSON with sorted keys, no spaces, ASCII; `at` in UTC as ISO 8601."""
    text = json.dumps(
        {name: facts[name] for name in FACTS}, sort_keys=True, separators=(",", ":"), ensure_ascii=True
    )
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def first_break(events: Iterable[Mapping[str, Any]]) -> str | None:
    """Where one opportunity's events (FACTS and "hash", in order) do not make a chain, in English; None when they do."""
    before, opportunity = GENESIS, None
    for number, event in enumerate(events, 1):
        if any(name not in event for name in (*FACTS, "hash")):
            return f"event {number}: a fact is missing"
        where = f"event {event['number']} ({event['transition']})"
        if event["number"] != number:
            return f"{where}: number {number} is missing before it"
        if opportunity is not None and event["opportunity"] != opportunity:
            return f"{where}: is of another opportunity"
        if event["previous"] != before:
            return f"{where}: does not carry the hash of the event before it"
        if event["hash"] != hash_of(event):
            return f"{where}: was changed after it was written"
        before, opportunity = event["hash"], event["opportunity"]
    return None

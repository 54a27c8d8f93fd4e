"""Looks for events that were changed, taken away, put in or moved behind the application's back.

Three looks, each finding what the one before cannot: the hashes of each chain; the state that each opportunity says it
is in against where its last event led; the daily heads against the chains. Sentences are in English, for operators.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from .chain import GENESIS
from .daily_head import FORMAT, ends, grown_in, published
from .models import DailyHead, Event, Opportunity

SLACK = timedelta(days=1)
"""How long before a head an event that it lacks may be dated: an action takes seconds, a round of `tick` minutes."""


def name_of(event: Event) -> str:
    return f"event {event.pk} (opportunity {event.opportunity_id}, number {event.number}, {event.transition})"


def broken_chains() -> Iterator[str]:
    """The first break of each chain that does not hold, a sentence each."""
    previous: Event | None = None
    broken: int | None = None
    for event in Event.objects.order_by("opportunity_id", "number").iterator(chunk_size=2000):
        if previous is None or previous.opportunity_id != event.opportunity_id:
            number, before = 1, GENESIS
        else:
            number, before = previous.number + 1, previous.hash
        previous = event
        if broken == event.opportunity_id:
            continue
        if event.number != number:
            problem = f"number {number} is missing before it"
        elif event.previous != before:
            problem = "does not carry the hash of the event before it"
        elif event.hash != event.computed_hash():
            problem = "was changed after it was written"
        else:
            continue
        broken = event.opportunity_id
        yield f"{name_of(event)}: {problem}"


def wrong_states() -> Iterator[str]:
    """Opportunities that are not where their last event led: an event was taken away, or the state written by hand."""
    last = Event.objects.order_by("opportunity_id", "-number").distinct("opportunity_id")
    led_to = {opportunity: (number, target) for opportunity, number, target in last.values_list("opportunity_id", "number", "target")}  # fmt: skip
    for key, reference, state in (
        Opportunity.objects.order_by("pk").values_list("pk", "reference", "state").iterator()
    ):
        number, target = led_to.get(key, (0, "draft"))
        if state != target:
            where = f"its last event, number {number}, led to {target}" if number else "it has no event"
            yield f"opportunity {key} ({reference}): is at {state}, and {where}"


def breaks() -> Iterator[str]:
    """Everything that chains and states show by themselves."""
    yield from broken_chains()
    yield from wrong_states()


def wrong_heads(kept_elsewhere: Iterable[dict[str, Any]] = ()) -> Iterator[str]:
    """Where the daily heads do not fit each other, the chains, or the published heads that somebody kept.

    `kept_elsewhere`: heads as `daily_head.published` gives them.
    """
    covered: dict[int, tuple[int, str, DailyHead]] = {}
    previous, head = GENESIS, None
    for head in DailyHead.objects.order_by("day").iterator():
        if problem := _wrong_in_itself(head, previous, covered):
            yield f"head of {head.day}: {problem}"
        previous = head.hash
    yield from _cut_or_rewritten(covered)
    if head:
        yield from _slipped_in(head, covered)
    own = {str(head.day): head for head in DailyHead.objects.order_by("day").iterator()}
    for kept in kept_elsewhere:
        mine = own.get(str(kept.get("date")))
        if mine is None:
            yield f"head of {kept.get('date')}: was published, and is missing"
        elif published(mine) != {name: kept.get(name) for name in published(mine)}:
            yield f"head of {mine.day}: is not the one that was published"


def _wrong_in_itself(head: DailyHead, previous: str, covered: dict) -> str | None:
    """What is wrong with a head after the head with the hash `previous`; adds the chains it names to `covered`."""
    if head.hash != hashlib.sha256(head.body.encode()).hexdigest():
        return "was changed after it was made"
    if head.previous != previous:
        return "does not carry the hash of the head before it"
    try:
        grown = grown_in(head.body)
    except ValueError:
        return "its text has another form"
    covered |= {key: (number, digest, head) for key, (number, digest) in grown.items()}
    facts = [FORMAT, str(head.day), head.previous, str(head.chains), str(head.events)]
    totals = (len(covered), sum(number for number, _hash, _head in covered.values()))
    if head.body.splitlines()[:5] != facts or totals != (head.chains, head.events):
        return "its numbers are not those of its text"
    return None


def _cut_or_rewritten(covered: dict) -> Iterator[str]:
    """Chains that lack an event which a head holds, or hold another in its place."""
    there = {(event, number): digest for event, number, digest in Event.objects.values_list("opportunity_id", "number", "hash").iterator()}  # fmt: skip
    now = ends()
    for key, (number, digest, head) in sorted(covered.items()):
        found = there.get((key, number))
        if found is None:
            stands = (
                f"the chain ends at number {now[key][0]}" if key in now else "nothing is left of the chain"
            )
            yield f"opportunity {key}: event number {number}, which the head of {head.day} holds, is missing; {stands}"
        elif found != digest:
            yield f"opportunity {key}: event number {number} is not the one that the head of {head.day} holds"


def _slipped_in(head: DailyHead, covered: dict) -> Iterator[str]:
    """Events dated well before the last head, and not in it."""
    for event in Event.objects.filter(at__lt=head.made_at - SLACK).order_by("pk").iterator(chunk_size=2000):
        if event.number > covered.get(event.opportunity_id, (0,))[0]:
            yield f"{name_of(event)}: is dated before the head of {head.day}, which does not hold it"

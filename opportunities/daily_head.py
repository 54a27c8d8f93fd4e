"""Makes the daily head over all chains of events, and says what of it is public.

The text that is hashed, ASCII, each line ended by LF: FORMAT, the date, the hash of the head before (64 zeros for the
first), the number of chains, the number of events, then a line for each chain that grew since the head before: the
opportunity's number, the number of its last event, that event's hash. Checked by `verifying.py`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db import connection, transaction

from microacq import clock

from .chain import GENESIS
from .due import job
from .models import DailyHead, Event

FORMAT = "esdc-microacq-head-v1"
Chains = Mapping[int, tuple[int, str]]
"""Opportunity's number -> number and hash of the last event of its chain."""


def text_of(day: date, previous: str, chains: Chains, grown: Iterable[int]) -> str:
    """The text of a head: `chains` are all there are, `grown` those that differ from the head before."""
    head = [FORMAT, day.isoformat(), previous, len(chains), sum(number for number, _hash in chains.values())]
    lines = [
        f"{opportunity} {chains[opportunity][0]} {chains[opportunity][1]}" for opportunity in sorted(grown)
    ]
    return "".join(f"{line}\n" for line in [*head, *lines])


def grown_in(body: str) -> dict[int, tuple[int, str]]:
    """The chains that a head's text names. Raises ValueError for a text of another form."""
    rows = [line.split(" ") for line in body.splitlines()[5:]]
    return {int(opportunity): (int(number), digest) for opportunity, number, digest in rows}


def latest() -> DailyHead | None:
    """The last head made, or None before the first."""
    return DailyHead.objects.order_by("day").last()


def ends() -> dict[int, tuple[int, str]]:
    """Every chain's last event as it stands, read in one statement, so that it is one moment's."""
    rows = Event.objects.order_by("opportunity_id", "-number").distinct("opportunity_id")
    found = rows.values_list("opportunity_id", "number", "hash")
    return {opportunity: (number, digest) for opportunity, number, digest in found}


@job("daily head", order=5)
def make(now: datetime) -> int:
    """Make today's head (Eastern time), once, whoever else is at it; gives 1 when this call made it."""
    day = now.astimezone(clock.EASTERN).date()
    if DailyHead.objects.filter(day__gte=day).exists():
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('daily head'))")
        if DailyHead.objects.filter(day__gte=day).exists():
            return 0
        before: dict[int, tuple[int, str]] = {}
        previous = GENESIS
        for head in DailyHead.objects.order_by("day").iterator():
            before |= grown_in(head.body)
            previous = head.hash
        chains = ends()
        body = text_of(day, previous, chains, (key for key in chains if chains[key] != before.get(key)))
        DailyHead.objects.create(
            day=day,
            made_at=now,
            chains=len(chains),
            events=sum(number for number, _hash in chains.values()),
            body=body,
            previous=previous,
            hash=hashlib.sha256(body.encode("ascii")).hexdigest(),
        )
    return 1


def published(head: DailyHead) -> dict[str, str | int]:
    """What anybody may read of a head, for machines."""
    return {
        "date": head.day.isoformat(),
        "hash": head.hash,
        "chains": head.chains,
        "events": head.events,
        "previous": head.previous,
    }

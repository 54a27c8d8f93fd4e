"""Clocks: how many business days an opportunity spent in each state and step, who held it, against the guide's targets.

Reckoned from the events alone, so that it tells the past as it was. Days are counted as everywhere (`business_days`):
from the day a state began, that day left out, to the day it ended; so the states' days add up. Knows no person: who
held it is a role. The time is given.

The targets are the client guide's: 23 business days to receive the work, 7 to pay, 30 in all. They begin when the
need is first submitted, and leave out the state "work": how long the supplier has is a date that was agreed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

from microacq import business_days, clock

from .states import STATES, Role, State

RECEIVE_DAYS, PAY_DAYS = 23, 7
STEP_TARGETS = {2: 1, 3: 12, 4: 6, 5: 1, 6: 1, 7: 2, 8: 7}
"""The guide's days laid on the nine steps, 30 in all: need 1; statement 2, initiation form 1, section 32 1, to finance
1, funds reserved 2, translation 5; page ready 1, posted 5; selected 1; terms signed 1; work assessed 2; invoice 1,
section 34 2, entered 1, card 2, paid 1."""
WORK = "work"
PAYING = tuple(state.name for state in STATES.values() if state.step == 8)
RECEIVING = tuple(
    state.name for state in STATES.values() if state.step < 8 and not state.is_ending and state.name != WORK
)


@dataclass(frozen=True)
class Move:
    """What an event says of the road: the transition, from which state to which, and when."""

    transition: str
    source: str
    target: str
    at: datetime


@dataclass(frozen=True)
class Stay:
    """One time in one state: since when, until when (None: still), and the business days."""

    state: State
    since: datetime
    until: datetime | None
    days: int


@dataclass(frozen=True)
class Line:
    """A state with all the days spent there, over every stay."""

    state: State
    days: int
    times: int
    now: bool

    @property
    def late(self) -> bool:
        """Whether the days are more than the state's target for each stay."""
        return self.state.days is not None and self.days > self.state.days * self.times


@dataclass(frozen=True)
class Total:
    """Business days against a target; `done` once what it leads to has happened."""

    days: int
    target: int
    done: bool

    @property
    def late(self) -> bool:
        return self.days > self.target


@dataclass(frozen=True)
class Clocks:
    """What one opportunity's events tell of time. Days are business days, Eastern."""

    stays: tuple[Stay, ...]
    first: Mapping[str, datetime]
    """When each transition first happened."""
    last: Mapping[str, datetime]
    """When each transition last happened."""

    @cached_property
    def by_state(self) -> Counter[str]:
        """Days by the state's name."""
        return self._sum((stay.state.name, stay.days) for stay in self.stays)

    @cached_property
    def by_step(self) -> Counter[int]:
        """Days by step, 1 to 9."""
        return self._sum((stay.state.step, stay.days) for stay in self.stays)

    @cached_property
    def by_role(self) -> Counter[Role]:
        """Days by the role that it waited for: `Role.CLOCK` when a date decided."""
        return self._sum((stay.state.waits_for, stay.days) for stay in self.stays if stay.state.waits_for)

    @cached_property
    def held(self) -> list[tuple[Role, int]]:
        """Who held it, longest first, with the days."""
        return [(role, days) for role, days in self.by_role.most_common() if days]

    @staticmethod
    def _sum(pairs: Iterable[tuple[Any, int]]) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for key, days in pairs:
            found[key] += days
        return found

    @cached_property
    def lines(self) -> list[Line]:
        """One line a state that was entered, in the lifecycle's order."""
        stays = {name: [stay for stay in self.stays if stay.state.name == name] for name in STATES}
        return [
            Line(STATES[name], self.by_state[name], len(found), found[-1].until is None)
            for name, found in stays.items()
            if found
        ]

    def _counted(self, states: tuple[str, ...]) -> int:
        """Days in these states since the need was first submitted."""
        begun = self.first.get("submit")
        return sum(
            stay.days
            for stay in self.stays
            if stay.state.name in states and begun is not None and stay.since >= begun
        )

    @cached_property
    def receive(self) -> Total:
        """To receive the work: from the need submitted to the work accepted, without the supplier's own time."""
        return Total(self._counted(RECEIVING), RECEIVE_DAYS, "accept_work" in self.first)

    @cached_property
    def pay(self) -> Total:
        """To pay: from the work accepted, or the contract ended, to the payment."""
        return Total(self._counted(PAYING), PAY_DAYS, bool({"pay", "pay_terminated"} & set(self.first)))

    @cached_property
    def in_all(self) -> Total:
        """Both."""
        return Total(
            self.receive.days + self.pay.days, RECEIVE_DAYS + PAY_DAYS, self.receive.done and self.pay.done
        )


def reckon(created_at: datetime, moves: Iterable[Move], now: datetime) -> Clocks:
    """The clocks of an opportunity that began as a draft at `created_at` and made these moves, in order."""
    stays: list[Stay] = []
    first: dict[str, datetime] = {}
    last: dict[str, datetime] = {}
    state, since = "draft", created_at
    for move in moves:
        first.setdefault(move.transition, move.at)
        last[move.transition] = move.at
        if move.target != move.source:
            stays.append(_stay(state, since, move.at, now))
            state, since = move.target, move.at
    if not STATES[state].is_ending:
        stays.append(_stay(state, since, None, now))
    return Clocks(tuple(stays), first, last)


def _stay(state: str, since: datetime, until: datetime | None, now: datetime) -> Stay:
    days = business_days.between(_day(since), _day(until or now))
    return Stay(STATES[state], since, until, days)


def _day(moment: datetime) -> Any:
    return moment.astimezone(clock.EASTERN).date()


def for_many(opportunities: Iterable[Any], now: datetime) -> dict[int, Clocks]:
    """The clocks of each opportunity, by its key: one query for the events, whatever their number."""
    from .models import Event

    created = {opportunity.pk: opportunity.created_at for opportunity in opportunities}
    rows = (
        Event.objects.filter(opportunity__in=list(created))
        .order_by("opportunity_id", "number")
        .values_list("opportunity_id", "transition", "source", "target", "at")
    )
    moves = {
        key: [Move(*row[1:]) for row in found] for key, found in groupby(rows.iterator(), lambda row: row[0])
    }
    return {key: reckon(at, moves.get(key, []), now) for key, at in created.items()}


def of(opportunity: Any, now: datetime) -> Clocks:
    """The clocks of one opportunity."""
    return for_many([opportunity], now)[opportunity.pk]

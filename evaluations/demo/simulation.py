"""A busy pilot: twenty opportunities on their way, with people who are late, questions, a case that looks like contract splitting, a termination.

Made of the demonstration's stories, through the same functions as the pages; chance, from a seed, says who is late and
by how much. Knows what will happen next, so that a week of it can be watched.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from microacq import business_days, clock

from .journey import CLOSING_TIME, PATH, People, Words, moment_of
from .people import Cast, make_cast
from .stories import BEGINNING, BUREAUX, OFFICES
from .story import Story, data, need_of, statement_of, voices

NOW = (
    "draft screening screening preparing committing reserving reserved posted posted posted opened evaluation review "
    "confirmed selection work work acceptance certification registry"
).split()
"""Where each opportunity stands when the week begins."""
ALIKE = (2, 6)
"""The places of the two needs that look like parts of one: the same words, from the same team."""
FAILS = 15
"""The place of the contract that ends for default: nothing was delivered by the last date."""
QUESTIONS = 8
"""The place of the posted opportunity that suppliers ask about."""
UNHURRIED = {"work", "selection", "opened"}
"""What the rules date: an offer lapses, a round comes out, closing is closing. Nobody is late there."""


class Late(Story):
    """A story whose people take longer than the guide says: `lag` business days more before each state."""

    lag: dict[str, int]
    seen: Callable[[Any, str, Any, datetime], None] | None = None
    """Called before each action with the story, its name, who acts and when."""

    def moment(self, state: str) -> datetime:
        """When a state is entered: late before closing means begun earlier, since closing is what is fixed."""
        at = moment_of(state, self.closing)
        if state not in PATH:
            return at
        place, opened = PATH.index(state), PATH.index("opened")
        if place < opened:
            days = -sum(self.lag.get(name, 0) for name in PATH[place + 1 : opened])
        else:
            days = sum(self.lag.get(name, 0) for name in PATH[opened + 1 : place + 1])
        local = at.astimezone(clock.EASTERN)
        return datetime.combine(business_days.add(local.date(), days), local.timetz())

    def act(self, name, by, now, **sent):
        if self.seen:
            self.seen(self, name, by, now)
        return super().act(name, by, now, **sent)


@dataclass
class Pilot:
    """The stories, and what is still to happen: (moment, what), in order."""

    cast: Cast
    stories: list[Late] = field(default_factory=list)
    plan: list[tuple[datetime, Callable[[], Any]]] = field(default_factory=list)

    def until(self, moment: datetime) -> int:
        """Let everything happen that happens up to `moment`. Gives how many things did."""
        due = [step for step in self.plan if step[0] <= moment]
        self.plan = self.plan[len(due) :]
        for at, do in due:
            with clock.frozen(at):
                do()
        return len(due)


def place_in_time(story: Late, state: str, begins: datetime) -> None:
    """Choose the closing with which the story stands at `state` when the week begins."""
    way = [name for name in PATH if name != "drawing" or sum(story.passing) > 1]
    after = dict(pairwise(way))[state]
    day = business_days.add(begins.astimezone(clock.EASTERN).date(), 45)
    for _attempt in range(130):
        story.closing = datetime.combine(day, CLOSING_TIME, tzinfo=clock.EASTERN)
        if story.moment(state) <= begins < story.moment(after):
            return
        day = business_days.add(day, -1)
    raise ValueError(f"No closing lets the week begin at {state}.")


def pilot(begins: datetime, seed: int) -> Pilot:
    """Plan the twenty opportunities around the morning on which the week begins; nothing has happened yet."""
    chance = random.Random(seed)  # noqa: S311 - the same week each time, nobody's secret
    made = Pilot(make_cast(begins - BEGINNING))
    rows = data("statements")
    plan: list[tuple[datetime, Callable[[], Any]]] = []
    for place, state in enumerate(NOW):
        story = one(made.cast, rows[ALIKE[0] if place in ALIKE else place], place, begins, chance)
        after = PATH[PATH.index(state) + 1]
        story.lag[after] = max(story.lag.get(after, 0), 0 if after in UNHURRIED else 1)
        if place == FAILS:
            closing_day = business_days.add(begins.astimezone(clock.EASTERN).date(), -26)
            story.closing = datetime.combine(closing_day, CLOSING_TIME, tzinfo=clock.EASTERN)
        else:
            place_in_time(story, state, begins)
        made.stories.append(story)
        plan += story.plan("terminated" if place == FAILS else "complete")
        if place == QUESTIONS:
            plan += asked(story, made.cast, begins)
    made.plan = sorted(plan, key=lambda step: step[0])
    return made


def one(cast: Cast, row: dict[str, Any], place: int, begins: datetime, chance: random.Random) -> Late:
    """One story: its people, its words, its applicants, and how late each step is."""
    client = cast.client2 if place % 3 == 1 else cast.client
    statement = statement_of(row)
    places = BUREAUX if client.language == "fr" else OFFICES
    team_name, branch = places[0 if place in ALIKE else place % len(places)]
    words = Words(need_of(statement, client.language) | {"team_name": team_name, "branch": branch}, statement)
    applicants = chance.sample("12345", chance.randint(2, 4))
    passing = [True] + [NOW[place] == "confirmed" or chance.random() < 0.3 for _other in applicants[1:]]
    team = [cast.team, cast.team2] if place % 2 else [cast.team2, cast.team]
    story = Late(
        People(
            client=client,
            manager=cast.manager,
            team=team,
            finance=cast.finance,
            suppliers=cast.suppliers("".join(applicants)),
            evaluators=[cast.evaluator] if place % 2 else [],
        ),
        words,
        begins,
        passing,
    )
    story.lag = {name: 0 if name in UNHURRIED else chance.choice((0, 0, 0, 1, 1, 2, 5)) for name in PATH}
    return story


def asked(story: Late, cast: Cast, begins: datetime) -> list[tuple[datetime, Callable[[], Any]]]:
    """Suppliers ask on the first day; the team answers on the second."""
    plan: list[tuple[datetime, Callable[[], Any]]] = []
    for number, question in enumerate(voices("questions", "answered")):
        at, by = begins + timedelta(hours=1 + number), cast.some(question["asker"])[0]
        plan.append((at, lambda by=by, text=question["text"], at=at: story.asked(by, text, at)))  # type: ignore[misc]
    answered = begins + timedelta(days=1, hours=2)
    return [*plan, (answered, lambda: story.answered(answered))]

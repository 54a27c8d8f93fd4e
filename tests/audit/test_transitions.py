"""Row 3: every transition sent straight to its address, in every state, by everybody: only what tests/matrix.py says is done.

One opportunity goes from draft to complete through its pages, each step sent by who may, and leaves one event; on the way,
and in each state off the way, everything that may not be done is tried and must change nothing.

51 transitions x 26 states x 13 people would be 17,238 requests. Tried are: where the state allows the transition, everybody
who may not (a third of them, in turn, where four states or more allow it); where it does not, in turn whoever may elsewhere
and one of the others, so that every pair of transition and state, transition and person, person and state is tried.
"""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from evaluations.demo.endings import OFF_THE_WAY
from evaluations.demo.journey import Journey, Words, closing_for
from microacq import clock
from opportunities import lifecycle
from opportunities.models import Event, Opportunity
from tests.cast import make_cast
from tests.factories import NEED, STATEMENT, people
from tests.matrix import MATRIX, STATES

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NOW = datetime(2027, 3, 10, 11, 0, tzinfo=clock.EASTERN)
TRANSITIONS = [name for name, row in MATRIX.items() if row["roles"] != ["clock"]]
PEOPLE = "nobody pat noor li sam amara bo eve mona tom tess fin root".split()
"""Nobody; a stranger; who began an application; who wins; who applied; the client; another; an evaluator; the manager; the
team; the one who prepared; finance; the superuser."""
HOLDER = {
    "client": "amara", "evaluator": "eve", "manager": "mona", "team": "tom", "finance": "fin", "supplier": "li",
}  # fmt: skip
"""Who has the role, where somebody has it at all."""
PART = {"amara": "client", "eve": "evaluator", "mona": "manager", "tom": "team", "tess": "team", "root": "team", "fin": "finance", "li": "supplier"}  # fmt: skip


class ByPages(Journey):
    """A journey whose every step by a person is sent as a browser sends it."""

    def act(self, name, by, now, **data):
        if by is lifecycle.CLOCK:
            return super().act(name, by, now, **data)
        self.opportunity.refresh_from_db()
        with clock.frozen(now):
            before, source = events(self.opportunity), self.opportunity.state
            browser = Client()
            browser.force_login(by)
            answer = browser.post(
                address(name, self.opportunity), {"version": self.opportunity.version, **data}
            )
        assert answer.status_code == 302, (name, answer.status_code, answer.content.decode()[:4000])
        self.opportunity.refresh_from_db()
        assert self.opportunity.state == (MATRIX[name]["target"] or source), name
        assert events(self.opportunity) == before + 1, f"{name}: one event"
        return self.opportunity.events.last()


def address(name: str, opportunity) -> str:
    return reverse(name, args=[opportunity.reference])


def events(opportunity) -> int:
    return Event.objects.filter(opportunity=opportunity).count()


def may(person: str, name: str, state: str) -> bool:
    """Whether tests/matrix.py lets them: some guard may still say no, or the form ask for more."""
    row = MATRIX[name]
    return state in row["sources"] and PART.get(person) in row["roles"]


class Everybody:
    """The browsers, and what each was wrongly allowed."""

    def __init__(self, cast):
        self.cast, self.browsers, self.wrong, self.tried = cast, {}, [], set()
        for name in PEOPLE:
            self.browsers[name] = Client(raise_request_exception=False)
            if name != "nobody":
                self.browsers[name].force_login(getattr(cast, name))

    def try_all(self, opportunity, now) -> None:
        """Send everything that may not be done now. Nothing may change."""
        opportunity = Opportunity.objects.get(pk=opportunity.pk)
        state, before = opportunity.state, self.of(opportunity)
        with clock.frozen(now):
            for number, name in enumerate(TRANSITIONS):
                for person in self.trying(number, name, state):
                    self.tried |= {(name, state), (name, person), (person, state)}
                    answer = self.browsers[person].post(
                        address(name, opportunity), {"version": opportunity.version, "reason": "Because."}
                    )
                    right = (302,) if person == "nobody" else (404, 409)
                    if answer.status_code not in right:
                        self.wrong.append(f"{person} sends {name} at {state}: {answer.status_code}")
        assert self.of(opportunity) == before, f"something was done at {state}"

    def look_from_the_admin(self, opportunity, now) -> None:
        """In French: the team is offered what the page then opens, and a twelfth of the others, in turn, is refused."""
        state, path = opportunity.state, f"/fr/admin/opportunities/opportunity/{opportunity.pk}/"
        with clock.frozen(now):
            body = self.browsers["tom"].get(f"{path}change/").content.decode()
            if body.count("gc-stepper__step ") != 9:
                self.wrong.append(f"no nine steps in the admin at {state}")
            for number, name in enumerate(MATRIX):
                offered = f'"{path}act/{name}/"' in body
                if offered or (number + STATES.index(state)) % 12 == 0:
                    right = 404 if MATRIX[name]["roles"] == ["clock"] else 200 if offered else 409
                    status = self.browsers["tom"].get(f"{path}act/{name}/").status_code
                    if status != right:
                        self.wrong.append(f"the admin at {state}, {name}: {status}")

    @staticmethod
    def trying(number: int, name: str, state: str) -> list[str]:
        row, turn = MATRIX[name], number + STATES.index(state)
        if state in row["sources"]:
            few = len(row["sources"]) < 4
            wanted = {person for place, person in enumerate(PEOPLE) if few or (place + turn) % 3 == 0}
        elif turn % 2:
            wanted = {HOLDER.get(role, "sam") for role in row["roles"]}
        else:
            wanted = {PEOPLE[turn // 2 % len(PEOPLE)]}
        return [person for person in PEOPLE if person in wanted and not may(person, name, state)]

    @staticmethod
    def of(opportunity) -> tuple:
        one = Opportunity.objects.get(pk=opportunity.pk)
        return one.state, one.version, one.modified_at, Event.objects.count()


def journey(cast, state: str, passing=None) -> ByPages:
    who = people(cast, [cast.li, cast.sam], [cast.eve])
    return ByPages(who, Words(NEED, STATEMENT), closing_for(state, NOW), passing)


def test_03_only_what_the_table_says_is_done_whoever_sends_what_when(db):
    cast = make_cast()
    everybody = Everybody(cast)
    seen = []

    def stop_at(opportunity, now):
        if opportunity.state not in seen:
            seen.append(opportunity.state)
            everybody.try_all(opportunity, now)
            everybody.look_from_the_admin(opportunity, now)

    way = journey(cast, "complete")
    for moment, do in way.plan("complete"):
        do()
        way.opportunity.refresh_from_db()
        stop_at(way.opportunity, moment)
    for state in (*OFF_THE_WAY, "drawing"):
        other = journey(cast, state, {"drawing": [True, True], "no_award": [False, False]}.get(state))
        stop_at(other.to(state), NOW)
    assert everybody.wrong == []
    assert sorted(seen) == sorted(STATES)
    pairs = {(name, state) for name in TRANSITIONS for state in STATES}
    pairs |= {
        (name, who) for name in TRANSITIONS for who in PEOPLE if PART.get(who) not in MATRIX[name]["roles"]
    }
    pairs |= {(person, state) for person in PEOPLE for state in STATES}
    assert pairs <= everybody.tried
    assert Event.first_break() is None


def test_03_what_the_clock_alone_does_has_no_address():
    for name, row in MATRIX.items():
        if row["roles"] == ["clock"]:
            with pytest.raises(NoReverseMatch):
                reverse(name, args=["MA-2027-0001"])

"""Clocks: the business days of each state, step and role, against the guide's 23, 7 and 30."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from microacq import business_days, clock
from opportunities import clocks
from opportunities.clocks import Move, reckon
from opportunities.lifecycle import LIFECYCLE
from opportunities.states import STATES, Role
from tests.factories import at


def on(day: int, hour: int = 10) -> datetime:
    """A moment of March 2027, whose 1st is a Monday and 26th Good Friday."""
    return datetime(2027, 3, day, hour, tzinfo=clock.EASTERN)


MOVES = [
    Move("submit", "draft", "screening", on(3)),
    Move("return_for_changes", "screening", "draft", on(4)),
    Move("submit", "draft", "screening", on(5)),
    Move("accept", "screening", "preparing", on(8)),
    Move("statement_ready", "preparing", "committing", on(15)),
    Move("commit_funds", "committing", "reserving", on(16)),
    Move("reserve_funds", "reserving", "reserved", on(16, 15)),
]


def test_days_of_states_steps_and_roles_by_example():
    found = reckon(on(1), MOVES, on(17))
    assert found.by_state == {
        "draft": 2 + 1,
        "screening": 1 + 1,
        "preparing": 5,
        "committing": 1,
        "reserving": 0,
        "reserved": 1,
    }
    assert found.by_step == {1: 3, 2: 2, 3: 6, 4: 1}
    assert found.held == [(Role.CLIENT, 8), (Role.TEAM, 3), (Role.MANAGER, 1)]
    assert (found.first["submit"], found.last["submit"]) == (on(3), on(5))
    draft = found.lines[0]
    assert (draft.days, draft.times, draft.late, draft.now) == (3, 2, True, False)
    assert [line.state.name for line in found.lines if line.now] == ["reserved"]


def test_the_totals_begin_at_the_first_submission_and_leave_out_the_suppliers_own_time():
    found = reckon(on(1), MOVES, on(17))
    assert (found.receive.days, found.receive.target, found.receive.done) == (12 - 2, 23, False)
    later = [
        ("post", "reserved", "posted", on(17)),
        ("amend", "posted", "posted", on(18)),
        ("close", "posted", "opened", on(24)),
        ("award_single", "opened", "selection", on(25)),
        ("sign", "selection", "work", on(25)),
        ("deliver", "work", "acceptance", on(31)),
        ("accept_work", "acceptance", "invoicing", on(31)),
    ]
    found = reckon(on(1), [*MOVES, *(Move(*row) for row in later)], on(31) + timedelta(days=8))
    assert found.by_state["work"] == 2, "Good Friday and Easter Monday are no business days"
    assert (found.receive.days, found.receive.done, found.receive.late) == (10 + 5 + 1, True, False)
    assert (found.pay.days, found.pay.done) == (6, False)
    assert (found.in_all.days, found.in_all.target) == (22, 30)


def test_an_ending_stops_every_clock():
    found = reckon(
        on(1), [MOVES[0], Move("withdraw", "screening", "withdrawn", on(5))], on(5) + timedelta(days=400)
    )
    assert found.by_state == {"draft": 2, "screening": 2}
    assert not any(line.now for line in found.lines)


def test_the_targets_of_the_steps_are_the_guides_thirty_days():
    assert sum(days for step, days in clocks.STEP_TARGETS.items() if step < 8) == clocks.RECEIVE_DAYS == 23
    assert clocks.STEP_TARGETS[8] == clocks.PAY_DAYS == 7


@st.composite
def roads(draw):
    """Any road through the lifecycle's table, with any pauses."""
    state, moment, road = "draft", on(1), []
    for _turn in range(draw(st.integers(0, 15))):
        rows = [row for row in LIFECYCLE if state in row.sources]
        if not rows:
            break
        row = draw(st.sampled_from(rows))
        moment += timedelta(hours=draw(st.integers(0, 200)))
        road.append(Move(row.name, state, row.target or state, moment))
        state = row.target or state
    return road, moment + timedelta(hours=draw(st.integers(0, 200)))


@given(roads())
def test_the_days_add_up_whichever_way_it_went(road_and_now):
    road, now = road_and_now
    found = reckon(on(1), road, now)
    ended = road and STATES[road[-1].target].is_ending
    last = next(
        (move.at for move in reversed(road) if move.source != move.target), on(1)
    ) if ended else now  # fmt: skip
    days = [moment.astimezone(clock.EASTERN).date() for moment in (on(1), last)]
    whole = business_days.between(*days)
    assert sum(found.by_state.values()) == sum(found.by_step.values()) == sum(found.by_role.values()) == whole
    assert found.receive.days + found.pay.days <= whole
    assert sum(line.times for line in found.lines) == len(found.stays)


@pytest.mark.django_db
def test_many_cost_one_query_and_the_pages_show_them_to_who_has_a_part(cast, client):
    paid = at("registry", cast)
    others = [at("draft", cast), at("screening", cast)]
    for group in ([paid], [paid, *others]):
        with CaptureQueriesContext(connection) as queries:
            found = clocks.for_many(group, clock.now())
        assert len(queries) == 1
    assert found[paid.pk].receive.done and found[paid.pk].pay.done
    assert found[paid.pk].by_state["certification"] == 2
    assert list(found[others[0].pk].by_state) == ["draft"]
    page = reverse("workspace_opportunity", args=[paid.reference])
    for person, seen in ((cast.amara, True), (cast.fin, True), (cast.li, False)):
        client.force_login(person)
        assert ("Time spent" in client.get(page).text) is seen
    client.force_login(cast.tom)
    body = client.get(reverse("admin:opportunities_opportunity_change", args=[paid.pk])).text
    assert "without the supplier’s own time" in body

"""Step 2: the eligibility check, criterion by criterion, and what its decision needs."""

import pytest

from microacq import clock
from opportunities import lifecycle
from opportunities.actions import Invalid, act, make_form
from opportunities.capacity import places
from opportunities.models import Screening
from opportunities.models.screening import Criterion
from tests.factories import at


def answers(not_met=(), **more):
    """What the form is posted: every criterion met, but those named."""
    data = {}
    for criterion in Criterion.values:
        data[f"met_{criterion}"] = "no" if criterion in not_met else "yes"
        data[f"note_{criterion}"] = f"Because of {criterion}." if criterion in not_met else ""
    return data | more


def errors(name, opportunity, by, data):
    with pytest.raises(Invalid) as refusal:
        act(name, opportunity, by, data=data)
    opportunity.refresh_from_db()
    return refusal.value.form.errors


def test_accepting_records_each_criterion_and_opens_the_statement(cast):
    need = at("screening", cast)
    event = act("accept", need, cast.tess, data=answers(reason="Good and small."))
    screening = need.screenings.get()
    assert (screening.decision, screening.reason, screening.decided_by) == (
        "accept",
        "Good and small.",
        cast.tess,
    )
    assert [(result.criterion, result.met) for result in screening.results.all()] == [
        (value, True) for value in Criterion.values
    ]
    assert event.data == {"screening": screening.pk}
    need.refresh_from_db()
    assert need.state == "preparing"


@pytest.mark.parametrize("name", ["accept", "waitlist"])
def test_an_eligible_need_meets_every_criterion(cast, name):
    need = at("screening", cast)
    found = errors(name, need, cast.tess, answers(not_met=["code"], reason="No."))
    assert list(found) == ["met_code"]
    assert need.state == "screening"
    assert not Screening.objects.exists()


@pytest.mark.parametrize(("name", "state"), [("decline", "declined"), ("return_for_changes", "draft")])
def test_declining_and_returning_need_a_reason(cast, name, state):
    need = at("screening", cast)
    assert list(errors(name, need, cast.tess, answers(not_met=["remote"]))) == ["reason"]
    act(name, need, cast.tess, data=answers(not_met=["remote"], reason="It needs our network."))
    need.refresh_from_db()
    assert need.state == state
    assert need.screenings.get().results.get(met=False).note == "Because of remote."


def test_a_criterion_not_met_has_a_note(cast):
    need = at("screening", cast)
    data = answers(not_met=["code"], reason="It is not code.") | {"note_code": " "}
    assert list(errors("decline", need, cast.tess, data)) == ["note_code"]


def test_every_criterion_is_answered(cast):
    need = at("screening", cast)
    found = errors("decline", need, cast.tess, {"reason": "No."})
    assert list(found) == [f"met_{value}" for value in Criterion.values]


def test_a_waitlisted_need_starts_from_what_was_found(cast):
    need = at("screening", cast)
    act("waitlist", need, cast.tess, data=answers(note_code="A script."))
    need.refresh_from_db()
    assert need.state == "waitlisted"
    form = make_form("accept", need, cast.tom, clock.now())
    assert form["met_code"].value() == "yes"
    assert form["note_code"].value() == "A script."
    act("accept", need, cast.tom, data=answers())
    assert [screening.decision for screening in need.screenings.all()] == ["waitlist", "accept"]


def test_a_need_submitted_again_is_judged_afresh(cast):
    need = at("screening", cast)
    act("return_for_changes", need, cast.tess, data=answers(reason="Say more."))
    need.refresh_from_db()
    act("submit", need, cast.amara)
    need.refresh_from_db()
    assert make_form("accept", need, cast.tess, clock.now())["met_code"].value() is None


@pytest.mark.parametrize("who", ["amara", "mona", "fin", "li", "bo"])
def test_only_the_team_screens(cast, who):
    need = at("screening", cast)
    with pytest.raises(lifecycle.Refused) as refusal:
        act("accept", need, getattr(cast, who), data=answers())
    assert refusal.value.code == "role"
    assert not Screening.objects.exists()


def test_capacity_counts_what_is_in_progress(cast, settings):
    settings.CAPACITY = 2
    assert places() == {"taken": 0, "all": 2, "free": 2, "waiting": 0}
    for state in ("screening", "preparing", "posted", "declined"):
        at(state, cast)
    waitlisted = at("screening", cast)
    act("waitlist", waitlisted, cast.tess, data=answers())
    assert places() == {"taken": 2, "all": 2, "free": 0, "waiting": 1}

"""Step 7: the delivery date moves, a dispute, the contract ends early, the reminders."""

from decimal import Decimal

import pytest
from django.urls import reverse

from microacq import clock
from opportunities import due_work
from opportunities.lifecycle import Refused
from opportunities.models import Contract, Dispute, Extension
from tests.deal import DAY, do, judged, refused, today, told
from tests.factories import at
from tests.need import NOW


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


@pytest.fixture
def working(cast):
    return at("work", cast)


@pytest.fixture
def delivered(cast):
    return at("acceptance", cast)


# a new date


def later(days=10, **more):
    return {"new_date": (today() + days * DAY).isoformat(), "reason": "The data came late.", **more}


def answer(client, user, opportunity, choice):
    opportunity.refresh_from_db()
    client.force_login(user)
    return client.post(
        reverse("answer_extension", args=[opportunity.reference]),
        {"answer": choice, "version": opportunity.version},
    )


def test_a_new_date_is_asked_by_one_side_agreed_by_the_other_and_approved_by_the_team(working, cast, client):
    contract = working.contract
    old = contract.delivery_date
    new = max(old, today()) + 10 * DAY
    do("ask_extension", working, cast.li, new_date=new.isoformat(), reason="The data came late.")
    assert Extension.objects.get().side == "supplier"
    with pytest.raises(Refused, match="not agreed"):
        do("extend_delivery", working, cast.tess, decision="approve")
    assert answer(client, cast.li, working, "agree").status_code == 409
    assert answer(client, cast.tess, working, "agree").status_code == 409
    page = client.get(reverse("workspace_opportunity", args=[working.reference])).content.decode()
    assert reverse("answer_extension", args=[working.reference]) not in page
    client.force_login(cast.amara)
    page = client.get(reverse("workspace_opportunity", args=[working.reference])).content.decode()
    assert reverse("answer_extension", args=[working.reference]) in page
    version = working.version
    assert answer(client, cast.amara, working, "agree").status_code == 302
    assert told("extension_answered") == {cast.li, cast.tess, cast.tom, cast.tia, cast.root}
    working.refresh_from_db()
    assert working.version > version
    assert working.contract.delivery_date == old
    do("extend_delivery", working, cast.tess, decision="approve")
    assert (working.delivery_date, working.contract.delivery_date, working.original_delivery_date) == (
        new,
        new,
        old,
    )
    assert answer(client, cast.amara, working, "agree").status_code == 409


def test_the_other_side_may_refuse_and_a_new_one_may_then_be_asked(working, cast, client):
    later_still = max(working.delivery_date, today())
    do(
        "ask_extension",
        working,
        cast.amara,
        new_date=(later_still + 3 * DAY).isoformat(),
        reason="We need more.",
    )
    with pytest.raises(Refused, match="already asked"):
        do("ask_extension", working, cast.li, new_date=(later_still + 4 * DAY).isoformat(), reason="And I.")
    old = working.delivery_date
    assert answer(client, cast.li, working, "refuse").status_code == 302
    extension = Extension.objects.get()
    assert (extension.approved, extension.refused_at, extension.settled_at) == (False, NOW, NOW)
    working.refresh_from_db()
    assert working.delivery_date == old
    do("ask_extension", working, cast.li, new_date=(later_still + 4 * DAY).isoformat(), reason="And I.")


def test_the_team_may_refuse_with_a_reason_that_both_sides_read(working, cast, client):
    new = max(working.delivery_date, today()) + 3 * DAY
    do("ask_extension", working, cast.li, new_date=new.isoformat(), reason="More time.")
    answer(client, cast.amara, working, "agree")
    assert refused("extend_delivery", working, cast.tess, decision="refuse") == {"reason"}
    old = working.contract.delivery_date
    do("extend_delivery", working, cast.tess, decision="refuse", reason="The budget year ends before that.")
    assert working.contract.delivery_date == old
    assert "budget year" not in str(working.events.last().data)
    for user in (cast.li, cast.amara):
        client.force_login(user)
        page = client.get(reverse("workspace_opportunity", args=[working.reference])).content.decode()
        assert "The budget year ends before that." in page


def test_a_new_date_is_later_than_the_present_one_and_than_today(working, cast):
    same = {"new_date": working.contract.delivery_date.isoformat(), "reason": "x"}
    assert refused("ask_extension", working, cast.li, **same) == {"new_date"}
    Contract.objects.update(delivery_date=today() - 3 * DAY)
    assert refused("ask_extension", working, cast.li, new_date=(today() - DAY).isoformat(), reason="x") == {
        "new_date"
    }
    assert refused("ask_extension", working, cast.li, new_date="31/12/2027", reason="x") == {"new_date"}


def test_an_answer_given_on_a_stale_page_changes_nothing(working, cast, client):
    do(
        "ask_extension",
        working,
        cast.li,
        new_date=(max(working.delivery_date, today()) + DAY).isoformat(),
        reason="x",
    )
    client.force_login(cast.amara)
    response = client.post(
        reverse("answer_extension", args=[working.reference]),
        {"answer": "agree", "version": working.version - 1},
    )
    assert response.status_code == 409
    assert Extension.objects.get().agreed_at is None
    assert client.get(reverse("answer_extension", args=[working.reference])).status_code == 200


# a dispute


def test_a_dispute_is_answered_before_the_work_is_accepted_and_both_are_told(delivered, cast, client):
    do("raise_dispute", delivered, cast.li, position="The criterion was changed.")
    assert Dispute.objects.get().side == "supplier"
    assert told("dispute_raised") == {cast.amara, cast.tess, cast.tom, cast.tia, cast.root}
    with pytest.raises(Refused, match="dispute is open"):
        do("accept_work", delivered, cast.amara, **judged(delivered, "yes", "yes"))
    with pytest.raises(Refused):
        do("raise_dispute", delivered, cast.amara, position="Another.")
    client.force_login(cast.mona)
    assert (
        "The criterion was changed."
        in client.get(reverse("workspace_opportunity", args=[delivered.reference])).content.decode()
    )
    do("answer_dispute", delivered, cast.amara, answer="It was not; see the amendment.")
    assert cast.li in told("dispute_answered")
    do("accept_work", delivered, cast.amara, **judged(delivered, "yes", "yes"))


# the contract ends early


def test_a_contract_ends_for_default_only_after_notice_and_a_last_date_that_passed(working, cast, frozen):
    frozen.move_to(NOW + 30 * DAY)
    day = today() + 30 * DAY
    good = {
        "reason": "Nothing came.",
        "notice_given_on": (day - 5 * DAY).isoformat(),
        "last_date": (day - DAY).isoformat(),
    }
    assert refused("terminate_default", working, cast.tess, **good | {"last_date": day.isoformat()}) == {
        "last_date"
    }
    assert refused(
        "terminate_default", working, cast.tess, **good | {"notice_given_on": (day + DAY).isoformat()}
    ) == {"notice_given_on", "last_date"}
    assert refused(
        "terminate_default", working, cast.tess, **good | {"notice_given_on": good["last_date"]}
    ) == {"last_date"}
    early = working.contract.signed_at.date() - 2 * DAY
    assert refused(
        "terminate_default", working, cast.tess, **good | {"notice_given_on": early.isoformat()}
    ) == {"notice_given_on"}
    assert refused("terminate_default", working, cast.tess) == {"reason", "notice_given_on", "last_date"}
    do("terminate_default", working, cast.tess, **good)
    contract = working.contract
    assert (working.state, contract.ended, contract.amount_due) == ("terminated", "default", Decimal("0.00"))
    assert "Nothing came" not in str(working.events.last().data)
    with pytest.raises(Refused) as no:
        do("invoice", working, cast.li, number="1")
    assert no.value.code == "state"


def test_a_share_of_the_work_is_more_than_nothing_and_at_most_all(working, cast):
    for share in ("0", "0,00", "-5", "100.01", "1e3", "NaN", "half", "33.333", ""):
        typed = {"share_done": share, "reason": "No longer needed."}
        assert refused("terminate_convenience", working, cast.tess, **typed) == {"share_done"}, share


def test_the_amount_of_the_share_is_shown_before_the_contract_ends(working, cast, client):
    client.force_login(cast.tess)
    page = reverse("terminate_convenience", args=[working.reference])
    typed = {"version": working.version, "share_done": "33,5 %", "reason": "No longer needed."}
    shown = client.post(page, typed | {"preview": "1"})
    assert "$2,177.50" in shown.content.decode()
    assert 'name="shown" value="2177.50"' in shown.content.decode()
    working.refresh_from_db()
    assert working.state == "work"
    changed = client.post(page, typed | {"share_done": "50", "shown": "2177.50"})
    assert changed.status_code == 422
    assert "$3,250.00" in changed.content.decode()
    assert client.post(page, typed | {"shown": "2177.50"}).status_code == 302
    working.refresh_from_db()
    assert (working.state, working.contract.amount_due) == ("invoicing", Decimal("2177.50"))


# reminders


def test_the_supplier_is_reminded_before_the_date_and_everybody_when_it_has_passed_each_once(
    working, cast, frozen
):
    due = today() + 8 * DAY  # a Wednesday, as is the fifth business day before it
    Contract.objects.update(delivery_date=due)
    type(working).objects.update(delivery_date=due)
    assert due_work.remind(NOW) == 0
    assert due_work.next_reminder(NOW).date() == due - 7 * DAY
    assert due_work.remind((NOW + DAY).astimezone(clock.EASTERN).replace(hour=22)) == 0, "not at night"
    late = NOW + 9 * DAY
    for moment, template, people in (
        (NOW + 1 * DAY, "delivery_soon", {cast.li}),
        (NOW + 7 * DAY, "delivery_soon", {cast.li}),
        (late, "delivery_late", {cast.li, cast.amara, cast.tess, cast.tom, cast.tia, cast.root}),
    ):
        frozen.move_to(moment)
        assert due_work.remind(moment) == len(people)
        assert due_work.remind(moment) == 0
        assert told(template) == people
    assert due_work.next_reminder(late) is None


def test_a_new_date_begins_the_reminders_anew(working, cast, client, frozen):
    late = NOW + 60 * DAY
    frozen.move_to(late)
    due_work.remind(late)
    do("ask_extension", working, cast.li, new_date=(late + 10 * DAY).date().isoformat(), reason="Illness.")
    answer(client, cast.amara, working, "agree")
    do("extend_delivery", working, cast.tess, decision="approve")
    assert due_work.remind(late) == 0
    frozen.move_to(late + 11 * DAY)
    assert due_work.remind(late + 11 * DAY) == 6

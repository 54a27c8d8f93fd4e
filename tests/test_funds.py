"""Step 3: the manager commits the price with tax at 15%; finance reserves at least that."""

from decimal import Decimal

import pytest
from django.urls import reverse

from microacq import clock
from opportunities.actions import Invalid, act
from opportunities.lifecycle import Refused
from tests.need import NOW, in_commitment


@pytest.fixture(autouse=True)
def _january():
    with clock.frozen(NOW):
        yield


@pytest.fixture
def need(cast):
    return in_commitment(cast)


def commit(need, cast, **data):
    event = act("commit_funds", need, cast.mona, data={"source": "transfer", "pif_number": "PIF-7", **data})
    need.refresh_from_db()
    return event


def test_the_manager_sees_the_price_the_tax_and_the_total_and_commits_it(client, need, cast):
    client.force_login(cast.mona)
    address = reverse("commit_funds", args=[need.reference])
    page = client.get(address).content.decode()
    for amount in ("$6,500.00", "$975.00", "$7,475.00"):
        assert amount in page
    assert (
        client.post(
            address, {"version": need.version, "source": "transfer", "pif_number": "PIF-7"}
        ).status_code
        == 302
    )
    need.refresh_from_db()
    row = need.commitments.get()
    assert (need.state, row.amount, row.source, row.pif_number, row.committed_by) == (
        "reserving",
        Decimal("7475.00"),
        "transfer",
        "PIF-7",
        cast.mona,
    )


def test_the_event_holds_amounts_and_no_number_of_the_form(need, cast):
    event = commit(need, cast)
    assert event.data == {"commitment": need.commitments.get().pk, "amount": "7475.00", "source": "transfer"}


def test_where_the_budget_comes_from_is_asked(need, cast):
    with pytest.raises(Invalid):
        act("commit_funds", need, cast.mona, data={})
    with pytest.raises(Invalid):
        act("commit_funds", need, cast.mona, data={"source": "petty cash"})


@pytest.mark.parametrize("who", ["amara", "tess", "fin", "eve"])
def test_nobody_else_commits(need, cast, who):
    with pytest.raises(Refused):
        act("commit_funds", need, getattr(cast, who), data={"source": "iitb"})


def test_a_price_changed_after_the_page_was_opened_is_not_committed(need, cast):
    seen = need.version
    act("return_statement", need, cast.mona, data={"reason": "Too much."})
    need.refresh_from_db()
    act("statement_ready", need, cast.amara)
    need.refresh_from_db()
    with pytest.raises(Refused) as refusal:
        act("commit_funds", need, cast.mona, data={"source": "iitb"}, version=seen)
    assert refusal.value.code == "stale"


def test_finance_reserves_what_covers_the_total(client, need, cast):
    commit(need, cast)
    client.force_login(cast.fin)
    address = reverse("reserve_funds", args=[need.reference])
    page = client.get(address).content.decode()
    assert "$7,475.00" in page
    assert "Mona" in page
    assert "PIF-7" in page
    short = client.post(address, {"version": need.version, "number": "FR-100", "amount": "7,474.99"})
    assert short.status_code == 422
    assert "$7,475.00" in str(short.context["form"].errors["amount"])
    assert (
        client.post(
            address, {"version": need.version, "number": "FR-100", "amount": "7 475,00 $"}
        ).status_code
        == 302
    )
    need.refresh_from_db()
    assert (need.state, need.reservation.number, need.reservation.amount) == (
        "reserved",
        "FR-100",
        Decimal("7475.00"),
    )
    assert need.reservation.reserved_by == cast.fin


def test_a_reservation_above_the_ceiling_and_a_card_number_are_refused(need, cast):
    commit(need, cast)
    for data in (
        {"number": "FR-1", "amount": "10,000.01"},
        {"number": "4111 1111 1111 1111", "amount": "8,000"},
        {"number": "", "amount": "8,000"},
    ):
        with pytest.raises(Invalid):
            act("reserve_funds", need, cast.fin, data=data)
    assert not need.reservations.exists()


def test_finance_does_not_see_a_need_before_the_manager_commits(client, need, cast):
    client.force_login(cast.fin)
    address = reverse("workspace_opportunity", args=[need.reference])
    assert client.get(address).status_code == 404
    commit(need, cast)
    assert client.get(address).status_code == 200


def test_the_page_tells_the_story_of_the_funds_to_those_concerned(client, need, cast):
    commit(need, cast)
    act("return_reservation", need, cast.fin, data={"reason": "Wrong fund centre."})
    for name, sees in {"amara": True, "mona": True, "tess": True, "eve": False}.items():
        client.force_login(getattr(cast, name))
        page = client.get(reverse("workspace_opportunity", args=[need.reference])).content.decode()
        assert ("PIF-7" in page) is sees, name
        assert ("Finance returned the statement without reserving" in page) is sees, name


def test_a_second_round_counts_with_the_latest_reservation(need, cast):
    commit(need, cast)
    act("reserve_funds", need, cast.fin, data={"number": "FR-1", "amount": "8,000.00"})
    need.refresh_from_db()
    act("reopen_statement", need, cast.tess, data={"reason": "The date moved."})
    need.refresh_from_db()
    act("statement_ready", need, cast.tess)
    need.refresh_from_db()
    commit(need, cast)
    act("reserve_funds", need, cast.fin, data={"number": "FR-2", "amount": "7,475.00"})
    need.refresh_from_db()
    assert need.reservation.number == "FR-2"

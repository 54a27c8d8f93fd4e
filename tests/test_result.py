"""The result: how long it takes while it is waited for, and what the public reads of it."""

import pytest
from django.urls import reverse

from microacq import clock
from tests.factories import at

from .choosing import CLOSING, confirmed, drawn, hours, opened, order_of, released

pytestmark = pytest.mark.django_db


def read(client, user, opportunity, now, name="workspace_opportunity"):
    client.logout()
    if user:
        client.force_login(user)
    with clock.frozen(now):
        return client.get(reverse(name, args=[opportunity.reference])).content.decode()


@pytest.mark.parametrize(
    ("later", "says"),
    [(hours(1), "2 business days left"), (hours(24), "1 business day left"), (hours(48), "Due today"), (hours(72), "1 business day late"), (hours(24 * 7), "3 business days late")],
)  # fmt: skip
def test_the_clock_runs_for_who_waits_and_for_who_is_waited_for(client, cast, later, says):
    opportunity = released(cast, cast.li, cast.sam, evaluators=[cast.eve]).opportunity
    for reader in (cast.amara, cast.eve, cast.tess, cast.tom, cast.li, cast.sam):
        body = read(client, reader, opportunity, CLOSING + later)
        assert says in body, reader
        assert "September 14, 2023" in body
    for reader in (cast.noor, cast.mona, None):
        assert "how long it takes" not in read(client, reader, opportunity, CLOSING + later, "opportunity")


def test_it_runs_from_closing_until_applicants_are_told(client, cast):
    assert "how long it takes" not in read(client, cast.li, at("posted", cast), clock.now())
    waiting = opened(cast, cast.li)
    assert "2 business days left" in read(client, cast.li, waiting.opportunity, CLOSING + hours(1))
    passed = confirmed(cast, cast.li, cast.sam)
    assert "how long it takes" in read(client, cast.amara, passed.opportunity, CLOSING + hours(24))
    told = drawn(cast, cast.li, cast.sam)
    assert "how long it takes" not in read(client, cast.amara, told.opportunity, CLOSING + hours(100))


def test_the_public_reads_supplier_price_numbers_and_days(client, cast):
    journey = drawn(cast, cast.li, cast.sam, cast.noor, failing=[cast.noor])
    opportunity = journey.opportunity
    winner = order_of(opportunity)[0]
    offer = opportunity.offers.get()
    before = read(client, None, opportunity, offer.made_at, "opportunity")
    assert "From closing to selection" not in before
    assert winner.name not in before, "not before it is signed"
    journey.act("sign", winner, offer.made_at + hours(1), agree="on", signed_name=winner.name)
    opportunity.refresh_from_db()
    body = read(client, None, opportunity, offer.made_at + hours(2), "opportunity")
    for fact in (
        f"<dt>Supplier selected</dt><dd>{winner.name}</dd>",
        "$6,500.00",
        "<dt>Applications received</dt><dd>3</dd>",
        "<dt>Applications that passed every criterion</dt><dd>2</dd>",
        "3 business days",
        "Target: 2 business days.",
    ):
        assert fact in body, fact
    data = client.get(reverse("opportunity_json", args=[opportunity.reference])).json()["result"]
    assert (data["applications"], data["passed"], data["business_days_from_closing_to_selection"]) == (
        3,
        2,
        3,
    )
    assert (data["supplier"], data["selected_on"]) == (winner.name, "2023-09-15")


def test_how_many_passed_is_not_public_before_applicants_are_told(client, cast):
    opportunity = confirmed(cast, cast.li, cast.sam).opportunity
    body = read(client, None, opportunity, CLOSING + hours(30), "opportunity")
    assert "Applications received" in body
    assert "passed every criterion" not in body

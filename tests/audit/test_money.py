"""Rows 5 and 6: who commits, certifies and pays are never the same person, whoever becomes what; the price keeps its ceiling.

Sections 32 (commits), 34 (certifies that the work was received) and 33 (pays) of the Financial Administration Act. Every
attempt is a POST to the page's own address, as the person.
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from evaluations import staffing
from evaluations.forms.staffing import PeopleForm
from microacq import clock, money
from microacq.models import User
from opportunities import taxes
from opportunities.actions import act
from opportunities.models import Commitment, Contract, Invoice, Opportunity, Payment, Reservation
from opportunities.statement import fill_statement
from tests.factories import STATEMENT, at, journey
from tests.need import NOW

pytestmark = pytest.mark.django_db
REASON = {"reason": "The price has changed."}
COMMIT = {"source": "iitb", "pif_number": ""}
CERTIFY = {"received": "on", "price_right": "on", "note": ""}


@pytest.fixture
def post(client):
    """POST a transition as somebody, with the version of the moment: (status, what the state is now)."""

    def send(name, opportunity, by, **data):
        client.force_login(by)
        opportunity.refresh_from_db()
        address = reverse(name, args=[opportunity.reference])
        status = client.post(address, {"version": opportunity.version, **data}).status_code
        before = opportunity.state
        opportunity.refresh_from_db()
        return status, opportunity.state if opportunity.state != before else "same"

    return send


@pytest.fixture
def moment():
    """A clock that goes along with the opportunity."""
    with clock.frozen(NOW - timedelta(days=90)) as found:
        yield found


def becomes(person, role):
    """What a superuser grants in the admin."""
    person.role = role
    person.save(update_fields=["role"])


def paid(opportunity) -> dict:
    return {
        "means": "card", "document_number": "51001", "transaction_reference": "", "countersign": "on",
        "paid_on": clock.now().astimezone(clock.EASTERN).date().isoformat(), "amount": "9999.00",
    }  # fmt: skip


REFUSED = (409, "same")


def test_row_5_nobody_does_two_of_the_three_and_each_only_their_own(cast, post):
    """The chart: each of the three acts, by each of the cast, from the state where it is expected."""
    reached = journey(cast, state="complete", evaluators=[cast.eve])
    committing = reached.to("committing")
    wrong = [cast.amara, cast.eve, cast.bo, cast.tess, cast.tom, cast.fin, cast.li, cast.root]
    for person in wrong:
        status, state = post("commit_funds", committing, person, **COMMIT)
        assert status in (404, 409) and state == "same", person.name
    assert Commitment.objects.count() == 0
    reached.enter("reserving")
    for person in [*wrong[:5], cast.mona, cast.li, cast.root]:
        status, state = post("reserve_funds", committing, person, number="FR-1", amount="10000")
        assert status in (404, 409) and state == "same", person.name
    for state in ("reserved", "posted"):
        reached.enter(state)
    reached.apply()
    for (
        state
    ) in "opened evaluation review confirmed selection work acceptance invoicing certification".split():
        reached.enter(state)
    for person in [*wrong, cast.sam]:
        status, state = post("certify", committing, person, **CERTIFY)
        assert status in (404, 409) and state == "same", person.name
    reached.enter("paying")
    for person in [*wrong[:5], cast.mona, cast.li, cast.sam, cast.root]:
        status, state = post("pay", committing, person, **paid(committing))
        assert status in (404, 409) and state == "same", person.name
    assert Payment.objects.count() == 0

    # roles swapped midway, one after the other: each is put back afterwards
    swaps = (
        ("who certified is made a finance officer", cast.mona),
        ("the client, who accepted the work, is made a finance officer", cast.amara),
        ("the evaluator, who chose the supplier, is made a finance officer", cast.eve),
        ("the supplier, who is paid, is made a finance officer", cast.li),
        ("an applicant who lost is made a finance officer", cast.sam),
    )
    for what, person in swaps:
        before = person.role
        becomes(person, User.Role.FINANCE)
        assert post("pay", committing, person, **paid(committing)) == REFUSED, what
        becomes(person, before)

    # the need handed over after the client accepted the work: who accepted it still does not pay
    staffing.change(committing, cast.tom, clock.now(), client=cast.bo)
    becomes(cast.amara, User.Role.FINANCE)
    assert post("pay", committing, cast.amara, **paid(committing)) == REFUSED
    # a finance officer to whom it is handed over is its client from then on
    staffing.change(committing, cast.tom, clock.now(), client=cast.fay)
    assert post("pay", committing, cast.fay, **paid(committing)) == REFUSED
    becomes(cast.fay, User.Role.FINANCE)
    # a finance officer who leaves does not pay any more
    cast.fin.is_active = False
    cast.fin.save(update_fields=["is_active"])
    assert post("pay", committing, cast.fin, **paid(committing))[1] == "same"
    cast.fin.is_active = True
    cast.fin.save(update_fields=["is_active"])
    assert post("pay", committing, cast.fin, **paid(committing)) == (302, "registry")
    payment = Payment.objects.get()
    assert (
        payment.amount == committing.latest_invoice.total != Decimal("9999.00")
    )  # row 6: not what was posted
    assert post("pay", committing, cast.fay, **paid(committing)) == REFUSED


def test_row_5_the_manager_is_never_the_client_however_they_are_exchanged(cast, post, client):
    opportunity = at("committing", cast)
    # handed over to the manager: refused by the page, by the service, and by the database
    form = PeopleForm({"client": cast.mona.email}, opportunity=opportunity, is_team=True)
    assert form.is_valid()
    client.force_login(cast.tess)
    answer = client.post(
        reverse("evaluation_people", args=[opportunity.reference]), {"client": cast.mona.email}
    )
    assert answer.status_code == 422
    with pytest.raises(DatabaseError), transaction.atomic():
        Opportunity.objects.filter(pk=opportunity.pk).update(client=cast.mona)
    # the other way round: the former client is named manager
    assert post("return_statement", opportunity, cast.mona, **REASON) == (302, "preparing")
    staffing.change(opportunity, cast.tess, clock.now(), client=cast.bo)
    opportunity.refresh_from_db()
    fill_statement(opportunity, {"manager": cast.amara}, now=clock.now())
    assert post("statement_ready", opportunity, cast.bo) == (302, "committing")
    assert post("commit_funds", opportunity, cast.amara, **COMMIT) == REFUSED
    assert post("return_statement", opportunity, cast.amara, **REASON) == (302, "preparing")
    # a finance officer who reserved is named manager afterwards
    fill_statement(opportunity, {"manager": cast.mona}, now=clock.now())
    assert post("statement_ready", opportunity, cast.bo) == (302, "committing")
    assert post("commit_funds", opportunity, cast.mona, **COMMIT) == (302, "reserving")
    # who committed is made a finance officer: still the manager here
    becomes(cast.mona, User.Role.FINANCE)
    funds = {"number": "FR-1", "amount": "10000"}
    assert post("reserve_funds", opportunity, cast.mona, **funds) == REFUSED
    assert post("reserve_funds", opportunity, cast.fin, **funds) == (302, "reserved")
    assert post("reopen_statement", opportunity, cast.tess, **REASON) == (302, "preparing")
    fill_statement(opportunity, {"manager": cast.fin}, now=clock.now())
    assert post("statement_ready", opportunity, cast.bo) == (302, "committing")
    assert post("commit_funds", opportunity, cast.fin, **COMMIT) == REFUSED
    # and who committed under an earlier statement is not finance under a later one
    assert post("return_statement", opportunity, cast.fin, **REASON) == (302, "preparing")
    becomes(cast.eve, User.Role.CLIENT)
    fill_statement(opportunity, {"manager": cast.eve}, now=clock.now())
    assert post("statement_ready", opportunity, cast.bo) == (302, "committing")
    assert post("commit_funds", opportunity, cast.eve, **COMMIT) == (302, "reserving")
    assert post("reserve_funds", opportunity, cast.mona, **funds) == REFUSED
    assert post("reserve_funds", opportunity, cast.fay, **funds) == (302, "reserved")


def test_row_5_who_applied_or_supplies_is_nobody_else_here_whatever_is_granted_later(cast, post):
    """Public servants may apply; one who is made a team member later has no hand in choosing, nor in ending, their own."""
    opportunity = at("review", cast)
    for person in (cast.li, cast.sam):
        becomes(person, User.Role.TEAM)
        assert post("confirm", opportunity, person) == REFUSED
        assert post("cancel", opportunity, person, reason_en="x y", reason_fr="x y") == REFUSED
    assert post("confirm", opportunity, cast.tom) == (302, "confirmed")
    assert post("award_single", opportunity, cast.li) == REFUSED


# row 6: the ceiling


def test_row_6_a_price_above_the_ceiling_is_refused_wherever_it_is_sent(cast, post, client, moment):
    most, more = Decimal("8695.65"), Decimal("8695.66")
    assert (
        money.with_tax(most, money.MAX_TAX_RATE) <= money.CEILING < money.with_tax(more, money.MAX_TAX_RATE)
    )
    reached = journey(cast, state="certification", now=NOW)
    opportunity = reached.to("preparing")
    moment.move_to(reached.moment("committing"))
    fill_statement(opportunity, {"fixed_price": most}, now=clock.now())
    price = client_price(client, cast.amara, opportunity)
    for text in (
        "8695.66",
        "8,695.66",
        "8 695,66",
        "10000",
        "1e5",
        "-1",
        "0",
        "99999999",
        "８６９６",
        "8695.651",
    ):
        assert price(text) != 302, text
        opportunity.refresh_from_db()
        assert opportunity.fixed_price == most, text
    assert price("8 695,65 $") == 302

    # were it written behind the page, it could be neither sent, nor posted, nor contracted
    Opportunity.objects.filter(pk=opportunity.pk).update(fixed_price=more)
    assert post("statement_ready", opportunity, cast.amara) == REFUSED
    with pytest.raises(DatabaseError), transaction.atomic():
        Opportunity.objects.filter(pk=opportunity.pk).update(fixed_price=more, posted_at=NOW)
    Opportunity.objects.filter(pk=opportunity.pk).update(fixed_price=most)

    # commitment and reservation: the sum is not taken from what is posted, or has its own limits
    assert post("statement_ready", opportunity, cast.amara, fixed_price="9999")[1] == "committing"
    assert post("commit_funds", opportunity, cast.mona, **COMMIT, amount="1000000")[1] == "reserving"
    assert Commitment.objects.get().amount == Decimal("10000.00")
    for amount in ("9999.99", "10000.01", "1000000", "-10000", ""):
        assert post("reserve_funds", opportunity, cast.fin, number="FR-1", amount=amount) == (422, "same")
    assert post("reserve_funds", opportunity, cast.fin, number="FR-1", amount="10000")[1] == "reserved"
    assert Reservation.objects.get().amount == money.CEILING

    # posted: an amendment does not change the price, whatever it says
    reached.enter("posted")
    moment.move_to(reached.moment("posted"))
    words = {f"{name}_{language}": text for name in ("title", "short_description", "background", "work", "deliverables")
             for language, text in STATEMENT[name].items()}  # fmt: skip
    sent = words | {
        "work_en": "Read the logs, and write a table of them.", "fixed_price": "9999.00", "price": "9999.00",
        "selection_date": str(opportunity.selection_date), "delivery_date": str(opportunity.delivery_date),
        "summary_en": "One word.", "summary_fr": "Un mot.", "reason_en": "One word.", "reason_fr": "Un mot.",
    }  # fmt: skip
    post("amend", opportunity, cast.tess, **sent)
    assert opportunity.fixed_price == most

    # contract, new delivery date, share of the work done
    reached.apply()
    for state in "opened evaluation review confirmed selection work".split():
        reached.enter(state)
    contract = Contract.objects.get()
    assert contract.price == most
    moment.move_to(reached.moment("work"))
    date = str(opportunity.delivery_date.replace(year=opportunity.delivery_date.year + 1))
    post(
        "ask_extension",
        opportunity,
        cast.li,
        new_date=date,
        reason="Illness.",
        price="9999",
        fixed_price="9999",
    )
    share = {
        "share_done": "101",
        "reason": "Not needed.",
        "reason_en": "x",
        "reason_fr": "x",
        "share": "101",
    }
    assert post("terminate_convenience", opportunity, cast.tess, **share)[1] == "same"
    contract.refresh_from_db()
    assert contract.price == contract.amount_due == most
    for change in ({"price": Decimal("9999")}, {"share_done": 120}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Contract.objects.filter(pk=contract.pk).update(**change)

    # the invoice: amounts come from the contract and the taxes of the province, never from what is posted
    for state in ("acceptance", "invoicing"):
        reached.enter(state)
    bill = {
        "number": "1", "supplier_name": "Li", "supplier_address": "1 Example Street", "province": "PE", "charges_tax": "yes",
        "gst_number": "123456789 RT0001", "amount": "9999.99", "total": "99999", "confirm": "yes",
    }  # fmt: skip
    moment.move_to(reached.moment("invoicing"))
    assert post("invoice", opportunity, cast.li, **bill)[1] == "certification"
    invoice = Invoice.objects.get()
    assert (invoice.amount, invoice.total) == (most, Decimal("10000.00"))
    copy = Invoice.objects.get()
    copy.pk, copy.version, copy.total = None, 2, Decimal("10000.01")
    with pytest.raises(DatabaseError), transaction.atomic():
        copy.save(force_insert=True)


def client_price(client, by, opportunity):
    """Send a price on the statement's own page; gives the status."""

    def send(text):
        client.force_login(by)
        opportunity.refresh_from_db()
        address = reverse("statement_price", args=[opportunity.reference])
        return client.post(
            address, {"version": opportunity.version, "fixed_price": text, "weekly_hours": "30"}
        ).status_code

    return send


def test_row_6_no_tax_of_any_province_takes_the_highest_price_over_the_ceiling():
    for province in taxes.PROVINCES:
        lines = taxes.taxes_for(province, money.MAX_PRICE, NOW.date())
        assert money.MAX_PRICE + sum(line.amount for line in lines) <= money.CEILING, province


def test_row_6_a_contract_above_the_ceiling_cannot_be_written(cast):
    opportunity = at("selection", cast)
    Opportunity.objects.filter(pk=opportunity.pk).update(fixed_price=Decimal("8695.65"))
    with pytest.raises(DatabaseError), transaction.atomic():
        Opportunity.objects.filter(pk=opportunity.pk).update(fixed_price=Decimal("8695.66"))
    act(
        "sign",
        opportunity,
        cast.li,
        data={"agree": "on", "signed_name": cast.li.name, "price": "9999"},
        now=signing(opportunity),
    )
    assert Contract.objects.get().price == Decimal("8695.65")


def signing(opportunity):
    return opportunity.state_since

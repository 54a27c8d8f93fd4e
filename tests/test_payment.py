"""Step 8: the invoice with its taxes, certified by the manager (section 34), paid once by finance (section 33)."""

import re
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import override

from microacq import clock
from opportunities import taxes
from opportunities.actions import act, make_form
from opportunities.forms.payment import days_to_payment
from opportunities.lifecycle import Refused
from opportunities.models import Certification, Invoice, Notification, Payment
from tests.deal import DAY, do, page_of, refused
from tests.factories import at
from tests.need import NOW

CARD = "4111-1111-1111-1111"
GST, QST = "123456789 RT0001", "1234567890 TQ0001"


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


@pytest.fixture
def invoicing(cast):
    return at("invoicing", cast)


@pytest.fixture
def certifying(cast):
    return at("certification", cast)


@pytest.fixture
def paying(cast):
    return at("paying", cast)


def bill(**changes) -> dict:
    return {
        "number": "2027-001",
        "supplier_name": "Li Supplier",
        "supplier_address": "12 Main Street\nOttawa ON  K1A 0B1",
        "province": "ON",
        "charges_tax": "no",
        "gst_number": "",
        "pst_number": "",
    } | changes


def paid(**changes) -> dict:
    return {
        "means": "card",
        "justification": "",
        "document_number": "5100001234",
        "transaction_reference": "T-9",
        "paid_on": NOW.date().isoformat(),
        "countersign": "on",
    } | changes


# the invoice

TOTALS = [
    (bill(), "6500.00", []),
    (bill(charges_tax="yes", gst_number=GST), "7345.00", [("HST", "845.00")]),
    (bill(charges_tax="yes", gst_number=GST, province="AB"), "6825.00", [("GST", "325.00")]),
    (bill(charges_tax="yes", gst_number=GST, province="QC"), "6825.00", [("GST", "325.00")]),
    # 6,500 x 9.975% on the price itself, never on the GST
    (
        bill(charges_tax="yes", gst_number=GST, pst_number=QST, province="QC"),
        "7473.38",
        [("GST", "325.00"), ("QST", "648.38")],
    ),
    (
        bill(charges_tax="yes", gst_number=GST, pst_number="PST-1234-5678", province="BC"),
        "7280.00",
        [("GST", "325.00"), ("PST", "455.00")],
    ),
]


def test_the_amounts_come_from_the_contract_and_the_taxes_of_the_province(invoicing, cast):
    for data, total, lines in TOTALS:
        form = make_form("invoice", invoicing, cast.li, NOW, data=data)
        assert form.is_valid(), form.errors
        assert form.computed() == Decimal(total)
        assert [(line.code, str(line.amount)) for line in form.tax_lines] == lines


def test_li_sends_the_invoice_and_the_database_keeps_it_as_it_is(invoicing, cast):
    number = invoicing.reservation.number
    event = do("invoice", invoicing, cast.li, **bill(charges_tax="yes", gst_number=GST))
    invoice = Invoice.objects.get()
    assert (invoice.version, invoice.fund_reservation_number, invoice.amount, invoice.total) == (
        1,
        number,
        Decimal("6500.00"),
        Decimal("7345.00"),
    )
    assert invoice.taxes == [{"code": "HST", "rate": "0.13", "amount": "845.00"}]
    assert invoicing.state == "certification"
    assert (event.data["amount"], event.data["total"]) == ("6500.00", "7345.00")
    assert "Ottawa" not in str(event.data)
    assert {n.recipient for n in Notification.objects.filter(template="invoice_to_certify")} == {cast.mona}
    with pytest.raises(DatabaseError), transaction.atomic():
        Invoice.objects.update(province="QC")


WRONG_INVOICES = [
    ({"province": "ZZ"}, {"province"}),
    ({"province": ""}, {"province"}),
    ({"charges_tax": "yes"}, {"gst_number"}),
    ({"charges_tax": "yes", "gst_number": "12345"}, {"gst_number"}),
    ({"charges_tax": "yes", "gst_number": "123456789RC0001"}, {"gst_number"}),
    ({"gst_number": GST}, {"gst_number"}),
    ({"pst_number": QST, "province": "QC"}, {"pst_number"}),
    (
        {"charges_tax": "yes", "gst_number": GST, "pst_number": "PST-1234-5678"},
        {"pst_number"},
    ),  # Ontario has none
    (
        {"charges_tax": "yes", "gst_number": GST, "pst_number": "PST-1234-5678", "province": "QC"},
        {"pst_number"},
    ),
    ({"charges_tax": "yes", "gst_number": GST, "pst_number": "abc", "province": "SK"}, {"pst_number"}),
    ({"number": ""}, {"number"}),
    ({"number": CARD}, {"number"}),
    ({"supplier_name": CARD}, {"supplier_name"}),
    ({"supplier_address": f"Visa {CARD}"}, {"supplier_address"}),
    ({"charges_tax": "perhaps"}, {"charges_tax"}),
]


def test_a_wrong_field_of_the_invoice_is_refused_at_that_field(invoicing, cast):
    for changes, fields in WRONG_INVOICES:
        assert refused("invoice", invoicing, cast.li, **bill(**changes)) == fields, changes


def test_an_invoice_over_the_ceiling_is_refused_by_the_form_and_by_the_database(invoicing, cast, monkeypatch):
    dear = [taxes.TaxLine("HST", Decimal("0.54"), Decimal("3500.01"))]
    monkeypatch.setattr(taxes, "taxes_for", lambda *args: dear)
    assert refused("invoice", invoicing, cast.li, **bill(charges_tax="yes", gst_number=GST)) == {"__all__"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.create(
            opportunity=invoicing,
            version=1,
            number="1",
            province="ON",
            amount=Decimal("8000"),
            total=Decimal("10000.01"),
            sent_at=NOW,
        )


def test_the_amounts_are_shown_before_the_invoice_is_sent(invoicing, cast, client):
    client.force_login(cast.li)
    address = reverse("invoice", args=[invoicing.reference])
    first = client.get(address).content.decode()
    assert "Show the amounts" in first
    assert 'name="shown"' not in first
    typed = bill(charges_tax="yes", gst_number=GST, version=invoicing.version)
    shown = client.post(address, typed | {"preview": "1"}).content.decode()
    assert "HST 13%" in shown
    assert 'name="shown" value="7345.00"' in shown
    assert Invoice.objects.count() == 0
    # The province changed after the amounts were shown: they are shown again.
    changed = client.post(address, typed | {"province": "NB", "shown": "7345.00"})
    assert changed.status_code == 422
    assert 'name="shown" value="7475.00"' in changed.content.decode()
    assert Invoice.objects.count() == 0
    wrong = client.post(address, typed | {"gst_number": "", "preview": "1"}).content.decode()
    assert 'name="shown"' not in wrong
    assert client.post(address, typed | {"shown": "7345.00"}).status_code == 302
    assert Invoice.objects.get().total == Decimal("7345.00")


def test_the_amount_shown_in_french_is_the_amount_that_comes_back(invoicing, cast, client):
    client.force_login(cast.li)
    with override("fr"):
        address = reverse("invoice", args=[invoicing.reference])
    typed = bill(version=invoicing.version)
    page = client.post(address, typed | {"preview": "1"}).content.decode()
    shown = re.search(r'name="shown" value="([^"]*)"', page)[1]
    assert shown == "6500.00" and "6\u00a0500,00" in page
    client.post(address, typed | {"shown": shown})
    invoicing.refresh_from_db()
    assert invoicing.state == "certification"


def test_a_returned_invoice_is_corrected_as_a_new_version_and_the_old_one_stays(certifying, cast, client):
    assert refused("return_invoice", certifying, cast.mona) == {"reason"}
    do("return_invoice", certifying, cast.mona, reason="The address is missing its postal code.")
    assert certifying.state == "invoicing"
    assert "postal code" in page_of(client, cast.li, certifying)
    form = client.get(reverse("invoice", args=[certifying.reference])).content.decode()
    assert "123 Example Street" in form
    do("invoice", certifying, cast.li, **bill(number="2027-001-B"))
    assert [i.version for i in certifying.invoices.all()] == [1, 2]
    first = client.get(reverse("invoice_page", args=[certifying.reference, 1])).content.decode()
    assert "replaced by version 2" in first
    page = page_of(client, cast.mona, certifying)
    assert page.index("Version 2") < page.index("Version 1")


def test_a_number_serves_for_one_opportunity_only(cast, frozen):
    first = at("invoicing", cast)
    do("invoice", first, cast.li, **bill())
    second = at("invoicing", cast)
    assert refused("invoice", second, cast.li, **bill()) == {"number"}


def test_only_who_has_a_part_in_the_contract_reads_the_invoice(certifying, cast, client):
    address = reverse("invoice_page", args=[certifying.reference, 1])
    assert client.get(address).status_code == 302
    for user in (cast.li, cast.amara, cast.mona, cast.tess, cast.fin):
        client.force_login(user)
        page = client.get(address)
        assert page.status_code == 200
        assert "123 Example Street" in page.content.decode()
    for user in (cast.sam, cast.noor, cast.bo):
        client.force_login(user)
        assert client.get(address).status_code == 404
        assert "123 Example Street" not in page_of(client, user, certifying)
    client.force_login(cast.li)
    assert client.get(reverse("invoice_page", args=[certifying.reference, 9])).status_code == 404


# section 34


def test_the_manager_certifies_and_nobody_else(certifying, cast):
    assert refused("certify", certifying, cast.mona) == {"received", "price_right"}
    assert refused("certify", certifying, cast.mona, received="on", price_right="on", note=CARD) == {"note"}
    for by in (cast.amara, cast.li, cast.fin, cast.tess, cast.root, cast.eve):
        with pytest.raises(Refused) as no:
            act("certify", certifying, by, data={"received": "on", "price_right": "on"})
        assert no.value.code == "role"
    do("certify", certifying, cast.mona, received="on", price_right="on", note="Seen.")
    certification = Certification.objects.get()
    assert (certification.certified_by, certification.invoice, certifying.state) == (
        cast.mona,
        certifying.latest_invoice,
        "paying",
    )


# section 33


def test_finance_pays_the_invoice_and_records_the_document(paying, cast, client):
    event = do("pay", paying, cast.fin, **paid())
    payment = Payment.objects.get()
    assert (payment.amount, payment.paid_by, payment.document_number, paying.state) == (
        Decimal("6500.00"),
        cast.fin,
        "5100001234",
        "registry",
    )
    assert event.data["paid_on"] == NOW.date().isoformat()
    assert {n.recipient for n in Notification.objects.filter(template="paid")} == {cast.li, cast.amara}
    for user in (cast.fin, cast.mona, cast.tess, cast.li, cast.amara):
        page = page_of(client, user, paying)
        assert "5100001234" in page
        assert "acquisition card (Visa)" in page
    for user in (cast.sam, cast.noor):
        assert "5100001234" not in page_of(client, user, paying)
    client.force_login(cast.li)
    assert "Receipt" in client.get(reverse("invoice_page", args=[paying.reference, 1])).content.decode()


WRONG_PAYMENTS = [
    ({"means": "cash"}, {"means"}),
    ({"means": "paypal"}, {"justification"}),
    ({"means": "paypal", "justification": CARD}, {"justification"}),
    ({"document_number": ""}, {"document_number"}),
    ({"document_number": CARD}, {"document_number"}),
    ({"transaction_reference": "4111111111111111"}, {"transaction_reference"}),
    ({"paid_on": (NOW.date() + DAY).isoformat()}, {"paid_on"}),
    ({"paid_on": (NOW.date() - 60 * DAY).isoformat()}, {"paid_on"}),  # before it was certified
    ({"paid_on": "yesterday"}, {"paid_on"}),
]


def test_a_wrong_field_of_the_payment_is_refused_at_that_field(paying, cast):
    for changes, fields in WRONG_PAYMENTS:
        assert refused("pay", paying, cast.fin, **paid(**changes)) == fields, changes


def test_paypal_is_recorded_with_its_reason(paying, cast):
    do("pay", paying, cast.fin, **paid(means="paypal", justification="The supplier cannot take Visa."))
    assert Payment.objects.get().justification == "The supplier cannot take Visa."


def test_who_certified_does_not_pay(certifying, cast):
    do("certify", certifying, cast.mona, received="on", price_right="on")
    cast.mona.role = cast.mona.Role.FINANCE
    cast.mona.save()
    with pytest.raises(Refused):
        do("pay", certifying, cast.mona, **paid())
    # Even when somebody else takes her place as manager meanwhile.
    type(certifying).objects.filter(pk=certifying.pk).update(manager=cast.bo)
    with pytest.raises(Refused, match="You certified this invoice"):
        do("pay", certifying, cast.mona, **paid())
    for by in (cast.amara, cast.li, cast.tess, cast.root):
        with pytest.raises(Refused):
            do("pay", certifying, by, **paid())
    assert Payment.objects.count() == 0


def test_paying_in_two_tabs_pays_once(paying, cast, client):
    client.force_login(cast.fin)
    address = reverse("pay", args=[paying.reference])
    typed = paid() | {"version": paying.version}
    assert client.post(address, typed).status_code == 302
    second = client.post(address, typed | {"document_number": "5100009999"})
    assert second.status_code == 409
    assert Payment.objects.count() == 1


def test_the_database_refuses_a_second_payment_and_the_reader_gets_a_sentence(paying, cast):
    form = make_form("pay", paying, cast.fin, NOW, data=paid())
    assert form.is_valid()
    form.record(paying, cast.fin, NOW)
    with pytest.raises(Refused, match="already paid"):
        form.record(paying, cast.fin, NOW)
    assert Payment.objects.count() == 1


def test_days_from_invoice_to_payment_are_shown_against_both_targets(paying, cast, client, frozen):
    sent = paying.latest_invoice.sent_at.astimezone(clock.EASTERN).date()
    assert "target 7, ordinary procurement 31" in page_of(client, cast.fin, paying)
    frozen.move_to(NOW + 3 * DAY)
    do("pay", paying, cast.fin, **paid(paid_on=(NOW + 3 * DAY).date().isoformat()))
    days = ((NOW + 3 * DAY).date() - sent).days
    assert days_to_payment(Payment.objects.get()) == days
    assert f"{days} days" in page_of(client, cast.li, paying)


# a contract that ended early


def test_a_contract_ended_for_convenience_is_invoiced_and_paid_for_its_share_and_ends_as_terminated(
    cast, client
):
    working = at("work", cast)
    do("terminate_convenience", working, cast.tess, share_done="40", reason="No longer needed.")
    event = do("invoice", working, cast.li, **bill(charges_tax="yes", gst_number=GST, province="AB"))
    assert (event.data["amount"], event.data["total"]) == ("2600.00", "2730.00")
    client.force_login(cast.mona)
    assert (
        "share of the work was received"
        in client.get(reverse("certify", args=[working.reference])).content.decode()
    )
    assert (
        "40% of the fixed price"
        in client.get(reverse("invoice_page", args=[working.reference, 1])).content.decode()
    )
    do("certify", working, cast.mona, received="on", price_right="on")
    with pytest.raises(Refused, match="ended early"):
        do("pay", working, cast.fin, **paid())
    do("pay_terminated", working, cast.fin, **paid())
    assert (working.state, Payment.objects.get().amount) == ("terminated", Decimal("2730.00"))
    assert "The contract was ended early" in page_of(client, cast.li, working)


def test_a_completed_contract_is_not_paid_as_one_that_ended(paying, cast):
    with pytest.raises(Refused, match="not ended early"):
        do("pay_terminated", paying, cast.fin, **paid())


# both languages


def test_every_page_of_step_eight_opens_in_both_languages(cast, client):
    opportunity = at("invoicing", cast)
    steps = [
        ("invoice", cast.li, bill()),
        ("certify", cast.mona, {"received": "on", "price_right": "on"}),
        ("pay", cast.fin, paid()),
    ]
    for name, by, data in steps:
        for language in ("en", "fr"):
            with override(language):
                client.force_login(by)
                assert client.get(reverse(name, args=[opportunity.reference])).status_code == 200, name
        with override("en"):
            do(name, opportunity, by, **data)
    for language in ("en", "fr"):
        with override(language):
            for page, *which in (("invoice_page", 1), ("workspace_opportunity",)):
                assert client.get(reverse(page, args=[opportunity.reference, *which])).status_code == 200

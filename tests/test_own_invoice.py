"""The supplier's own invoice as a PDF, with the same total; who signs for Canada; that the payment came."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from microacq import clock, uploads
from opportunities.actions import Invalid, act, make_form
from opportunities.models import PaymentConfirmation
from tests.deal import CARD, do, page_of, told
from tests.factories import at
from tests.need import NOW
from tests.test_payment import bill, paid

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


@pytest.fixture(autouse=True)
def uploaded(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "private": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        }
    }
    return tmp_path


def pdf(content=PDF, name="Facture 12.pdf"):
    return {"file": SimpleUploadedFile(name, content, "application/pdf")}


def test_li_attaches_a_pdf_with_the_same_total_and_its_readers_get_it_as_an_attachment(
    cast, client, uploaded
):
    opportunity = at("invoicing", cast)
    act("invoice", opportunity, cast.li, data=bill(file_total="6,500.00"), files=pdf())
    invoice = opportunity.latest_invoice
    assert (invoice.total, invoice.file_name) == (Decimal("6500.00"), "Facture 12.pdf")
    assert "Facture" not in invoice.file and (uploaded / invoice.file).read_bytes() == PDF
    address = reverse("invoice_file", args=[opportunity.reference, 1])
    for user in (cast.li, cast.amara, cast.mona, cast.fin, cast.tess):
        client.force_login(user)
        answer = client.get(address)
        assert b"".join(answer.streaming_content) == PDF
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert (
            "Facture 12.pdf"
            in client.get(reverse("invoice_page", args=[opportunity.reference, 1])).content.decode()
        )
    for user in (cast.sam, cast.noor, cast.eve):
        client.force_login(user)
        assert client.get(address).status_code == 404


WRONG = [
    ({"file_total": "6,500.01"}, pdf, {"file_total"}),
    ({"file_total": ""}, pdf, {"file_total"}),
    ({"file_total": "6,500.00"}, dict, {"file"}),
    ({"file_total": CARD}, pdf, {"file_total"}),
    ({"file_total": "6500"}, lambda: pdf(b"MZ not a pdf", "invoice.pdf"), {"file"}),
    ({"file_total": "6500"}, lambda: pdf(b"\x89PNG\r\n\x1a\n" + b"0" * 50, "invoice.pdf"), {"file"}),
    ({"file_total": "6500"}, lambda: pdf(b""), {"file"}),
    ({"file_total": "6500"}, lambda: pdf(PDF.ljust(uploads.MAX_BYTES, b" ") + b"%%EOF"), {"file"}),
]


def test_another_total_or_another_kind_of_file_is_refused_at_its_field(cast, uploaded):
    opportunity = at("invoicing", cast)
    for changes, files, fields in WRONG:
        with pytest.raises(Invalid) as wrong:
            act("invoice", opportunity, cast.li, data=bill(**changes), files=files())
        assert set(wrong.value.form.errors) == fields, changes
    assert list(uploaded.iterdir()) == []


def test_the_amounts_are_shown_before_the_file_is_asked_for_again(cast):
    opportunity = at("invoicing", cast)
    form = make_form("invoice", opportunity, cast.li, NOW, data=bill(file_total="6500", preview="1"))
    assert not form.is_valid() and form.to_show == Decimal("6500.00") and not form.errors


def test_an_invoice_without_a_file_needs_none(cast, client):
    opportunity = at("invoicing", cast)
    do("invoice", opportunity, cast.li, **bill())
    assert opportunity.latest_invoice.file == ""
    client.force_login(cast.li)
    assert client.get(reverse("invoice_file", args=[opportunity.reference, 1])).status_code == 404


def test_the_terms_are_countersigned_at_the_payment(cast, client):
    opportunity = at("paying", cast)
    with pytest.raises(Invalid) as wrong:
        act("pay", opportunity, cast.fin, data=paid(countersign=""))
    assert set(wrong.value.form.errors) == {"countersign"}
    do("pay", opportunity, cast.fin, **paid())
    contract = type(opportunity).objects.get(pk=opportunity.pk).contract
    assert (contract.countersigned_by, contract.countersigned_at) == (cast.fin, NOW)
    client.force_login(cast.li)
    assert cast.fin.name in client.get(reverse("contract", args=[opportunity.reference])).content.decode()


def test_the_team_may_countersign_before_and_once(cast, client, frozen):
    opportunity = at("work", cast)
    address = reverse("countersign", args=[opportunity.reference])
    for user, status in ((cast.li, 409), (cast.amara, 409), (cast.mona, 409), (cast.sam, 404)):
        client.force_login(user)
        assert client.post(address).status_code == status, user
    assert "Countersign the terms" in page_of(client, cast.tess, opportunity)
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 302
    client.force_login(cast.tom)
    client.post(address)
    contract = type(opportunity).objects.get(pk=opportunity.pk).contract
    assert contract.countersigned_by == cast.tess
    assert "Countersign the terms" not in page_of(client, cast.tess, opportunity)


def test_who_pays_is_not_asked_again_when_the_terms_are_countersigned(cast):
    opportunity = at("paying", cast)
    opportunity.contract.countersign(cast.tess, NOW)
    opportunity.refresh_from_db()
    assert "countersign" not in make_form("pay", opportunity, cast.fin, NOW).fields


def test_li_confirms_the_payment_once_and_nobody_else_does(cast, client):
    opportunity = at("paying", cast)
    address = reverse("confirm_payment", args=[opportunity.reference])
    client.force_login(cast.li)
    assert client.post(address).status_code == 409
    do("pay", opportunity, cast.fin, **paid())
    for user, status in ((cast.amara, 409), (cast.fin, 409), (cast.sam, 409)):
        client.force_login(user)
        assert client.post(address).status_code == status, user
    assert "I received the payment" in page_of(client, cast.li, opportunity)
    opportunity.refresh_from_db()
    assert client.post(address, {"version": opportunity.version}).status_code == 302
    opportunity.refresh_from_db()
    assert client.post(address, {"version": opportunity.version}).status_code == 409
    confirmation = PaymentConfirmation.objects.get()
    assert told("payment_confirmed") >= {cast.amara, cast.tess}
    assert opportunity.events.filter(transition="confirm_payment").count() == 1
    assert confirmation.confirmed_at == NOW
    assert "I received the payment" not in page_of(client, cast.li, opportunity)
    with pytest.raises(DatabaseError), transaction.atomic():
        confirmation.delete()

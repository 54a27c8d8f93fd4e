"""Step 6, the offers: down the order, one at a time, until somebody signs."""

import hashlib
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from evaluations import tick
from evaluations.forms.signing import same_person, signed_text
from evaluations.models import Draw, Offer, Pool
from evaluations.offers import make_offer
from microacq import clock
from opportunities.actions import Invalid
from opportunities.actions import act as act_on
from opportunities.lifecycle import Refused
from opportunities.models import Contract

from .choosing import FREEZE, ROUND_AT, confirmed, drawn, hours, order_of

LATER = ROUND_AT + timedelta(seconds=5)
VOID = {"reason_en": "A receipt was left out.", "reason_fr": "Un reçu avait été oublié."}
pytestmark = pytest.mark.django_db


def act(name, opportunity, user, **options):
    """A transition of the opportunity as it now is."""
    opportunity.refresh_from_db()
    return act_on(name, opportunity, user, **options)


def page(name, opportunity, *rest):
    return reverse(name, args=[opportunity.reference, *rest])


def read(client, url, user=None, now=LATER):
    client.logout()
    if user:
        client.force_login(user)
    with clock.frozen(now):
        return client.get(url)


def test_offers_go_down_the_order_and_never_back(client, cast):
    opportunity = drawn(cast, cast.li, cast.sam, cast.noor).opportunity
    first, second, third = order_of(opportunity)
    when = LATER + hours(1)
    with pytest.raises(Refused, match="supplier"):
        act("decline_offer", opportunity, second, now=when)
    with pytest.raises(Refused):
        act("no_award", opportunity, cast.tom, data=VOID, now=when)
    event = act("decline_offer", opportunity, first, data={"reason": "I am busy."}, now=when)
    assert "busy" not in str(event.data)
    assert [offer.supplier for offer in opportunity.offers.all()] == [first, second]
    with pytest.raises(Refused):
        act("sign", opportunity, first, data={"agree": "on", "signed_name": first.name}, now=when)

    late = opportunity.offers.open().get().respond_by
    assert tick.expire_offers(late - timedelta(seconds=1)) == 0
    with pytest.raises(Refused, match="has passed"):
        act("sign", opportunity, second, data={"agree": "on", "signed_name": second.name}, now=late)
    assert tick.expire_offers(late) == 1
    assert tick.expire_offers(late) == 0
    assert opportunity.offers.open().get().supplier == third
    act("decline_offer", opportunity, third, now=late + hours(1))
    assert not opportunity.offers.open().exists()
    assert list(opportunity.offers.values_list("position", "status")) == [
        (1, "declined"),
        (2, "expired"),
        (3, "declined"),
    ]
    act("no_award", opportunity, cast.tom, data=VOID, now=late + hours(2))
    opportunity.refresh_from_db()
    assert opportunity.state == "no_award"
    assert Draw.objects.count() == 1, "never a second draw"


def test_two_offers_can_never_be_open(cast):
    opportunity = drawn(cast, cast.li, cast.sam).opportunity
    other = opportunity.applications.not_yet_offered().get()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_offer(opportunity, other, 2, LATER)


def test_what_was_decided_cannot_be_rewritten(cast):
    opportunity = drawn(cast, cast.li, cast.sam).opportunity
    for query in (
        lambda: Draw.objects.update(order=[]),
        lambda: Draw.objects.all().delete(),
        lambda: Pool.objects.all().delete(),
        lambda: Offer.objects.all().delete(),
        lambda: Offer.objects.update(supplier=cast.kim),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            query()
    assert opportunity.offers.count() == 1


def test_nobody_passed(cast):
    opportunity = confirmed(cast, cast.li, failing=[cast.li]).opportunity
    with pytest.raises(Refused):
        act("award_single", opportunity, cast.tess, now=FREEZE)
    act("no_award", opportunity, cast.tess, data=VOID, now=FREEZE)
    assert opportunity.notifications.filter(template="not_awarded", recipient=cast.li).exists()


# signing


def test_signing_keeps_the_exact_text_and_its_hash(client, cast):
    opportunity = drawn(cast, cast.li, cast.sam).opportunity
    winner = order_of(opportunity)[0]
    when = LATER + hours(2)
    shown = read(client, page("sign", opportunity), winner, now=when)
    assert shown.status_code == 200
    sha256 = shown.context["form"].sha256
    for wrong in (
        {"signed_name": winner.name},
        {"agree": "on", "signed_name": "Somebody Else"},
        {"agree": "on", "signed_name": ""},
    ):
        with pytest.raises(Invalid):
            act("sign", opportunity, winner, data=wrong, now=when)
    data = {"agree": "on", "signed_name": winner.name.upper(), "terms_sha256": "0" * 64}
    with pytest.raises(Refused, match="terms changed"):
        act("sign", opportunity, winner, data=data, now=when)
    event = act("sign", opportunity, winner, data=data | {"terms_sha256": sha256}, now=when)
    contract = Contract.objects.get()
    text = signed_text(contract.terms_en, contract.terms_fr)
    assert (
        contract.terms_sha256
        == sha256
        == hashlib.sha256(text.encode()).hexdigest()
        == event.data["terms_sha256"]
    )
    assert winner.name in contract.terms_en
    assert winner.name in contract.terms_fr
    assert (contract.price, contract.signed_at) == (opportunity.fixed_price, when)
    assert winner.name not in str(event.data)
    for person in (winner, cast.amara, cast.mona, cast.tom, cast.fin):
        assert read(client, page("contract", opportunity), person).status_code == 200
        kept = read(client, page("contract_text", opportunity), person)
        assert hashlib.sha256(kept.content).hexdigest() == sha256
    for person in (order_of(opportunity)[1], cast.bo, cast.kim):
        assert read(client, page("contract", opportunity), person).status_code == 404
    copy = event.notifications.get(recipient=winner, template="contract_signed").email
    assert (contract.terms_fr if winner.language == "fr" else contract.terms_en) in copy.message
    assert sha256 in copy.message
    told = {(n.recipient, n.template) for n in event.notifications.all()}
    assert {(winner, "contract_signed"), (order_of(opportunity)[1], "supplier_selected")} <= told


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("Élodie O'Brien-Roy", True), ("elodie obrien roy", False), ("ELODIE O BRIEN ROY", True), ("Elodie Roy", True),
        ("Elodie", False), ("Roy", False), ("Elodie Roy Smith", False), ("", False), ("...", False),
    ],
)  # fmt: skip
def test_a_typed_name_is_the_name_of_the_application(typed, same):
    assert same_person(typed, "Élodie O’Brien Roy") is same


def test_a_public_servant_signs_only_with_the_accepted_sign_off(client, cast):
    from django.core.files.uploadedfile import SimpleUploadedFile

    opportunity = confirmed(cast, cast.li, cast.sam, failing=[cast.sam]).opportunity
    opportunity.applications.filter(supplier=cast.li).update(needs_sign_off=True)
    act("award_single", opportunity, cast.tom, now=FREEZE)
    data = {"agree": "on", "signed_name": cast.li.name}
    with pytest.raises(Refused, match="Director General"):
        act("sign", opportunity, cast.li, data=data, now=FREEZE)
    url = page("check_sign_off", opportunity)
    assert read(client, url, cast.sam).status_code == 404
    assert read(client, url, cast.amara).status_code == 404
    with clock.frozen(FREEZE):
        client.force_login(cast.tom)
        assert client.post(url).status_code == 409, "nothing to accept yet"
        client.force_login(cast.li)
        assert client.post(url, {"sign_off": SimpleUploadedFile("x.pdf", b"not a pdf")}).status_code == 422
        assert (
            client.post(url, {"sign_off": SimpleUploadedFile("x.pdf", b"%PDF-1.4\n...\n%%EOF\n")}).status_code
            == 302
        )
        with pytest.raises(Refused):
            act("sign", opportunity, cast.li, data=data, now=FREEZE)
        client.force_login(cast.tom)
        assert client.post(url).status_code == 302
        assert client.post(url).status_code == 409
    act("sign", opportunity, cast.li, data=data, now=FREEZE)


def test_each_applicant_reads_their_own_result(client, cast):
    opportunity = drawn(cast, cast.li, cast.sam, cast.noor, failing=[cast.noor]).opportunity
    winner, other = order_of(opportunity)
    when, url = LATER + hours(1), page("workspace_opportunity", opportunity)
    assert "Answer by" in read(client, url, winner, when).content.decode()
    assert "at place 2" in read(client, url, other, when).content.decode()
    body = read(client, url, cast.noor, when).content.decode()
    assert "did not pass every criterion" in body
    assert winner.name not in body
    act("sign", opportunity, winner, data={"agree": "on", "signed_name": winner.name}, now=when)
    assert f"Selected: {winner.name}" in read(client, url, other, when + hours(1)).content.decode()


@pytest.mark.django_db(transaction=True)
def test_ticks_at_once_expire_an_offer_once(cast):
    opportunity = drawn(cast, cast.li, cast.sam, cast.noor).opportunity
    late = opportunity.offers.open().get().respond_by
    done, ready = [], threading.Barrier(6)

    def run():
        try:
            ready.wait()
            done.append(tick.expire_offers(late))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 0, 0, 0, 0, 1]
    assert list(opportunity.offers.values_list("position", "status")) == [(1, "expired"), (2, "open")]

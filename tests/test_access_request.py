"""An access request: the team gives a person what is held about them, on record, and learns nothing that it may not know."""

import hashlib
import io
import json
import zipfile

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from evaluations import access_request, applications, own_data
from evaluations.models import Application
from microacq import archive, clock
from opportunities import mailing_list
from opportunities.models import AccessCopy, Message, SubscriptionRequest
from opportunities.views.questions import ask
from tests.choosing import CLOSING as CLOSED_AT
from tests.choosing import hours, mark_all, released
from tests.factories import at
from tests.test_applying import BEFORE, CLOSING, words

pytestmark = pytest.mark.django_db
PLANTED = "zebracadabra"
ADD = "admin:opportunities_accesscopy_add"


def asked(client, by, address, now=None):
    client.force_login(by)
    with clock.frozen(now or clock.now()):
        return client.post(reverse(ADD), {"address": address, "reason": "A-2027-1; seen with identity card."})


def zip_of(client, by, address, now=None) -> zipfile.ZipFile:
    answer = asked(client, by, address, now)
    assert answer["Content-Type"] == "application/zip", answer.content.decode()[:4000]
    return zipfile.ZipFile(io.BytesIO(answer.getvalue()))


def everything_in(found: zipfile.ZipFile) -> str:
    return "\n".join(name + found.read(name).decode(errors="replace") for name in found.namelist())


def test_a_supplier_is_given_all_that_is_held_and_nothing_of_others(client, cast):
    opportunity = at("complete", cast, evaluators=[cast.eve])
    answer = asked(client, cast.tess, "  SAM@studio.example ")
    data = answer.getvalue()
    found = zipfile.ZipFile(io.BytesIO(data))
    assert list(archive.Reader(io.BytesIO(data)).problems()) == []
    record = AccessCopy.objects.get()
    assert (record.about, record.made_by, record.sha256) == (
        cast.sam,
        cast.tess,
        hashlib.sha256(data).hexdigest(),
    )
    assert "identity card" in record.reason
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessCopy.objects.update(reason="x")
    held = json.loads(found.read("data.json"))
    assert held["account"][0]["email"] == cast.sam.email
    assert held["applications"][0]["outcome"] == "failed"
    assert (
        held["submissions"][0]["content"]
        == Application.objects.get(supplier=cast.sam).submissions.get().content
    )
    assert held["marks_received"][0]["reasons"]
    assert held["mails"]
    text = everything_in(found)
    for other in (cast.eve, cast.li, cast.fin, cast.mona, cast.tess):
        assert other.email not in text, other.name
        # Who won is public, and Sam was told.
        assert other is cast.li or other.name not in text, other.name
    assert 'lang="fr"' in found.read("index.html").decode()  # Sam's language
    assert 'lang="en"' in found.read("index-en.html").decode()

    # Those who act for the department: what they did, wrote and marked.
    Message.objects.create(
        opportunity=opportunity, author=cast.amara, from_team=False, body="Hello.", sent_at=clock.now()
    )
    for person, section, key, value in (
        (cast.amara, "messages", "body", "Hello."),
        (cast.amara, "needs", "reference", opportunity.reference),
        (cast.eve, "marks", "opportunity", opportunity.reference),
        (cast.fin, "acts", "transition", "reserve_funds"),
        (cast.fin, "named", "record", "opportunities.payment"),
        (cast.mona, "named", "as", "certified_by"),
    ):
        held = json.loads(zip_of(client, cast.tess, person.email).read("data.json"))
        assert value in [row[key] for row in held[section]], (person.name, section)
    held = json.loads(zip_of(client, cast.tom, cast.tess.email).read("data.json"))
    kinds = {(row["record"], row["as"], row["opportunity"]) for row in held["named"]}
    assert ("evaluations.preparation", "prepared_by", opportunity.reference) in kinds
    assert ("opportunities.accesscopy", "made_by", None) in kinds


def test_every_way_from_a_record_to_a_person_is_told_or_has_a_reason():
    ways = set(access_request.ways_to_a_person())
    assert ways >= own_data.TOLD | set(access_request.NOT_TOLD)
    assert not own_data.TOLD & set(access_request.NOT_TOLD)
    assert all(access_request.NOT_TOLD.values())


def test_the_team_learns_nothing_sealed_or_anonymous_by_asking(client, cast):
    with clock.frozen(BEFORE):
        opportunity = at("posted", cast, closing=CLOSING)
        applications.apply(opportunity, cast.li, words(opportunity, f"I wrote {PLANTED} in Python."))
        applications.save_draft(opportunity, cast.noor, words(opportunity, f"I write {PLANTED}."))
        ask(opportunity, cast.li, "May it be in Rust?")
    sealed = Application.objects.get(supplier=cast.li)
    for by, about in ((cast.tess, cast.li), (cast.root, cast.li), (cast.tom, cast.noor)):
        found = zip_of(client, by, about.email, BEFORE)
        text = everything_in(found)
        for secret in (PLANTED, sealed.receipt, sealed.sha256, "application_received"):
            assert secret not in text, secret
        held = json.loads(found.read("data.json"))
        assert held["applications"] == held["submissions"] == held["files"] == held["offers"] == []
        assert "sealed or anonymous" in found.read("index.html").decode()
    assert json.loads(own_data.as_json(cast.li, BEFORE))["applications"], "the person’s own copy has it"
    for who in ("amara", "eve", "fin", "li"):
        assert asked(client, getattr(cast, who), cast.li.email, BEFORE).status_code in (302, 403, 404)
    assert AccessCopy.objects.count() == 3


def test_nor_while_it_is_evaluated_and_an_evaluators_marks_stay_theirs(client, cast):
    journey = released(cast, cast.li, cast.sam, evaluators=[cast.eve])
    mark_all(journey.opportunity, cast.eve, now=CLOSED_AT + hours(3))
    now = CLOSED_AT + hours(4)
    for by in (cast.tess, cast.tom):
        held = json.loads(zip_of(client, by, cast.li.email, now).read("data.json"))
        assert held["applications"] == held["submissions"] == held["marks_received"] == []
        assert not any(mail["opportunity"] for mail in held["mails"])
        assert json.loads(zip_of(client, by, cast.eve.email, now).read("data.json"))["marks"] == []


def test_an_address_of_the_mailing_list_has_no_account(client, cast):
    now = clock.now()
    mailing_list.ask("reader@example.org", "fr", [], "Oui, écrivez-moi.", now)
    listed = mailing_list.confirm(SubscriptionRequest.objects.get(), now)
    held = json.loads(zip_of(client, cast.tess, "Reader@example.org").read("data.json"))
    assert held["subscription"][0]["email"] == "reader@example.org"
    assert held["proofs"][0]["text"] == "Oui, écrivez-moi."
    assert len(held["other_mails"]) == 1
    record = AccessCopy.objects.get()
    assert (record.about, record.subscription) == (None, listed)
    answer = asked(client, cast.tess, "nobody@example.org")
    assert "Nothing is held" in answer.content.decode()
    assert asked(client, cast.tess, "").status_code == 200
    assert AccessCopy.objects.count() == 1
    listing = client.get(reverse("admin:opportunities_accesscopy_changelist")).content.decode()
    assert "reader@example.org" in listing
    page = client.get(reverse("admin:opportunities_accesscopy_change", args=[record.pk]))
    assert page.status_code == 200 and record.sha256 in page.content.decode()

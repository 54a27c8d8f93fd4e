"""Step 7: the work starts, is delivered, judged and revised; the date moves; a dispute; the contract ends early."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from microacq import clock
from opportunities.actions import act, make_form
from opportunities.lifecycle import Refused
from opportunities.models import Assessment, Contract, Delivery, DeliveryView
from tests.deal import CARD, DAY, delivery_of, do, judged, page_of, refused, today, told
from tests.factories import at, journey
from tests.need import NOW
from tests.test_code_hosts import BAD


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


@pytest.fixture
def signed(cast):
    """Li has signed and not started yet."""
    way = journey(cast, state="work")
    way.to("selection")
    offer = way.opportunity.offers.open().get()
    way.act(
        "sign",
        cast.li,
        offer.made_at + dt.timedelta(hours=1),
        agree="on",
        signed_name=offer.application.legal_name,
    )
    way.opportunity.refresh_from_db()
    return way.opportunity


@pytest.fixture
def working(cast):
    return at("work", cast)


@pytest.fixture
def delivered(cast):
    return at("acceptance", cast)


# the work starts


def test_li_records_the_start_and_the_open_repository_once(signed, cast):
    do("start_work", signed, cast.li, repository="https://github.com/example/visits")
    contract = signed.contract
    assert (contract.started_at, contract.repository) == (NOW, "https://github.com/example/visits")
    assert signed.state == "work"
    assert told("work_started") == {cast.amara}
    with pytest.raises(Refused) as again:
        do("start_work", signed, cast.li, repository="https://github.com/example/other")
    assert again.value.code == "guard"


def test_a_repository_that_nobody_else_can_open_is_refused(signed, cast):
    for address in BAD:
        if ":" in address:  # what has no scheme gets https; all else is refused as it is
            assert refused("start_work", signed, cast.li, repository=address) == {"repository"}, address


def test_only_the_supplier_starts_and_delivers(working, cast):
    for by in (cast.sam, cast.amara, cast.mona, cast.tess, cast.fin, cast.bo):
        for action in ("start_work", "deliver"):
            with pytest.raises(Refused) as no:
                act(action, working, by, data=delivery_of(working))
            assert no.value.code == "role"


# deliveries


def test_li_delivers_and_the_delivery_stays_as_it_was_sent(working, cast):
    do("deliver", working, cast.li, **delivery_of(working, notes="Run make.\nThen look."))
    delivery = Delivery.objects.get()
    assert (delivery.number, delivery.revision, delivery.licence, working.state) == (
        1,
        "v1.0.0",
        "MIT",
        "acceptance",
    )
    assert delivery.how_met == {str(c.pk): "See the tests." for c in working.acceptance_criteria.all()}
    event = working.events.last()
    assert (event.data["delivery"], event.data["url"]) == (1, "https://gitlab.com/example/visits")
    with pytest.raises(DatabaseError), transaction.atomic():
        Delivery.objects.update(revision="v2")


WRONG_DELIVERIES = [
    ({"url": "https://localhost/x"}, {"url"}),
    ({"url": "javascript:alert(document.domain)"}, {"url"}),
    ({"url": ""}, {"url"}),
    ({"url": "https://github.com/" + "a" * 300}, {"url"}),
    ({"revision": "--upload-pack=x"}, {"revision"}),
    ({"revision": "v1 final"}, {"revision"}),
    ({"revision": "a..b"}, {"revision"}),
    ({"licence": "Proprietary"}, {"licence"}),
    ({"licence": "GPL-3.0"}, {"licence"}),  # deprecated: GPL-3.0-only or -or-later
    ({"licence": "mit"}, {"licence"}),
    ({"notes": f"my card {CARD}"}, {"notes"}),
    ({"notes": "x" * 2001}, {"notes"}),
    ({"notes": "a\x00b"}, {"notes"}),
]


def test_a_delivery_with_a_wrong_field_is_refused_at_that_field(working, cast):
    for changes, fields in WRONG_DELIVERIES:
        assert refused("deliver", working, cast.li, **delivery_of(working, **changes)) == fields, changes


def test_a_delivery_says_how_each_criterion_is_met(working, cast):
    first = working.acceptance_criteria.first()
    assert refused("deliver", working, cast.li, **delivery_of(working, **{f"how_met_{first.pk}": ""})) == {
        f"how_met_{first.pk}"
    }


def test_a_delivery_without_a_recorded_start_names_the_repository(signed, cast):
    do("deliver", signed, cast.li, **delivery_of(signed, url="https://github.com/example/visits/pull/3"))
    assert signed.contract.repository == "https://github.com/example/visits"


# the client judges


def test_the_work_is_accepted_only_when_every_criterion_is_met(delivered, cast):
    first = delivered.acceptance_criteria.first()
    assert refused("accept_work", delivered, cast.amara, **judged(delivered, "no", "yes")) == {
        f"met_{first.pk}"
    }
    assert refused("accept_work", delivered, cast.amara) == {
        f"met_{c.pk}" for c in delivered.acceptance_criteria.all()
    }
    do("accept_work", delivered, cast.amara, **judged(delivered, "yes", "yes"))
    assessment = Assessment.objects.get()
    assert assessment.accepted
    assert [result.met for result in assessment.results.all()] == [True, True]
    assert (assessment.assessed_by, delivered.state) == (cast.amara, "invoicing")


def test_a_revision_says_what_is_missing_and_by_when_and_the_next_delivery_is_judged_anew(
    delivered, cast, client
):
    wanted = {"missing": "Add the licence file.", "revise_by": (today() + 5 * DAY).isoformat()}
    first = delivered.acceptance_criteria.first()
    assert refused(
        "request_revision", delivered, cast.amara, **judged(delivered, "yes", "yes"), **wanted
    ) == {"__all__"}
    assert refused("request_revision", delivered, cast.amara, **judged(delivered, "no", "yes")) == {
        "missing",
        "revise_by",
    }
    late = wanted | {"revise_by": today().isoformat()}
    assert refused("request_revision", delivered, cast.amara, **judged(delivered, "no", "yes"), **late) == {
        "revise_by"
    }
    unexplained = judged(delivered, "no", "yes", **wanted) | {f"note_{first.pk}": ""}
    assert refused("request_revision", delivered, cast.amara, **unexplained) == {f"note_{first.pk}"}

    do("request_revision", delivered, cast.amara, **judged(delivered, "no", "yes", **wanted))
    assert delivered.state == "work"
    client.force_login(cast.li)
    page = client.get(reverse("deliver", args=[delivered.reference])).content.decode()
    assert "Add the licence file." in page

    do("deliver", delivered, cast.li, **delivery_of(delivered, revision="v1.0.1"))
    do("accept_work", delivered, cast.amara, **judged(delivered, "yes", "yes"))
    assert [(d.number, d.assessment.accepted) for d in delivered.deliveries.all()] == [(1, False), (2, True)]
    with pytest.raises(DatabaseError), transaction.atomic():
        Assessment.objects.update(accepted=True)


def test_only_the_client_judges(delivered, cast):
    for by in (cast.li, cast.mona, cast.tess, cast.fin, cast.eve):
        for action in ("accept_work", "request_revision"):
            with pytest.raises(Refused) as no:
                act(action, delivered, by, data=judged(delivered, "yes", "yes"))
            assert no.value.code == "role"


def test_an_evaluator_gives_a_view_that_the_client_reads_and_the_supplier_does_not(cast, client):
    delivered = at("acceptance", cast, evaluators=[cast.eve])
    assert told("work_to_view") == {cast.eve}
    first = delivered.acceptance_criteria.first()
    assert refused(
        "give_view", delivered, cast.eve, **judged(delivered, "no", "yes") | {f"note_{first.pk}": ""}
    ) == {f"note_{first.pk}"}
    notes = {f"note_{first.pk}": "The licence file is missing."}
    do("give_view", delivered, cast.eve, **judged(delivered, "no", "yes") | notes)
    do(
        "give_view",
        delivered,
        cast.eve,
        **judged(delivered, "no", "yes") | {f"note_{first.pk}": "Still missing."},
    )
    assert delivered.state == "acceptance"
    assert told("view_given") == {cast.amara}
    address = reverse("workspace_opportunity", args=[delivered.reference])
    for user, reads in ((cast.amara, True), (cast.eve, True), (cast.tess, True), (cast.li, False)):
        client.force_login(user)
        page = client.get(address).content.decode()
        assert ("Still missing." in page) == reads, user
        assert "The licence file is missing." not in page
    client.force_login(cast.amara)
    assert "Still missing." in client.get(reverse("accept_work", args=[delivered.reference])).content.decode()
    with pytest.raises(DatabaseError), transaction.atomic():
        DeliveryView.objects.update(results={})
    do("accept_work", delivered, cast.amara, **judged(delivered, "yes", "yes"))


def test_the_page_of_the_judgment_shows_what_the_supplier_says(delivered, cast, client):
    client.force_login(cast.amara)
    for name in ("accept_work", "request_revision"):
        page = client.get(reverse(name, args=[delivered.reference])).content.decode()
        assert "v1.0.0" in page
        assert "each part is named after its requirement" in page
    answer = client.post(
        reverse("accept_work", args=[delivered.reference]),
        {"version": delivered.version} | judged(delivered, "no", "yes"),
    )
    assert answer.status_code == 422
    assert "Every criterion must be met" in answer.content.decode()


# who sees what


def test_the_two_sides_and_the_team_see_how_to_reach_each_other_and_nobody_else_does(working, cast, client):
    for user in (cast.li, cast.amara, cast.tess):
        page = page_of(client, user, working)
        assert cast.li.email in page
        assert cast.amara.email in page
    for user in (cast.mona, cast.fin):
        page = page_of(client, user, working)
        assert working.contract.supplier_name in page
        assert cast.li.email not in page
    for user in (cast.sam, cast.noor, cast.bo):
        page = page_of(client, user, working)
        assert cast.li.email not in page
        assert cast.amara.email not in page
        assert "gitlab.com/esdc-edsc/ma-" not in page


def test_days_left_and_late_are_shown_to_all_three_sides(working, cast, client):
    Contract.objects.update(delivery_date=today() + 4 * DAY)
    for user in (cast.li, cast.amara, cast.tess):
        assert "4 days left" in page_of(client, user, working)
    Contract.objects.update(delivery_date=today() - 2 * DAY)
    for user in (cast.li, cast.amara, cast.tess):
        assert "The code was expected 2 days ago." in page_of(client, user, working)


def test_a_card_number_is_refused_in_every_text_field(cast, working):
    """Every field of step 7 that takes text says so itself."""
    delivered = working
    names = {
        "start_work": cast.li,
        "deliver": cast.li,
        "ask_extension": cast.li,
        "raise_dispute": cast.li,
        "terminate_default": cast.tess,
        "terminate_convenience": cast.tess,
    }
    checked = 0
    for name, by in names.items():
        form = make_form(
            name, delivered, by, NOW, data=dict.fromkeys(make_form(name, delivered, by, NOW).fields, CARD)
        )
        for field, errors in form.errors.as_data().items():
            if field in ("notes", "reason", "position", "revision") or field.startswith("how_met"):
                assert "card_number" in {error.code for error in errors}, (name, field)
                checked += 1
    assert checked >= 8


def test_every_page_of_step_seven_opens_in_french_too(working, delivered, cast, client):
    from django.utils.translation import override

    pages = [
        ("start_work", cast.li, 409),
        ("deliver", cast.li, 200),
        ("ask_extension", cast.amara, 200),
        ("raise_dispute", cast.li, 200),
    ]
    pages += [("terminate_default", cast.tess, 200), ("terminate_convenience", cast.tess, 200)]
    with override("fr"):
        for name, by, status in pages:
            client.force_login(by)
            assert client.get(reverse(name, args=[working.reference])).status_code == status, name
        client.force_login(cast.amara)
        assert client.get(reverse("accept_work", args=[delivered.reference])).status_code == 200


def test_criteria_written_in_markdown_read_as_text_and_never_as_code(client, cast):
    opportunity = at("work", cast)
    criterion = opportunity.acceptance_criteria.first()
    criterion.text_en = "It has:\n\n- <b>tests</b>\n- a licence"
    criterion.save()
    pages = [
        page_of(client, cast.li, opportunity),
        client.get(reverse("deliver", args=[opportunity.reference])).text,
    ]
    for page in pages:
        assert "a licence</li>" in page and "&lt;b&gt;tests" in page and "<b>tests" not in page

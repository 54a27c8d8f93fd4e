"""Step 7: the work starts, is delivered, judged and revised; the date moves; a dispute; the contract ends early."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from microacq import clock
from opportunities import due_work
from opportunities.actions import Invalid, act, make_form
from opportunities.lifecycle import Refused
from opportunities.models import Assessment, Contract, Delivery, Dispute, Extension, Notification
from tests.factories import at, journey
from tests.need import NOW
from tests.test_code_hosts import BAD

DAY = dt.timedelta(days=1)
CARD = "4111 1111 1111 1111"


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


def today():
    return NOW.date()


def do(name, opportunity, by, **data):
    """The transition, with fresh eyes."""
    opportunity.refresh_from_db()
    event = act(name, opportunity, by, data=data)
    opportunity.refresh_from_db()
    return event


def refused(name, opportunity, by, **data) -> set[str]:
    """The fields that the form refuses; nothing has changed."""
    opportunity.refresh_from_db()
    before = (opportunity.state, opportunity.version)
    with pytest.raises(Invalid) as wrong:
        act(name, opportunity, by, data=data)
    opportunity.refresh_from_db()
    assert (opportunity.state, opportunity.version) == before
    return set(wrong.value.form.errors)


def told(template) -> set:
    """Who was sent this mail."""
    return {notification.recipient for notification in Notification.objects.filter(template=template)}


def delivery_of(opportunity, **changes) -> dict:
    met = {f"how_met_{c.pk}": "See the tests." for c in opportunity.acceptance_criteria.all()}
    return (
        {"url": "https://gitlab.com/example/visits", "revision": "v1.0.0", "licence": "MIT", "notes": ""}
        | met
        | changes
    )


def judged(opportunity, *marks, **more) -> dict:
    data = {}
    for criterion, mark in zip(opportunity.acceptance_criteria.all(), marks, strict=True):
        data |= {
            f"met_{criterion.pk}": mark,
            f"note_{criterion.pk}": "The file is missing." if mark == "no" else "",
        }
    return data | more


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


# who sees what


def page_of(client, user, opportunity) -> str:
    client.force_login(user)
    return client.get(reverse("workspace_opportunity", args=[opportunity.reference])).content.decode()


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


# reminders


def test_the_supplier_is_reminded_before_the_date_and_everybody_when_it_has_passed_each_once(
    working, cast, frozen
):
    due = today() + 8 * DAY  # a Wednesday; three business days before it is the Friday
    Contract.objects.update(delivery_date=due)
    type(working).objects.update(delivery_date=due)
    assert due_work.remind(NOW) == 0
    assert due_work.next_reminder(NOW).date() == due - 5 * DAY
    soon, late = NOW + 3 * DAY, NOW + 9 * DAY
    for moment, template, people in (
        (soon, "delivery_soon", {cast.li}),
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

"""Evaluation and selection where something is out of the ordinary: late, twice, left out, or from another window."""

from datetime import timedelta

import pytest
from django.urls import reverse

from evaluations import applications, beacon, draw, marking, preparing, tick
from evaluations.demo.journey import FAIL_REASON, PASS_REASON
from evaluations.models import CriterionResult, Draw
from microacq import clock
from opportunities.actions import act as act_on
from opportunities.lifecycle import CLOCK, Refused

from .choosing import (
    CLOSING,
    FREEZE,
    ROUND_AT,
    SIGNATURE,
    confirmed,
    drawn,
    frozen,
    hours,
    label_of,
    mark_all,
    opened,
    order_of,
    released,
    start,
)
from .test_applying import words

NOW = CLOSING + hours(3)
LATER = ROUND_AT + timedelta(seconds=5)
VOID = {"reason_en": "The value never came.", "reason_fr": "La valeur n’est jamais venue."}
pytestmark = pytest.mark.django_db


def act(name, opportunity, user, **options):
    opportunity.refresh_from_db()
    return act_on(name, opportunity, user, **options)


def page(name, opportunity, *rest):
    return reverse(name, args=[opportunity.reference, *rest])


def visit(client, user, url, now=NOW, **data):
    client.logout()
    if user:
        client.force_login(user)
    with clock.frozen(now):
        return client.post(url, data) if data else client.get(url)


# left out


def with_one_left_out(cast):
    """Li and Noor apply; Sam withdrew before closing; Kim is set aside. Nobody has marked."""
    journey = start(cast, [cast.li, cast.sam, cast.noor, cast.kim])
    journey.to("posted")
    for supplier in (cast.li, cast.sam, cast.noor, cast.kim):
        data = words(journey.opportunity) | {"legal_name": supplier.name}
        applications.apply(journey.opportunity, supplier, data, CLOSING - hours(9))
    applications.withdraw(
        journey.opportunity.applications.get(supplier=cast.sam), cast.sam, CLOSING - hours(1)
    )
    journey.act("close", CLOCK, CLOSING)
    opportunity = journey.opportunity
    preparing.claim(opportunity, cast.tess, CLOSING + hours(1))
    kim = opportunity.applications.get(supplier=cast.kim)
    preparing.set_aside(opportunity, kim, cast.tess, "Not eligible: no permit to work.", CLOSING + hours(1))
    for application in opportunity.applications.in_play():
        preparing.check(opportunity, application, cast.tess, {}, CLOSING + hours(1))
    act("release", opportunity, cast.tess, now=CLOSING + hours(1))
    return opportunity


def test_no_mark_for_an_application_that_was_withdrawn_or_set_aside(client, cast):
    opportunity = with_one_left_out(cast)
    marking.declare(opportunity, cast.amara, NOW)
    assert {a.label for a in opportunity.applications.exclude(label="")} == {"A", "B"}
    given = {criterion.pk: (True, PASS_REASON) for criterion in opportunity.evaluation_criteria.all()}
    for label in ("C", "D", "", "a", "A ", "../A"):
        with pytest.raises(Refused):
            marking.mark(opportunity, cast.amara, label, given, NOW)
    data = {f"mark_{pk}": "pass" for pk in given} | {f"reason_{pk}": PASS_REASON for pk in given}
    assert (
        visit(client, cast.amara, page("evaluate_application", opportunity, "C"), **data).status_code == 404
    )
    assert not CriterionResult.objects.exists()


def test_who_is_left_out_is_not_in_the_pool_and_reads_why(client, cast):
    opportunity = with_one_left_out(cast)
    mark_all(opportunity, cast.amara, now=NOW)
    act("evaluated", opportunity, cast.amara, now=NOW)
    act("confirm", opportunity, cast.tom, now=NOW)
    act("propose_freeze", opportunity, cast.tom, now=NOW)
    act("freeze", opportunity, cast.tia, now=NOW)
    pool = opportunity.pools.get().text
    receipts = {a.supplier: a.receipt for a in opportunity.applications.all()}
    assert {who for who, receipt in receipts.items() if receipt in pool} == {cast.li, cast.noor}
    sam = visit(client, cast.sam, page("application", opportunity)).content.decode()
    assert "Withdrawn. It is not evaluated." in sam
    kim = visit(client, cast.kim, page("workspace_opportunity", opportunity)).content.decode()
    assert "Not eligible: no permit to work." in kim
    told = {n.recipient for n in opportunity.notifications.filter(template="application_set_aside")}
    assert told == {cast.kim}


# out of time


def test_after_the_freeze_no_mark_changes(cast):
    opportunity = frozen(cast, cast.li, cast.sam).opportunity
    criterion = opportunity.evaluation_criteria.first().pk
    label = label_of(opportunity, cast.li)
    for attempt in (
        lambda: marking.mark(opportunity, cast.amara, label, {criterion: (False, FAIL_REASON)}, LATER),
        lambda: marking.take_back(opportunity, cast.amara, LATER),
        lambda: marking.decide(opportunity, cast.amara, label, criterion, False, FAIL_REASON, LATER),
        lambda: act("return_evaluation", opportunity, cast.tia, data={"reason": "Again."}, now=FREEZE),
        lambda: act("evaluated", opportunity, cast.amara, now=FREEZE),
        lambda: preparing.set_aside(
            opportunity, opportunity.applications.first(), cast.tess, "Too late.", FREEZE
        ),
    ):
        with pytest.raises(Refused):
            attempt()
    assert opportunity.applications.passed().count() == 2


def test_a_mark_sent_again_after_the_evaluation_was_returned_meets_what_is_there(client, cast):
    opportunity = released(cast, cast.li).opportunity
    marking.declare(opportunity, cast.amara, NOW)
    url = page("evaluate_application", opportunity, "A")
    seen = visit(client, cast.amara, url).context["form"].initial["seen"]
    first, second = opportunity.evaluation_criteria.all()
    data = {f"mark_{c.pk}": "pass" for c in (first, second)}
    data |= {f"reason_{c.pk}": PASS_REASON for c in (first, second)} | {"seen": seen}
    assert visit(client, cast.amara, url, **data).status_code == 302
    marking.hand_in(opportunity, cast.amara, NOW)
    act("evaluated", opportunity, cast.amara, now=NOW)
    assert visit(client, cast.amara, url, **data).status_code == 409, "it is being checked"
    act("return_evaluation", opportunity, cast.tom, data={"reason": "Name the project."}, now=NOW)
    better = PASS_REASON + " It is the second project."
    marking.mark(opportunity, cast.amara, "A", {first.pk: (True, better)}, NOW + hours(1))
    assert visit(client, cast.amara, url, NOW + hours(2), **data).status_code == 409, "it is an old page"
    assert CriterionResult.objects.get(criterion=first).rationale == better


def test_closing_extended_while_somebody_has_the_page_open(client, cast):
    opportunity = start(cast, [cast.li]).to("posted")
    before = CLOSING - hours(30)
    url = page("apply_about", opportunity)
    assert visit(client, cast.li, url, before).status_code == 200
    assert "September 12" in visit(client, cast.li, page("apply", opportunity), before).content.decode()
    version = opportunity.version
    extension = {
        "closing_at_0": "2023-09-14", "closing_at_1": "14:00", "reason_en": "More time.", "reason_fr": "Plus de temps.",
    }  # fmt: skip
    act("extend_closing", opportunity, cast.tess, data=extension, now=before)
    other = extension | {"closing_at_0": "2023-09-15", "version": version}
    old = visit(client, cast.tom, page("extend_closing", opportunity), before, **other)
    assert old.status_code == 409, "the team's other window shows the old date"
    data = {
        "legal_name": "Li Supplier", "business_name": "", "province": "ON", "code_account": "https://gitlab.com/li",
    }  # fmt: skip
    late = CLOSING + hours(1)
    assert visit(client, cast.li, url, late, **data).status_code == 302, "the new date counts"
    assert opportunity.applications.get().working["legal_name"] == "Li Supplier"
    answer = visit(client, cast.li, url, CLOSING + timedelta(days=4), **data)
    assert answer.status_code == 409
    assert "Li Supplier" in answer.content.decode(), "what was typed is there to copy"


# the beacon is silent


def test_thirty_days_without_the_value_then_a_new_pool(client, cast, monkeypatch):
    opportunity = frozen(cast, cast.li, cast.sam).opportunity
    answers: list = [None, None]
    monkeypatch.setattr(beacon, "fetch", lambda *_: answers.pop(0))
    assert tick.draw_pools(LATER) == 0
    month = ROUND_AT + timedelta(days=30)
    void = page("void_pool", opportunity)
    assert visit(client, cast.tom, void, month - timedelta(seconds=1)).status_code == 409
    assert tick.draw_pools(month) == 0, "no other source, no other round: the draw waits"
    assert visit(client, cast.tom, void, month).status_code == 200
    opportunity.refresh_from_db()
    sent = visit(client, cast.tom, void, month, **VOID, version=opportunity.version)
    assert sent.status_code == 302
    first = opportunity.pools.get()
    assert (first.void_reason_en, first.void_reason_fr) == tuple(VOID.values())
    late = visit(client, None, page("beacon", opportunity), month, signature_hex=SIGNATURE)
    assert late.status_code == 409, "the value of a void pool draws nothing"
    act("propose_freeze", opportunity, cast.tess, now=month)
    act("freeze", opportunity, cast.tom, now=month)
    again = opportunity.pools.frozen().get()
    opportunity.pools.frozen().update(announced_at=month + timedelta(minutes=2))
    assert again.round > first.round
    assert again.text.split("\n")[5:] == first.text.split("\n")[5:], "the same receipts"
    late = visit(client, None, page("beacon", opportunity), again.round_at, signature_hex=SIGNATURE)
    assert late.status_code == 422, "nor does it draw the next one"
    assert not Draw.objects.exists()


def test_the_relays_answer_for_the_recorded_round_and_the_clock_draws(cast, monkeypatch):
    """From the closing to the offer by the clock alone, with what the relays said on September 15, 2023."""
    opportunity = frozen(cast, cast.li, cast.sam, cast.noor, cast.kim, failing=[cast.kim]).opportunity
    said = {657413: SIGNATURE}
    monkeypatch.setattr(beacon, "fetch", lambda relays, chain, number: said[number])
    assert tick.draw_pools(LATER) == 1
    pool = opportunity.pools.get()
    assert pool.draw.order == list(draw.draw(pool.text.encode(), SIGNATURE).order)
    assert opportunity.offers.get().supplier == order_of(opportunity)[0]


# what the others are told


def test_the_others_are_told_who_won_how_to_be_debriefed_and_of_the_ombudsman(cast):
    journey = drawn(cast, cast.li, cast.sam, cast.noor, failing=[cast.noor])
    opportunity = journey.opportunity
    winner = order_of(opportunity)[0]
    signed = opportunity.offers.get().made_at + hours(1)
    journey.act("sign", winner, signed, agree="on", signed_name=winner.name)
    told = opportunity.notifications.filter(template="supplier_selected").select_related("email")
    assert {notice.recipient for notice in told} == {cast.li, cast.sam, cast.noor} - {winner}
    for notice in told:
        text = notice.email.message
        for part in (
            winner.name,
            "6",
            page("workspace_opportunity", opportunity)[3:],
            "opo-boa.gc.ca",
            "once-",
        ):
            assert part in text or (part[0] == "/" and opportunity.reference in text), part


# shown as typed


def test_an_answer_is_shown_as_typed_and_runs_nothing(client, cast):
    typed = "<script>alert(1)</script>\n**Not bold** & <b>not a tag</b>\n\n  two lines down"
    opportunity = released(cast, cast.li, about={cast.li: typed}).opportunity
    marking.declare(opportunity, cast.amara, NOW)
    body = visit(client, cast.amara, page("evaluate_application", opportunity, "A")).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "**Not bold** &amp; &lt;b&gt;not a tag&lt;/b&gt;" in body
    assert "<script>alert" not in body


def test_everybody_set_aside_or_nobody_passing_ends_without_a_supplier(cast):
    journey = opened(cast, cast.li)
    opportunity = journey.opportunity
    preparing.claim(opportunity, cast.tess, NOW)
    preparing.set_aside(opportunity, opportunity.applications.get(), cast.tess, "No permit to work.", NOW)
    reason = {"reason_en": "No application is eligible.", "reason_fr": "Aucune candidature n’est admissible."}
    with pytest.raises(Refused):
        act("release", opportunity, cast.tess, now=NOW)
    act("no_award", opportunity, cast.tess, data=reason, now=NOW)
    other = confirmed(cast, cast.li, cast.sam, failing=[cast.li, cast.sam]).opportunity
    act("no_award", other, cast.tom, data=reason, now=FREEZE)
    told = {(n.recipient, n.template) for n in other.notifications.filter(template="not_awarded")}
    assert told >= {(cast.li, "not_awarded"), (cast.sam, "not_awarded")}

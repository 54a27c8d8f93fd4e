"""Step 6: two people freeze, the public beacon decides, offers go down the order, and one signs."""

import hashlib
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils.translation import override
from post_office.models import STATUS, Email

from evaluations import beacon, draw, tick
from evaluations.models import Draw, Offer, Pool
from microacq import clock
from opportunities.actions import Invalid
from opportunities.actions import act as act_on
from opportunities.lifecycle import CLOCK, Refused, System
from opportunities.models import Opportunity
from opportunities.states import Role

from .choosing import CLOSING, FREEZE, ROUND, ROUND_AT, SIGNATURE, confirmed, frozen, hours

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


# freezing


def test_two_people_freeze_and_none_of_them_prepared(cast):
    opportunity = confirmed(cast, cast.li, cast.sam).opportunity
    with pytest.raises(Refused, match="A first member"):
        act("freeze", opportunity, cast.tom, now=FREEZE)
    act("propose_freeze", opportunity, cast.tom, now=FREEZE)
    with pytest.raises(Refused, match="already proposed"):
        act("propose_freeze", opportunity, cast.tia, now=FREEZE)
    with pytest.raises(Refused, match="You proposed"):
        act("freeze", opportunity, cast.tom, now=FREEZE)
    with pytest.raises(Refused, match="saw names"):
        act("freeze", opportunity, cast.tess, now=FREEZE)
    with pytest.raises(Refused, match="named members"):
        act("freeze", opportunity, System(Role.TEAM), now=FREEZE)
    event = act("freeze", opportunity, cast.tia, now=FREEZE)
    pool = opportunity.pools.get()
    assert (pool.round, pool.round_at) == (ROUND, ROUND_AT)
    assert pool.chain_hash == draw.QUICKNET.chain_hash
    assert pool.sha256 == hashlib.sha256(pool.text.encode()).hexdigest() == event.data["sha256"]
    assert set(draw.parse_pool(pool.text.encode()).receipts) == {
        a.receipt for a in opportunity.applications.all()
    }


def test_the_database_too_wants_two_people(cast):
    opportunity = confirmed(cast, cast.li, cast.sam).opportunity
    act("propose_freeze", opportunity, cast.tom, now=FREEZE)
    with pytest.raises(IntegrityError), transaction.atomic():
        opportunity.pools.update(frozen_by=cast.tom)
    with pytest.raises(IntegrityError), transaction.atomic():
        Pool.objects.create(opportunity=opportunity, number=2, proposed_by=cast.tia, proposed_at=FREEZE)


def test_those_who_did_not_pass_are_not_in_the_pool(cast):
    opportunity = frozen(cast, cast.li, cast.sam, cast.noor, failing=[cast.noor]).opportunity
    pool = opportunity.pools.get()
    assert len(draw.parse_pool(pool.text.encode()).receipts) == 2
    assert opportunity.applications.get(supplier=cast.noor).receipt not in pool.text


def test_everybody_is_told_at_the_freeze(cast):
    opportunity = frozen(cast, cast.li, cast.sam, cast.noor, failing=[cast.noor]).opportunity
    event = opportunity.events.get(transition="freeze")
    told = {(n.recipient, n.template) for n in event.notifications.filter(template__in=tick.ANNOUNCEMENTS)}
    assert told == {(cast.li, "in_the_pool"), (cast.sam, "in_the_pool"), (cast.noor, "not_passed")}


# announced in time


def test_a_pool_is_announced_once_every_notice_has_gone_out(cast):
    opportunity = frozen(cast, cast.li, cast.sam, announced=False).opportunity
    sent_at = FREEZE + timedelta(minutes=3)
    assert tick.announce_pools(sent_at) == 0
    notices = opportunity.events.get(transition="freeze").notifications.filter(
        template__in=tick.ANNOUNCEMENTS
    )
    first, *others = [notice.email_id for notice in notices]
    Email.objects.filter(pk=first).update(status=STATUS.sent)
    assert tick.announce_pools(sent_at) == 0
    Email.objects.filter(pk__in=others).update(status=STATUS.sent)
    assert tick.announce_pools(sent_at) == 1
    assert tick.announce_pools(sent_at + hours(0.1)) == 0
    assert opportunity.pools.get().announced_at == sent_at


def test_a_pool_not_announced_in_time_is_not_drawn_and_can_be_voided(cast, monkeypatch):
    opportunity = frozen(cast, cast.li, cast.sam, announced=False).opportunity
    with pytest.raises(Refused, match="30 minutes"):
        act("draw", opportunity, CLOCK, data={"signature_hex": SIGNATURE}, now=LATER)
    monkeypatch.setattr(beacon, "fetch", lambda *_: pytest.fail("no relay is asked for a void pool"))
    assert tick.draw_pools(LATER) == 0
    act("void_pool", opportunity, cast.tom, data=VOID, now=LATER)
    act("propose_freeze", opportunity, cast.tom, now=LATER)
    act("freeze", opportunity, cast.tia, now=LATER)
    assert opportunity.pools.count() == 2
    assert opportunity.pools.frozen().get().round > ROUND


def test_a_pool_is_voided_before_its_round_or_after_thirty_silent_days(cast):
    opportunity = frozen(cast, cast.li, cast.sam).opportunity
    for when in (ROUND_AT, ROUND_AT + timedelta(days=29)):
        with pytest.raises(Refused, match="the pool stands"):
            act("void_pool", opportunity, cast.tom, data=VOID, now=when)
    with pytest.raises(Invalid):
        act("void_pool", opportunity, cast.tom, data={"reason_en": "In one language."}, now=FREEZE)
    act("void_pool", opportunity, cast.tom, data=VOID, now=ROUND_AT + timedelta(days=30))
    pool = opportunity.pools.get()
    assert (pool.void_reason_en, pool.void_reason_fr) == tuple(VOID.values())
    assert opportunity.applications.passed().count() == 2
    opportunity.refresh_from_db()
    assert opportunity.state == "confirmed"


# drawing


def test_the_recorded_round_draws_and_the_first_is_offered(cast):
    opportunity = frozen(cast, cast.li, cast.sam, cast.noor).opportunity
    with pytest.raises(Refused, match="has not come"):
        act(
            "draw", opportunity, CLOCK, data={"signature_hex": SIGNATURE}, now=ROUND_AT - timedelta(seconds=1)
        )
    event = act("draw", opportunity, CLOCK, data={"signature_hex": SIGNATURE}, now=LATER)
    pool = opportunity.pools.get()
    result = draw.draw(pool.text.encode(), SIGNATURE)
    assert (pool.draw.randomness, pool.draw.seed, tuple(pool.draw.order)) == (
        result.randomness,
        result.seed,
        result.order,
    )
    assert pool.draw.randomness == "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"
    offer = opportunity.offers.get()
    assert offer.application.receipt == result.order[0]
    assert offer.respond_by.astimezone(clock.EASTERN).isoformat() == "2023-09-19T23:59:00-04:00", (
        "two business days later, at the end of the day"
    )
    assert event.data["demonstration"] is False


@pytest.mark.parametrize("wrong", ["", "00" * 48, SIGNATURE[:-2] + "7c", SIGNATURE[:-2], "x" * 96])
def test_a_wrong_signature_is_refused(cast, wrong, monkeypatch):
    monkeypatch.setattr(beacon, "fetch", lambda *_: None)
    opportunity = frozen(cast, cast.li, cast.sam).opportunity
    with pytest.raises((Refused, Invalid)):
        act("draw", opportunity, CLOCK, data={"signature_hex": wrong}, now=LATER)
    assert not Draw.objects.exists()


def test_the_signature_of_another_round_is_refused(cast):
    opportunity = frozen(cast, cast.li, cast.sam, now=FREEZE + hours(1)).opportunity
    assert opportunity.pools.get().round == ROUND + 1200
    with pytest.raises(Refused, match="not the signature of round"):
        act("draw", opportunity, CLOCK, data={"signature_hex": SIGNATURE}, now=LATER + hours(1))


def test_the_tick_waits_for_the_beacon_and_draws_when_it_is_back(cast, monkeypatch):
    opportunity = frozen(cast, cast.li, cast.sam).opportunity
    answers = [None, None, SIGNATURE]
    asked = []
    monkeypatch.setattr(
        beacon, "fetch", lambda relays, chain, number: asked.append((chain.name, number)) or answers.pop(0)
    )
    assert tick.draw_pools(ROUND_AT - timedelta(seconds=1)) == 0
    assert not asked
    assert tick.draw_pools(LATER) == 0
    assert tick.draw_pools(LATER + timedelta(days=2)) == 0
    assert tick.draw_pools(LATER + timedelta(days=3)) == 1
    assert asked == [("drand quicknet", ROUND)] * 3
    assert tick.draw_pools(LATER + timedelta(days=4)) == 0
    opportunity.refresh_from_db()
    assert opportunity.state == "selection"
    assert opportunity.events.get(transition="draw").role == "clock"


def test_the_demonstration_draws_with_its_own_beacon(cast, settings):
    settings.DEMO = True
    opportunity = frozen(cast, cast.li, cast.sam).opportunity
    assert opportunity.pools.get().chain_hash == draw.DEMONSTRATION.chain_hash
    assert tick.draw_pools(LATER) == 1
    assert opportunity.events.get(transition="draw").data["demonstration"] is True


# the public page


def test_a_stranger_reads_everything_and_checks_it(client, cast, tmp_path):
    import subprocess
    import sys

    opportunity = frozen(cast, cast.li, cast.sam, cast.noor).opportunity
    pool = opportunity.pools.get()
    before = read(client, page("draw_page", opportunity), now=FREEZE + hours(0.2)).content.decode()
    assert pool.sha256 in before
    assert str(ROUND) in before
    assert "Hand in the signature" not in before
    act("draw", opportunity, CLOCK, data={"signature_hex": SIGNATURE}, now=LATER)
    body = read(client, page("draw_page", opportunity)).content.decode()
    for fact in (SIGNATURE, pool.draw.randomness, pool.draw.seed, *pool.draw.order):
        assert fact in body
    for name in ("Li Supplier", "Tom Team", "Tess Team", "Amara Client"):
        assert name not in body
    for name, *rest in (("pool_file", pool.number), ("check_script",)):
        answer = read(client, page(name, opportunity, *rest))
        assert answer["Content-Type"].startswith("text/plain")
        (tmp_path / name).write_bytes(answer.content)
    run = subprocess.run(
        [sys.executable, tmp_path / "check_script", tmp_path / "pool_file", SIGNATURE],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == pool.draw.order
    assert pool.sha256 in run.stderr


def test_anybody_hands_in_the_signature(client, cast):
    opportunity = frozen(cast, cast.li, cast.sam).opportunity
    url = page("beacon", opportunity)
    with clock.frozen(FREEZE + hours(0.2)):
        assert client.post(url, {"signature_hex": SIGNATURE}).status_code == 409
    with clock.frozen(LATER):
        assert client.get(url).status_code == 405
        assert client.post(url).status_code == 422
        answer = client.post(url, {"signature_hex": "ab" * 48})
        assert answer.status_code == 422
        assert "not the signature of round" in answer.content.decode()
        assert client.post(url, {"signature_hex": f" {SIGNATURE.upper()} "}).status_code == 302
        assert client.post(url, {"signature_hex": SIGNATURE}).status_code == 409
    assert Draw.objects.count() == 1
    assert opportunity.events.get(transition="draw").role == "clock"


def test_handing_in_is_limited_and_protected(cast, monkeypatch):
    from django.test import Client

    opportunity = frozen(cast, cast.li, cast.sam).opportunity
    monkeypatch.setattr(draw, "verify_signature", lambda *_: False)
    stranger, url = Client(), page("beacon", opportunity)
    with clock.frozen(LATER):
        codes = [stranger.post(url, {"signature_hex": "ab" * 48}).status_code for _ in range(7)]
        assert codes == [422] * 5 + [429] * 2
        assert Client(enforce_csrf_checks=True).post(url, {"signature_hex": SIGNATURE}).status_code == 403


def test_a_void_pool_stays_readable_with_its_reason(client, cast):
    opportunity = frozen(cast, cast.li, cast.sam).opportunity
    act("void_pool", opportunity, cast.tom, data=VOID, now=FREEZE + hours(0.1))
    body = read(client, page("draw_page", opportunity)).content.decode()
    assert VOID["reason_en"] in body
    assert opportunity.pools.get().sha256 in body
    with override("fr"):
        assert VOID["reason_fr"] in read(client, page("draw_page", opportunity)).content.decode()


def test_one_that_passed_needs_no_draw_and_the_page_says_so(client, cast):
    opportunity = confirmed(cast, cast.li, cast.sam, failing=[cast.sam]).opportunity
    with pytest.raises(Refused):
        act("propose_freeze", opportunity, cast.tom, now=FREEZE)
    event = act("award_single", opportunity, cast.tess, now=FREEZE)
    assert event.data["draw"] is False
    assert opportunity.offers.get().supplier == cast.li
    assert "no draw was needed" in read(client, page("draw_page", opportunity)).content.decode()


def test_no_draw_page_of_what_is_not_public(client, cast):
    from .factories import at

    assert client.get(page("draw_page", at("preparing", cast))).status_code == 404


# many at once


def _at_once(opportunity, name, people, data, now):
    """Each tries at the same moment, in a thread with its own connection. Gives the errors."""
    errors, ready = [], threading.Barrier(len(people))

    def attempt(person):
        try:
            mine = Opportunity.objects.get(pk=opportunity.pk)
            ready.wait()
            act_on(name, mine, person, data=data, now=now)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.django_db(transaction=True)
def test_twenty_freezes_at_once_give_one(cast):
    opportunity = confirmed(cast, cast.li, cast.sam).opportunity
    act("propose_freeze", opportunity, cast.tess, now=FREEZE)
    errors = _at_once(opportunity, "freeze", [cast.tom, cast.tia] * 10, {}, FREEZE)
    assert len(errors) == 19
    assert all(isinstance(error, Refused) for error in errors)
    assert opportunity.pools.frozen().count() == 1
    assert opportunity.events.filter(transition="freeze").count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_draws_at_once_give_one(cast):
    opportunity = frozen(cast, cast.li, cast.sam).opportunity
    draw.verify_signature(draw.QUICKNET, ROUND, SIGNATURE)
    errors = _at_once(opportunity, "draw", [CLOCK, cast.tom] * 10, {"signature_hex": SIGNATURE}, LATER)
    assert len(errors) == 19
    assert all(isinstance(error, Refused) for error in errors)
    assert Draw.objects.count() == 1
    assert Offer.objects.count() == 1


def test_the_dates_of_the_test_are_those_of_the_recorded_round():
    assert draw.freeze_round(FREEZE, draw.QUICKNET) == ROUND
    assert draw.round_time(ROUND, draw.QUICKNET) == ROUND_AT
    assert CLOSING < FREEZE

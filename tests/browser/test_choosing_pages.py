"""Every page of evaluation and selection on the narrowest phone, in both languages: accessible, and no wider than it."""

from datetime import timedelta

import pytest

from evaluations import marking, preparing
from microacq import clock
from opportunities.actions import act as act_on
from opportunities.lifecycle import CLOCK

from ..choosing import CLOSING, FREEZE, ROUND_AT, SIGNATURE, hours, mark_all, opened, order_of
from .people import Person

VOID = {"reason_en": "A receipt was left out.", "reason_fr": "Un reçu avait été oublié."}


@pytest.fixture
def look(browser, live_server, accessible):
    """Gives a function that opens a page as somebody, who stays signed in, and checks it."""
    people = {}

    def at(user, name, *args, status=200):
        if user.pk not in people:
            person = people[user.pk] = Person(browser, live_server, user)
            person.context.close()
            person.context = browser.new_context(locale=f"{user.language}-CA")
            person.page = person.context.new_page()
            person.sign_in()
        person = people[user.pk]
        person.page.set_viewport_size({"width": 320, "height": 900})
        assert person.status(name, *args) == status, f"{name} as {user}"
        accessible(person.page)
        return person

    yield at
    for person in people.values():
        person.context.close()


def test_the_pages_of_evaluation_and_selection(cast, look):
    with clock.frozen(CLOSING) as stopped:
        about = {cast.li: "I am Li Supplier. Mail li@studio.example, see https://gitlab.com/li-codes."}
        opportunity = opened(
            cast, cast.li, cast.sam, cast.noor, about=about, evaluators=[cast.eve]
        ).opportunity
        reference = opportunity.reference

        def act(name, user, now, **data):
            opportunity.refresh_from_db()
            act_on(name, opportunity, user, data=data, now=now)

        now = CLOSING + hours(1)
        stopped.move_to(now)
        look(cast.tess, "prepare_release", reference)
        look(cast.tom, "prepare_release", reference)
        preparing.claim(opportunity, cast.tess, now)
        look(cast.tess, "prepare_release", reference)
        look(cast.tom, "prepare_release", reference, status=409)
        for application in opportunity.applications.in_play():
            tess = look(cast.tess, "prepare_application", reference, application.pk)
            tess.press()
            preparing.check(opportunity, application, cast.tess, {}, now)
        noor = opportunity.applications.get(supplier=cast.noor)
        preparing.set_aside(opportunity, noor, cast.tess, "Not eligible as a supplier.", now)
        look(cast.tess, "prepare_application", reference, noor.pk)
        look(cast.tess, "release", reference)
        act("release", cast.tess, now)

        now = CLOSING + hours(3)
        stopped.move_to(now)
        look(cast.noor, "workspace_opportunity", reference).sees("Not eligible as a supplier.")
        look(cast.eve, "evaluate", reference)
        marking.declare(opportunity, cast.eve, now)
        look(cast.eve, "evaluate", reference)
        eve = look(cast.eve, "evaluate_application", reference, "A")
        eve.fill(**{f"mark_{opportunity.evaluation_criteria.first().pk}": "fail"}).press()
        assert eve.page.locator(".gc-errors").count() == 1
        mark_all(opportunity, cast.amara, failing=[cast.sam], now=now)
        mark_all(opportunity, cast.eve, now=now)
        label = opportunity.applications.get(supplier=cast.sam).label
        look(cast.amara, "evaluate", reference)
        look(cast.amara, "evaluate_application", reference, label)
        look(cast.amara, "workspace_opportunity", reference)
        for criterion in opportunity.evaluation_criteria.all():
            marking.decide(
                opportunity,
                cast.amara,
                label,
                criterion.pk,
                True,
                "The second project shows what was asked for.",
                now,
            )
        look(cast.amara, "evaluated", reference)
        act("evaluated", cast.amara, now)
        look(cast.tom, "check_evaluation", reference)
        look(cast.tom, "return_evaluation", reference)
        look(cast.tom, "confirm", reference)
        act("confirm", cast.tom, now)

        look(cast.tess, "workspace_opportunity", reference)
        look(cast.tess, "propose_freeze", reference)
        act("propose_freeze", cast.tess, FREEZE)
        stopped.move_to(FREEZE)
        look(cast.tom, "freeze", reference)
        act("freeze", cast.tom, FREEZE)
        look(cast.tom, "void_pool", reference)
        act("void_pool", cast.tom, FREEZE, **VOID)
        act("propose_freeze", cast.tess, FREEZE)
        act("freeze", cast.tom, FREEZE)
        opportunity.pools.frozen().update(announced_at=FREEZE + timedelta(minutes=2))
        look(cast.sam, "draw_page", reference)
        look(cast.sam, "workspace_opportunity", reference)
        now = ROUND_AT + timedelta(seconds=5)
        stopped.move_to(now)
        look(cast.kim, "draw_page", reference)
        look(cast.tom, "draw", reference)
        act("draw", CLOCK, now, signature_hex=SIGNATURE)
        look(cast.kim, "draw_page", reference)
        look(cast.tom, "workspace_opportunity", reference)

        winner, other = order_of(opportunity)
        look(winner, "workspace_opportunity", reference)
        look(winner, "sign", reference)
        look(winner, "decline_offer", reference)
        look(other, "workspace_opportunity", reference)
        act("sign", winner, now, agree="on", signed_name=winner.name)
        look(winner, "contract", reference)
        look(other, "workspace_opportunity", reference)

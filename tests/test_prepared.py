"""A query whose SQL is written once answers as the query itself does, by the names of its columns, whatever their order."""

import pytest

from opportunities.models import Opportunity
from opportunities.models.opportunity import PARTS
from opportunities.standing import followed_by, keys_waiting_for, waiting_for
from tests.factories import at

NAMES = ("evaluates", "applied", "supplies")


@pytest.mark.django_db
def test_the_parts_of_each_person_are_those_that_the_query_gives(cast):
    opportunity = at("work", cast, evaluators=[cast.eve])
    found = {}
    for name in ("amara", "eve", "li", "sam", "tess"):
        user = getattr(cast, name)
        asked = Opportunity.objects.filter(pk=opportunity.pk).with_parts_of(user).values(*NAMES).get()
        found[name] = PARTS.first(opportunity.pk, user.pk)
        assert found[name] == asked, name
    assert found["eve"] == {"evaluates": True, "applied": False, "supplies": False}
    assert any(parts["supplies"] for parts in found.values())
    assert PARTS.first(0, cast.li.pk) is None


def test_columns_that_come_in_another_order_are_told_apart(db, monkeypatch):
    wrapped = 'SELECT "supplies", "applied", "evaluates" FROM (SELECT false AS "supplies", true AS "applied", false AS "evaluates") t'
    monkeypatch.setitem(PARTS.__dict__, "written", (wrapped, ()))
    assert PARTS.first(1, 2) == {"supplies": False, "applied": True, "evaluates": False}


@pytest.mark.django_db
def test_what_waits_for_each_person_is_what_the_condition_gives(cast):
    for state in (
        "draft",
        "screening",
        "reserved",
        "evaluation",
        "selection",
        "work",
        "certification",
        "paying",
    ):
        at(state, cast, evaluators=[cast.eve])
    waits = {}
    for name in ("amara", "mona", "eve", "li", "noor", "tess", "fin", "root"):
        user = getattr(cast, name)
        seen = Opportunity.objects.visible_to(user).filter(waiting_for(user)).order_by("state_since", "pk")
        waits[name] = keys_waiting_for(user)
        assert waits[name] == list(seen.values_list("pk", flat=True)), name
    assert all(waits[name] for name in ("amara", "eve", "tess", "fin"))
    evaluated = Opportunity.objects.filter(evaluators=cast.eve)
    assert evaluated and set(Opportunity.objects.filter(followed_by(cast.eve))) >= set(evaluated)

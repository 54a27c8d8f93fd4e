"""The numbers beside the filters, which the database keeps, are what counting would find, whatever was done."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from microacq import clock
from opportunities import listing, posted_counts
from opportunities.actions import act
from opportunities.models import CountChange, Opportunity, PublicState, Skill

from .factories import at

CLOSING = datetime(2027, 1, 20, 14, tzinfo=clock.EASTERN)
BEFORE = CLOSING - timedelta(days=8)


def shown(now, **asked):
    """What the list shows: the total, and for each filter the number beside each value."""
    found = listing.look(listing.Asked(**asked), now)
    numbers = {name: {key: number for key, _label, number in facet} for name, facet in found.facets.items()}
    return found.total, numbers, {key: number for key, _name, number in found.skills}


def counted(now, **asked):
    """The same, by counting each on its own."""
    posted, wanted = Opportunity.objects.public(), listing.Asked(**asked)
    numbers = {
        name: {
            choice.key: posted.filter(wanted.conditions(now, without=name) & choice.condition(now)).count()
            for choice in choices
        }
        for name, choices in listing.FILTERS.items()
    }
    left = posted.filter(wanted.conditions(now))
    skills = {
        str(skill.pk): left.filter(skills=skill).count()
        for skill in Skill.objects.filter(opportunity__in=left.values("pk")).distinct()
    }
    return left.count(), numbers, skills


def same(*moments):
    for now in moments:
        for asked in (
            {},
            {"status": "open"},
            {"price": "5000"},
            {"closing": "14", "price": "more"},
            {"status": "closed"},
        ):
            assert shown(now, **asked) == counted(now, **asked), (now, asked)


MOMENTS = (
    BEFORE,
    CLOSING - timedelta(days=3),
    CLOSING - timedelta(seconds=1),
    CLOSING,
    CLOSING + timedelta(days=9),
)


@pytest.mark.django_db(transaction=True)
def test_each_change_is_counted_as_soon_as_it_is_committed(cast):
    with clock.frozen(BEFORE):
        at("preparing", cast, closing=CLOSING)
        assert shown(BEFORE)[0] == 0
        posted = at("posted", cast, closing=CLOSING)
        at("posted", cast, closing=CLOSING + timedelta(days=5))
        at("cancelled", cast, closing=CLOSING)
        same(*MOMENTS)
        later = {"closing_at_0": "2027-01-22", "closing_at_1": "14:00", "reason_en": "a", "reason_fr": "b"}
        act("extend_closing", posted, cast.tess, data=later)
        same(*MOMENTS)
        new = Skill.objects.create(name_en="Fortran", name_fr="Fortran")
        posted.skills.add(new)
        same(BEFORE)
        posted.skills.remove(new)
        same(BEFORE)
        posted.skills.set([new])
        Opportunity.objects.filter(pk=posted.pk).update(fixed_price=Decimal("2500.01"))
        same(BEFORE)
        Opportunity.objects.filter(pk=posted.pk).update(fixed_price=Decimal("2500"), posted_at=None)
        same(BEFORE)
        Opportunity.objects.filter(pk=posted.pk).update(posted_at=BEFORE)
        same(BEFORE)
    assert shown(BEFORE)[0] == 3
    # Everything was added up, and nothing of what never was remains.
    assert not CountChange.objects.exists()
    kept = PublicState.objects.get().counts
    assert 0 not in kept.values() and sum(n for key, n in kept.items() if not key.startswith("skill")) == 3


@pytest.mark.django_db
def test_a_transaction_sees_what_it_changes_and_what_is_taken_back_was_never_counted(cast):
    with clock.frozen(BEFORE):
        at("posted", cast, closing=CLOSING)
        same(BEFORE)
        with transaction.atomic():
            at("posted", cast, closing=CLOSING)
            assert shown(BEFORE)[0] == 2
            transaction.set_rollback(True)
        same(BEFORE)
        # As at the end of the transaction, and then once more within it.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        same(BEFORE)
        at("posted", cast, closing=CLOSING)
        same(BEFORE)


@pytest.mark.django_db
def test_nothing_is_counted_where_nothing_was_ever_posted():
    assert posted_counts.read().skills == []
    assert shown(BEFORE)[0] == 0

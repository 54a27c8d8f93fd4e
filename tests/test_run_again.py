"""Run again: a new draft linked both ways, and a supplier who failed to deliver kept out, with a reason they read."""

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from evaluations import applications
from microacq import clock
from opportunities.actions import Invalid, act, make_form
from opportunities.lifecycle import Refused
from opportunities.models import Event, ExcludedSupplier, Opportunity
from tests.factories import at
from tests.need import NOW
from tests.test_applying import words

REASON = "Nothing was delivered, and two letters had no answer."
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


@pytest.fixture
def ended(cast):
    """Li's contract ended for default."""
    return at("terminated", cast)


def run_again(opportunity, by, **data):
    act("rerun", opportunity, by, data=data)
    return Opportunity.objects.get(rerun_of=opportunity)


def post(opportunity, closing):
    """As if it went through the steps to the post; what leads there is tested elsewhere."""
    Opportunity.objects.filter(pk=opportunity.pk).update(
        state="posted", posted_at=NOW, closing_at=closing, selection_date=closing.date(), fixed_price=5000
    )
    opportunity.refresh_from_db()
    return opportunity


def test_who_failed_to_deliver_is_kept_out_with_a_reason(client, cast, ended):
    new = run_again(ended, cast.tess, exclude="on", exclusion_reason=REASON)
    assert [(row.supplier, row.reason) for row in new.excluded_suppliers.all()] == [(cast.li, REASON)]
    assert Event.objects.get(transition="rerun").data == {"new": new.reference, "excluded": 1}, (
        "nobody's name"
    )
    post(new, NOW.replace(year=NOW.year + 1))
    client.force_login(cast.li)
    page = client.get(reverse("apply", args=[new.reference]))
    assert REASON in page.content.decode()
    assert "Thank you for your interest" in page.content.decode()
    assert client.get(reverse("apply_about", args=[new.reference])).status_code == 409
    assert client.post(reverse("apply_check", args=[new.reference])).status_code in (302, 409)
    with pytest.raises(Refused) as refused:
        applications.apply(new, cast.li, words(new))
    assert refused.value.code == "excluded"
    applications.apply(new, cast.sam, words(new))
    assert new.applications.get().supplier == cast.sam

    both_ways = {ended.reference: new.reference, new.reference: ended.reference}
    for reader in (cast.amara, cast.tess):
        client.force_login(reader)
        for here, there in both_ways.items():
            body = client.get(reverse("workspace_opportunity", args=[here])).content.decode()
            assert there in body, (reader, here)
            assert "No application is taken" in body, (reader, here)
    client.force_login(cast.li)
    body = client.get(reverse("workspace_opportunity", args=[ended.reference])).content.decode()
    assert REASON in body, "the supplier reads it in their own account"
    client.logout()
    for here, there in both_ways.items():
        body = client.get(reverse("opportunity", args=[here])).content.decode()
        assert there in body
        assert REASON not in body


def test_nobody_is_kept_out_unless_asked_and_never_without_a_reason(cast, ended):
    for reason in ("", "  \n"):
        with pytest.raises(Invalid):
            act("rerun", ended, cast.tess, data={"exclude": "on", "exclusion_reason": reason})
    new = run_again(ended, cast.tess, exclusion_reason="Not ticked.")
    assert not new.excluded_suppliers.exists()
    with pytest.raises(Refused):
        act("rerun", ended, cast.tess)


@pytest.mark.parametrize("state", ["no_award", "cancelled"])
def test_only_a_contract_that_ended_for_default_gives_the_choice(cast, state):
    opportunity = at(state, cast)
    assert not make_form("rerun", opportunity, cast.tess, NOW).fields
    new = run_again(opportunity, cast.tess, exclude="on", exclusion_reason=REASON)
    assert not new.excluded_suppliers.exists()


def test_run_again_twice_the_exclusion_comes_along_and_stays(cast, ended):
    new = run_again(ended, cast.tess, exclude="on", exclusion_reason=REASON)
    Opportunity.objects.filter(pk=new.pk).update(state="cancelled")
    new.refresh_from_db()
    third = run_again(new, cast.tess)
    assert [(row.supplier, row.reason) for row in third.excluded_suppliers.all()] == [(cast.li, REASON)]
    for change in (lambda rows: rows.delete(), lambda rows: rows.update(reason="Other.")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(ExcludedSupplier.objects.all())

"""The one who prepares the release leaves: a colleague goes on, on record, and neither of them decides later."""

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from evaluations import preparing
from evaluations.models import Preparation
from microacq import clock
from opportunities.actions import act as act_on
from opportunities.lifecycle import Refused

from .choosing import CLOSING, hours, mark_all, opened

NOW = CLOSING + hours(1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def opportunity(cast):
    """Tess has opened the applications, and checked that of Li."""
    opportunity = opened(cast, cast.li, cast.sam).opportunity
    preparing.claim(opportunity, cast.tess, NOW)
    preparing.check(opportunity, opportunity.applications.get(supplier=cast.li), cast.tess, {}, NOW)
    return opportunity


def act(name, opportunity, user, **options):
    opportunity.refresh_from_db()
    return act_on(name, opportunity, user, **options)


def visit(client, user, opportunity, name="take_over_preparation", **data):
    client.force_login(user)
    url = reverse(name, args=[opportunity.reference])
    with clock.frozen(NOW):
        return client.post(url, data) if data else client.get(url)


def test_a_colleague_goes_on_with_a_reason_and_the_first_one_is_shut_out(client, cast, opportunity):
    taken = visit(client, cast.tom, opportunity, "prepare_release")
    assert taken.status_code == 409
    assert reverse("take_over_preparation", args=[opportunity.reference]) in taken.content.decode()
    page = visit(client, cast.tom, opportunity)
    assert page.status_code == 200
    assert "Tess Team is preparing the release" in page.content.decode()
    assert "Li Supplier" not in page.content.decode(), "no name before it is taken over"
    seen = opportunity.preparations.get().pk
    for reason in ("", "  \n "):
        assert visit(client, cast.tom, opportunity, reason=reason, seen=seen).status_code == 422
    assert visit(client, cast.tom, opportunity, reason="Tess is on leave.", seen=seen).status_code == 302
    assert [(p.prepared_by, p.reason) for p in opportunity.preparations.all()] == [
        (cast.tess, ""),
        (cast.tom, "Tess is on leave."),
    ]
    assert "Li Supplier" in visit(client, cast.tom, opportunity, "prepare_release").content.decode()
    assert "Li Supplier" not in visit(client, cast.tess, opportunity, "prepare_release").content.decode()
    told = opportunity.notifications.filter(template="preparation_taken_over")
    assert cast.tess in {notice.recipient for notice in told}
    assert cast.tom not in {notice.recipient for notice in told}
    body = visit(client, cast.tia, opportunity, "workspace_opportunity").content.decode()
    assert "Tess is on leave." in body
    assert (
        "Tess is on leave."
        not in visit(client, cast.amara, opportunity, "workspace_opportunity").content.decode()
    )


def test_the_second_releases_and_neither_of_them_decides(cast, opportunity):
    preparing.take_over(opportunity, cast.tom, "Tess has left the department.", NOW)
    with pytest.raises(Refused):
        preparing.check(opportunity, opportunity.applications.get(supplier=cast.sam), cast.tess, {}, NOW)
    preparing.check(opportunity, opportunity.applications.get(supplier=cast.sam), cast.tom, {}, NOW)
    with pytest.raises(Refused, match="Only the team member who prepared"):
        act("release", opportunity, cast.tess, now=NOW)
    act("release", opportunity, cast.tom, now=NOW)
    opportunity.refresh_from_db()
    mark_all(opportunity, cast.amara)
    act("evaluated", opportunity, cast.amara, now=NOW + hours(5))
    for name, data in (("confirm", {}), ("return_evaluation", {"reason": "More."})):
        for person in (cast.tess, cast.tom):
            with pytest.raises(Refused, match="saw names"):
                act(name, opportunity, person, data=data, now=NOW + hours(6))
    act("confirm", opportunity, cast.tia, now=NOW + hours(6))
    act("propose_freeze", opportunity, cast.tia, now=NOW + hours(7))
    for person in (cast.tess, cast.tom):
        with pytest.raises(Refused, match="saw names"):
            act("freeze", opportunity, person, now=NOW + hours(7))
    act("freeze", opportunity, cast.root, now=NOW + hours(7))


def test_only_the_team_takes_over_and_only_what_another_began(client, cast, opportunity):
    seen = opportunity.preparations.get().pk
    for person in (cast.amara, cast.eve, cast.mona, cast.fin, cast.li, cast.tess):
        assert visit(client, person, opportunity, reason="Mine.", seen=seen).status_code in (404, 409), person
    assert Preparation.objects.count() == 1
    untouched = opened(cast, cast.noor).opportunity
    assert visit(client, cast.tom, untouched).status_code == 409, "nobody has begun"
    with pytest.raises(Refused):
        preparing.take_over(opportunity, cast.tom, "  ", NOW)


def test_two_who_take_over_at_once_do_not_overtake_each_other(client, cast, opportunity):
    seen = opportunity.preparations.get().pk
    assert visit(client, cast.tom, opportunity, reason="Tess is away.", seen=seen).status_code == 302
    assert visit(client, cast.tia, opportunity, reason="Tess is away.", seen=seen).status_code == 409
    assert visit(client, cast.tia, opportunity, reason="Tess is away.", seen="x").status_code == 422
    assert opportunity.preparations.current().prepared_by == cast.tom


def test_the_page_warns_when_nobody_would_be_left(client, cast, opportunity):
    for person in (cast.tia, cast.root):
        person.is_active = False
        person.save()
    assert (
        "No other member of the team would be left" in visit(client, cast.tom, opportunity).content.decode()
    )


def test_after_the_release_there_is_nothing_to_take_over(client, cast, opportunity):
    preparing.check(opportunity, opportunity.applications.get(supplier=cast.sam), cast.tess, {}, NOW)
    act("release", opportunity, cast.tess, now=NOW)
    assert visit(client, cast.tom, opportunity).status_code == 409
    with pytest.raises(Refused):
        preparing.take_over(opportunity, cast.tom, "Late.", NOW)


def test_the_records_stay(cast, opportunity):
    preparing.take_over(opportunity, cast.tom, "Tess is away.", NOW)
    for change in (lambda rows: rows.delete(), lambda rows: rows.update(prepared_by=cast.tia)):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(Preparation.objects.all())
    with pytest.raises(DatabaseError), transaction.atomic():
        Preparation.objects.create(opportunity=opportunity, prepared_by=cast.tia, opened_at=NOW)

"""The front page's queues: each counts what its list shows, says how late, and costs the same at any number of rows."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from microacq import clock
from opportunities import desk
from opportunities.actions import act
from opportunities.forms.parts import today
from opportunities.models import Opportunity
from opportunities.panels_work import due_date
from tests.factories import at, journey


def rows(client, url) -> set:
    return {row.pk for row in client.get(url).context["cl"].result_list}


def by_label(cast, now) -> dict:
    found = desk.queues(cast.tess, now)
    return {str(line.label): line for line in (*found["team"], *found["others"])}


NAMED = (
    "To screen", "To post", "Questions to answer", "Closing within two business days", "Evaluations late", "Draws due",
    "Offers out", "Deliveries late", "Invoices to be sent", "Invoices to certify", "Invoices to pay", "Registry entries due",
    "Emails that failed", "Contract splitting to decide",
)  # fmt: skip


def test_every_queue_has_its_place_and_says_in_words_that_it_is_empty(cast, client):
    client.force_login(cast.tess)
    page = client.get(reverse("admin:index")).text
    for name in NAMED:
        assert name in page
    assert page.count('<td class="gc-number">–</td>') >= 2 * len(NAMED)
    client.force_login(cast.tom)
    assert (
        "file d’attente" in client.get("/fr/admin/").text.lower()
        or client.get("/fr/admin/").status_code == 200
    )


def test_the_waitlist_is_one_line_whether_or_not_a_place_is_free(cast, settings):
    needs = [at("waitlisted", cast), at("waitlisted", cast)]
    for capacity, label in ((10, "Waitlisted, and a place is free"), (0, "Waitlisted")):
        settings.CAPACITY = capacity
        found = by_label(cast, clock.now())
        listed = {name: line.count for name, line in found.items() if "waitlist" in line.url}
        assert listed == {label: len(needs)}


@pytest.mark.parametrize("name", sorted(desk.SIGNS))
def test_a_signs_queue_and_its_list_say_the_same(cast, client, name):
    """One opportunity on each side of the sign's condition."""
    client.force_login(cast.tess)
    need, other, now = MADE[name](cast)
    with clock.frozen(now):
        line = by_label(cast, now)[str(desk.SIGNS[name].label)]
        assert (line.count, bool(line.late)) == (1, desk.SIGNS[name].overdue)
        assert rows(client, line.url) == {need.pk}
        front = client.get(reverse("admin:index")).text
        assert line.url.replace("&", "&amp;") in front and other.pk != need.pk


def _splitting(cast):
    other = at("screening", cast)
    return at("screening", cast), other, clock.now()


def _draw(cast):
    need = at("drawing", cast)
    return need, at("screening", cast), need.pools.get().round_at + timedelta(minutes=1)


def _extension(cast):
    need, other = at("work", cast), at("work", cast)
    new = (due_date(need, need.contract) + timedelta(days=9)).isoformat()
    act("ask_extension", need, cast.li, data={"new_date": new, "reason": "Ill."})
    need.extensions.update(agreed_at=clock.now())
    return need, other, clock.now()


def _unowned(cast):
    need, other = at("screening", cast), at("screening", cast)
    Opportunity.objects.filter(pk=other.pk).update(owner=cast.tom)
    return need, other, clock.now()


def _closing(cast):
    need = at("posted", cast)
    later = at("posted", cast)
    now = clock.now()
    Opportunity.objects.filter(pk=need.pk).update(closing_at=now + timedelta(hours=2))
    Opportunity.objects.filter(pk=later.pk).update(closing_at=now + timedelta(days=9))
    return need, later, now


def _evaluation(cast):
    need, other = at("evaluation", cast), at("evaluation", cast)
    Opportunity.objects.filter(pk=need.pk).update(state_since=clock.now() - timedelta(days=9))
    return need, other, clock.now()


def _offer(cast):
    need, other = at("selection", cast), at("selection", cast)
    now = clock.now()
    need.offers.update(respond_by=now - timedelta(hours=1))
    return need, other, now


def _delivery(cast):
    """One past its date; another whose last revision was given a later one."""
    need, way = at("work", cast), journey(cast, state="acceptance")
    other = way.to("acceptance")
    now = clock.now()
    met = {f"met_{c.pk}": "no" for c in other.acceptance_criteria.all()}
    notes = {f"note_{c.pk}": "Missing." for c in other.acceptance_criteria.all()}
    late = today(now) - timedelta(days=1)
    data = {
        **met,
        **notes,
        "missing": "Everything.",
        "revise_by": (today(now) + timedelta(days=30)).isoformat(),
    }
    act("request_revision", other, cast.amara, data=data, now=now)
    for one in (need, other):
        one.contracts.update(delivery_date=late)
    return need, other, now


MADE = {
    "splitting": _splitting, "draw": _draw, "extension": _extension, "unowned": _unowned, "closing": _closing,
    "evaluation": _evaluation, "offer": _offer, "delivery": _delivery,
}  # fmt: skip


def test_lists_narrow_by_age_and_the_front_page_costs_the_same(cast, client):
    client.force_login(cast.tess)
    old = at("screening", cast)

    def count(address):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    addresses = (
        reverse("admin:index"),
        desk.listed("opportunity"),
        desk.listed("opportunity", due="splitting"),
    )
    for address in addresses:
        count(address)
    one = [count(address) for address in addresses]
    young = [at("screening", cast), at("screening", cast)]
    Opportunity.objects.filter(pk__in=[need.pk for need in young]).update(owner=cast.tom)
    assert [count(address) for address in addresses] == one
    Opportunity.objects.filter(pk=old.pk).update(state_since=clock.now() - timedelta(days=20))
    assert rows(client, desk.listed("opportunity", age="5")) == {old.pk}
    assert rows(client, desk.listed("opportunity", age="x")) >= {old.pk, *(need.pk for need in young)}
    assert by_label(cast, clock.now())["To screen"].late == 1
    assert isinstance(desk.today(clock.now()), date)

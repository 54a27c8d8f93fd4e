"""Step 5, the release: one person sees names, masks and sets aside; everybody else reads letters."""

import pytest
from django.urls import reverse

from evaluations import masking, preparing
from evaluations.forms.release import letters
from evaluations.models import Application, Preparation
from microacq import clock
from opportunities.actions import act
from opportunities.lifecycle import Refused

from .choosing import CLOSING, hours, label_of, opened, released

NOW = CLOSING + hours(1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def journey(cast):
    return opened(
        cast,
        cast.li,
        cast.sam,
        about={cast.li: "I am Li Supplier. Mail li@studio.example, see https://gitlab.com/li-codes."},
    )


def page(name, opportunity, *rest):
    return reverse(name, args=[opportunity.reference, *rest])


def get(client, user, url):
    client.force_login(user)
    with clock.frozen(NOW):
        return client.get(url)


def post(client, user, url, **data):
    client.force_login(user)
    with clock.frozen(NOW):
        return client.post(url, data)


def test_nothing_is_shown_before_somebody_takes_it_on_record(client, cast, journey):
    answer = get(client, cast.tess, page("prepare_release", journey.opportunity))
    assert answer.status_code == 200
    assert "neither confirm" in answer.content.decode()
    assert "Li Supplier" not in answer.content.decode()
    one = journey.opportunity.applications.get(supplier=cast.li)
    assert get(client, cast.tess, page("prepare_application", journey.opportunity, one.pk)).status_code == 409
    assert not Preparation.objects.exists()


def test_the_claim_is_one_persons(client, cast, journey):
    url = page("prepare_release", journey.opportunity)
    assert post(client, cast.tess, url).status_code == 302
    assert "Li Supplier" in get(client, cast.tess, url).content.decode()
    for other in (cast.tom, cast.root):
        answer = get(client, other, url)
        assert answer.status_code == 409
        assert "Li Supplier" not in answer.content.decode()
    with pytest.raises(Refused):
        preparing.claim(journey.opportunity, cast.tom, NOW)
    assert Preparation.objects.get().prepared_by == cast.tess


def test_nobody_outside_the_team_prepares(client, cast, journey):
    url = page("prepare_release", journey.opportunity)
    for person in (cast.amara, cast.eve, cast.fin, cast.li):
        assert post(client, person, url).status_code == 409
    client.logout()
    assert client.get(url).status_code == 302
    assert not Preparation.objects.exists()


def test_before_closing_nothing_can_be_prepared(client, cast):
    from .factories import at

    opportunity = at("posted", cast)
    client.force_login(cast.tess)
    assert client.post(page("prepare_release", opportunity)).status_code == 409


def test_names_addresses_and_links_are_flagged_and_masked(client, cast, journey):
    preparing.claim(journey.opportunity, cast.tess, NOW)
    one = journey.opportunity.applications.get(supplier=cast.li)
    url = page("prepare_application", journey.opportunity, one.pk)
    body = get(client, cast.tess, url).content.decode()
    for found in ("Li Supplier", "li@studio.example", "https://gitlab.com/li-codes."):
        assert f"<mark>{found}" in body
    assert masking.MASK in body

    first, second = journey.opportunity.evaluation_criteria.all()
    masked = {f"answer_{first.pk}": "I am [masked].\r\nI test.", f"answer_{second.pk}": "I am Li Supplier."}
    answer = post(client, cast.tess, url, action="check", **masked)
    assert answer.status_code == 422, "what is still flagged must be confirmed"
    assert "I am [masked]." in answer.content.decode(), "what was typed is still there"
    assert post(client, cast.tess, url, action="check", sure="on", **masked).status_code == 302
    one.refresh_from_db()
    assert one.checked_at
    kept = one.answers.get(criterion=first)
    assert kept.released == "I am [masked].\nI test."
    assert "Li Supplier" in kept.text, "the supplier's own words stay"


def test_an_answer_cannot_be_emptied(cast, journey):
    preparing.claim(journey.opportunity, cast.tess, NOW)
    one = journey.opportunity.applications.get(supplier=cast.li)
    with pytest.raises(Refused):
        preparing.check(
            journey.opportunity,
            one,
            cast.tess,
            {journey.opportunity.evaluation_criteria.first().pk: "  "},
            NOW,
        )


def test_setting_aside_has_a_reason_that_the_supplier_reads(client, cast, journey):
    preparing.claim(journey.opportunity, cast.tess, NOW)
    one = journey.opportunity.applications.get(supplier=cast.sam)
    url = page("prepare_application", journey.opportunity, one.pk)
    assert post(client, cast.tess, url, action="set_aside", **{"aside-reason": "   "}).status_code == 422
    assert (
        post(
            client, cast.tess, url, action="set_aside", **{"aside-reason": "Not eligible as a supplier."}
        ).status_code
        == 302
    )
    assert not journey.opportunity.applications.in_play().filter(supplier=cast.sam).exists()
    assert post(client, cast.tess, url, action="put_back").status_code == 302
    preparing.set_aside(journey.opportunity, one, cast.tess, "Not eligible as a supplier.", NOW)
    workspace = page("workspace_opportunity", journey.opportunity)
    assert "Not eligible" not in get(client, cast.sam, workspace).content.decode(), "not before the release"

    preparing.check(
        journey.opportunity, journey.opportunity.applications.get(supplier=cast.li), cast.tess, {}, NOW
    )
    event = act("release", journey.opportunity, cast.tess, now=NOW)
    assert event.data == {"applications": 2, "released": 1, "set_aside": 1}
    assert "Not eligible as a supplier." in get(client, cast.sam, workspace).content.decode()
    assert "Not eligible" not in get(client, cast.li, workspace).content.decode()
    assert label_of(journey.opportunity, cast.sam) == ""


def test_release_waits_until_every_application_is_checked(cast, journey):
    with pytest.raises(Refused):
        act("release", journey.opportunity, cast.tess, now=NOW)
    preparing.claim(journey.opportunity, cast.tess, NOW)
    journey.opportunity.refresh_from_db()
    with pytest.raises(Refused, match="Check every application"):
        act("release", journey.opportunity, cast.tess, now=NOW)
    for application in journey.opportunity.applications.in_play():
        preparing.check(journey.opportunity, application, cast.tess, {}, NOW)
    with pytest.raises(Refused, match="Only the team member who prepared"):
        act("release", journey.opportunity, cast.tom, now=NOW)
    act("release", journey.opportunity, cast.tess, now=NOW)
    with pytest.raises(Refused):
        preparing.check(journey.opportunity, application, cast.tess, {}, NOW)


def test_letters_follow_a_drawn_order_and_everybody_who_marks_has_a_sheet(cast):
    orders = set()
    for _ in range(6):
        journey = released(cast, cast.li, cast.sam, cast.noor, cast.kim, evaluators=[cast.eve])
        orders.add(tuple(label_of(journey.opportunity, s) for s in (cast.li, cast.sam, cast.noor, cast.kim)))
        assert {sheet.evaluator for sheet in journey.opportunity.sheets.all()} == {cast.amara, cast.eve}
    assert all(sorted(order) == ["A", "B", "C", "D"] for order in orders)
    assert len(orders) > 1, "the same order six times would be one chance in millions"
    assert Application.objects.exclude(label="").count() == 24


def test_letters_go_on_after_z():
    assert [letters(n) for n in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


LI = masking.Identity(
    names=("Élodie O'Brien-Roy",),
    businesses=("Studio Kaléidoscope inc.",),
    emails=("elodie.roy@kaleido.ca",),
    accounts=("https://github.com/eroy42",),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I am Elodie o’brien roy.", ["Elodie", "o’brien roy", "Elodie o’brien roy"]),
        ("ÉLODIE\nwrote it", ["ÉLODIE"]),
        ("At studio kaleidoscope we test.", ["studio kaleidoscope", "kaleidoscope"]),
        ("See eroy42 on the web", ["eroy42"]),
        ("Write to someone.else@host.example", ["someone.else@host.example"]),
        ("www.example.org/me and kaleido.ca", ["www.example.org/me", "kaleido.ca"]),
        ("Call 613-555-0142", ["613-555-0142"]),
        ("K1A 0B1", ["K1A 0B1"]),
        ("I live at 12 Main Street.", ["12 Main Street"]),
        ("I know Python, and test what I write.", []),
        ("melodies and royalty", []),
    ],
)
def test_what_is_flagged(text, found):
    flags = masking.flags(text, LI)
    assert bool(flags) == bool(found)
    assert all(flag.found in found for flag in flags)
    masked = masking.suggestion(text, flags)
    assert all(flag.found not in masked for flag in flags)

"""Step 1: a need is told, saved as a draft, submitted, withdrawn; the team enters one for a client."""

import pytest
from django.urls import reverse
from django.utils.translation import override
from post_office.models import Email

from microacq import clock
from opportunities.actions import act
from opportunities.lifecycle import Refused
from opportunities.models import Event, Opportunity
from tests.need import ALL_MET, NOW, a_draft

NEED = {
    "title": "Sort the queue",
    "need": "A script that sorts the queue.",
    "reason": "It takes two people a day.",
    "repository": "https://github.com/example/queue",
    "team_name": "Intake",
    "branch": "Benefits",
    "department": "Employment and Social Development Canada",
    "budget": "$5,000.00",
    "wanted_date": "2027-03-31",
    "heard_from": "A colleague",
}


@pytest.fixture(autouse=True)
def _january():
    with clock.frozen(NOW):
        yield


def test_amara_tells_her_need_and_goes_on_to_submit(client, cast):
    client.force_login(cast.amara)
    answer = client.post(reverse("new_inquiry"), NEED | {"do": "submit"})
    need = Opportunity.objects.get()
    assert answer.url == reverse("submit", args=[need.reference])
    assert (need.client, need.state, need.title_en, need.title_fr) == (
        cast.amara,
        "draft",
        "Sort the queue",
        None,
    )
    assert (need.need, need.team_name, str(need.budget)) == (NEED["need"], "Intake", "5000.00")
    assert (need.repository, str(need.wanted_date), need.heard_from) == (
        NEED["repository"],
        "2027-03-31",
        "A colleague",
    )
    assert not need.entered_by_team
    client.post(answer.url, {"version": need.version})
    need.refresh_from_db()
    assert need.state == "screening"


def test_a_draft_may_have_gaps_but_submitting_asks_for_them_in_their_fields(client, cast):
    client.force_login(cast.amara)
    assert client.post(reverse("new_inquiry"), {"title": "Only a title", "do": "draft"}).status_code == 302
    answer = client.post(reverse("new_inquiry"), {"title": "Only a title", "do": "submit"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"need", "reason", "team_name", "branch", "department"}
    assert Opportunity.objects.count() == 1


def test_a_title_told_in_french_is_kept_as_french(client, cast):
    client.force_login(cast.bo)
    with override("fr"):
        address = reverse("new_inquiry")
    client.post(address, NEED | {"title": "Trier la file"})
    need = Opportunity.objects.get(title_fr="Trier la file")
    assert not need.title_en


def test_editing_in_the_other_language_changes_the_title_there_is(client, cast):
    need = a_draft(cast.amara)
    client.force_login(cast.amara)
    with override("fr"):
        address = reverse("edit_inquiry", args=[need.reference])
    assert client.get(address).context["form"]["title"].value() == "Sort the queue"
    client.post(address, NEED | {"title": "Sort it well", "version": need.version})
    need.refresh_from_db()
    assert (need.title_en, need.title_fr) == ("Sort it well", None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 101),
        ("repository", "javascript:alert(1)"),
        ("repository", "ftp://example.org/code"),
        ("budget", "10,000.01"),
        ("budget", "1.000"),
        ("wanted_date", "2027-01-12"),
        ("need", "my card is 4111 1111 1111 1111"),
        ("branch", "a\x00b"),
    ],
)
def test_what_is_wrong_is_refused_in_its_field_even_in_a_draft(client, cast, field, value):
    client.force_login(cast.amara)
    answer = client.post(reverse("new_inquiry"), NEED | {field: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Opportunity.objects.exists()


def test_a_supplier_cannot_tell_a_need_and_a_visitor_signs_in_first(client, cast):
    assert client.get(reverse("new_inquiry")).status_code == 302
    client.force_login(cast.li)
    assert client.get(reverse("new_inquiry")).status_code == 403
    assert client.post(reverse("new_inquiry"), NEED).status_code == 403
    assert not Opportunity.objects.exists()


def test_the_team_enters_a_need_that_came_by_mail_and_its_client_submits_it(client, cast):
    client.force_login(cast.tess)
    address = cast.amara.email.upper()
    client.post(reverse("new_inquiry"), NEED | {"client_email": address})
    need = Opportunity.objects.get()
    assert (need.client, need.entered_by_team, need.state) == (cast.amara, True, "draft")
    assert [mail.to for mail in Email.objects.all()] == [[cast.amara.email]]
    assert need.notifications.get().template == "need_entered"
    client.force_login(cast.amara)
    assert client.get(reverse("edit_inquiry", args=[need.reference])).status_code == 200
    act("submit", need, cast.amara)


@pytest.mark.parametrize("who", ["li", "nobody"])
def test_the_client_must_have_an_account_of_the_department(client, cast, who):
    client.force_login(cast.tess)
    address = cast.li.email if who == "li" else "nobody@hrsdc-rhdcc.gc.ca"
    answer = client.post(reverse("new_inquiry"), NEED | {"client_email": address})
    assert answer.status_code == 422
    assert address in str(answer.context["form"].errors["client_email"])
    assert not Opportunity.objects.exists()


def test_an_account_that_was_closed_is_no_client(client, cast):
    cast.amara.is_active = False
    cast.amara.save()
    client.force_login(cast.tess)
    assert client.post(reverse("new_inquiry"), NEED | {"client_email": cast.amara.email}).status_code == 422


def test_who_may_open_a_draft(client, cast):
    need = a_draft(cast.amara)
    address = reverse("edit_inquiry", args=[need.reference])
    for name, status in {
        "amara": 200,
        "tess": 200,
        "bo": 404,
        "eve": 404,
        "mona": 404,
        "fin": 404,
        "li": 404,
    }.items():
        client.force_login(getattr(cast, name))
        assert client.get(address).status_code == status, name
        posted = client.post(address, NEED | {"version": 99}).status_code
        assert posted == {200: 409, 404: 404}[status], name
    need.refresh_from_db()
    assert need.need == "Sort it."


def test_a_stale_draft_is_refused_with_what_was_typed_still_there(client, cast):
    need = a_draft(cast.amara)
    address = reverse("edit_inquiry", args=[need.reference])
    client.force_login(cast.tess)
    client.post(address, NEED | {"need": "By Tess", "version": need.version})
    client.force_login(cast.amara)
    answer = client.post(address, NEED | {"need": "By Amara", "version": need.version})
    assert answer.status_code == 409
    assert "By Amara" in answer.content.decode()
    need.refresh_from_db()
    assert (need.need, need.version) == ("By Tess", 2)
    assert (
        client.post(address, NEED | {"need": "By Amara", "version": answer.context["version"]}).status_code
        == 302
    )


def test_an_inquiry_that_was_submitted_is_not_edited(client, cast):
    need = a_draft(cast.amara)
    act("submit", need, cast.amara)
    client.force_login(cast.amara)
    address = reverse("edit_inquiry", args=[need.reference])
    assert client.get(address).status_code == 409
    assert client.post(address, NEED | {"version": 2}).status_code == 409


def test_submitting_says_what_is_missing(cast):
    need = a_draft(cast.amara, need="", branch=" ")
    with pytest.raises(Refused, match="what is needed, branch"):
        act("submit", need, cast.amara)
    assert not Event.objects.exists()


def test_a_returned_need_shows_the_reason_where_it_is_mended(client, cast):
    need = a_draft(cast.amara)
    act("submit", need, cast.amara)
    need.refresh_from_db()
    act("return_for_changes", need, cast.tess, data=ALL_MET | {"reason": "Say which queue."})
    client.force_login(cast.amara)
    assert "Say which queue." in client.get(reverse("edit_inquiry", args=[need.reference])).content.decode()


def test_the_page_shows_the_need_and_the_decision_to_its_client_only(client, cast):
    need = a_draft(cast.amara)
    act("submit", need, cast.amara)
    need.refresh_from_db()
    act(
        "decline",
        need,
        cast.tess,
        data=ALL_MET | {"met_code": "no", "note_code": "It is a chair.", "reason": "We buy code only."},
    )
    address = reverse("workspace_opportunity", args=[need.reference])
    client.force_login(cast.amara)
    page = client.get(address).content.decode()
    assert "We buy code only." in page
    assert "It is a chair." in page
    client.force_login(cast.bo)
    assert client.get(address).status_code == 404


def test_a_withdrawn_need_says_why(client, cast):
    need = a_draft(cast.amara)
    act("withdraw", need, cast.amara, data={"reason": "We found a tool."})
    client.force_login(cast.tess)
    assert (
        "We found a tool."
        in client.get(reverse("workspace_opportunity", args=[need.reference])).content.decode()
    )

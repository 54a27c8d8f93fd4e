"""The team's desk in the admin: who enters, what may be done there, and that evidence and sealed things stay what they are."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from microacq.models import User
from opportunities.actions import act
from opportunities.desk import late
from opportunities.models import AccessCopy, CannedReply, Event, LegalHold, Opportunity, Subscription
from tests.cast import NAMES
from tests.factories import at
from tests.test_screening import answers

DESK = {"tess", "tom", "tia", "root"}


@pytest.fixture
def desk(cast, client) -> Client:
    client.force_login(cast.tess)
    return client


def page(opportunity) -> str:
    return reverse("admin:opportunities_opportunity_change", args=[opportunity.pk])


def act_page(opportunity, name) -> str:
    return reverse("admin:opportunities_opportunity_act", args=[opportunity.pk, name])


def texts(opportunity, **changed) -> dict:
    """What the page of an opportunity posts when its texts are saved."""
    data = {"version": opportunity.version}
    for name in ("title", "short_description", "background", "work", "deliverables"):
        for language in ("en", "fr"):
            data[f"{name}_{language}"] = getattr(opportunity, f"{name}_{language}") or ""
    for related in ("evaluation_criteria", "acceptance_criteria"):
        rows = list(getattr(opportunity, related).all())
        data |= {f"{related}-TOTAL_FORMS": len(rows), f"{related}-INITIAL_FORMS": len(rows)}
        for n, row in enumerate(rows):
            data |= {f"{related}-{n}-id": row.pk, f"{related}-{n}-opportunity": opportunity.pk}
            data |= {f"{related}-{n}-text_en": row.text_en, f"{related}-{n}-text_fr": row.text_fr}
    return data | changed


# who enters


@pytest.mark.parametrize("name", NAMES)
def test_only_the_team_enters(cast, client, name):
    client.force_login(getattr(cast, name))
    answer = client.get("/en/admin/", follow=True)
    entered = answer.status_code == 200 and "Waiting for the team" in answer.content.decode()
    assert entered == (name in DESK)


def test_a_superuser_without_the_teams_role_sees_people_only(cast, client):
    need = at("screening", cast)
    boss = User.objects.create_user("boss@example.ca", "x", role="client", is_superuser=True)
    client.force_login(boss)
    assert client.get("/en/admin/microacq/user/").status_code == 200
    assert "Waiting for the team" not in client.get("/en/admin/").content.decode()
    assert client.get("/en/admin/opportunities/opportunity/").status_code == 403
    assert client.get(page(need)).status_code in (302, 403)
    assert client.get(act_page(need, "accept")).status_code == 404
    assert client.post(act_page(need, "accept"), answers(version=need.version)).status_code == 404
    need.refresh_from_db()
    assert need.state == "screening"


@pytest.mark.parametrize("name", sorted(set(NAMES) - DESK))
def test_direct_posts_by_others_change_nothing(cast, client, name):
    need = at("screening", cast)
    client.force_login(getattr(cast, name))
    assert client.post(act_page(need, "accept"), answers(version=need.version)).status_code in (302, 403, 404)
    assert client.post(page(need), texts(need, title_en="Mine")).status_code in (302, 403, 404)
    need.refresh_from_db()
    assert (need.state, need.title_en) == ("screening", "Count visits to the benefits pages")


# the queue


def test_the_front_page_starts_with_what_waits(cast, desk):
    at("screening", cast)
    at("preparing", cast)
    body = desk.get("/en/admin/").content.decode()
    assert body.index("To screen") < body.index("Statement in preparation") < body.index("content-main")
    assert "/en/admin/opportunities/opportunity/?state=screening" in body
    assert "1 of 10 places taken" in " ".join(body.split())


def test_the_list_is_the_queue_by_age(cast, desk):
    ended, young, old = at("declined", cast), at("screening", cast), at("preparing", cast)
    Opportunity.objects.filter(pk=old.pk).update(state_since=young.state_since.replace(year=2020))
    Opportunity.objects.filter(pk=ended.pk).update(state_since=young.state_since.replace(year=2019))
    answer = desk.get("/en/admin/opportunities/opportunity/")
    assert [row.pk for row in answer.context["cl"].result_list] == [old.pk, young.pk, ended.pk]
    assert "Late" in answer.content.decode()
    assert "Add opportunity" not in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("step=2", {"screening", "declined"}),
        ("step=3", {"preparing"}),
        ("state=preparing", {"preparing"}),
        ("state=open", {"screening", "preparing"}),
        ("waits=team", {"screening"}),
        ("late=yes", {"preparing"}),
        ("late=no", {"screening", "declined"}),
        ("q=visits", {"screening", "preparing", "declined"}),
        ("branch=IITB", {"screening", "preparing", "declined"}),
        ("q=nothing-like-it", set()),
    ],
)
def test_filters_and_search(cast, desk, query, found):
    for state in ("screening", "preparing", "declined"):
        at(state, cast)
    preparing = Opportunity.objects.get(state="preparing")
    Opportunity.objects.filter(pk=preparing.pk).update(state_since=preparing.state_since.replace(year=2020))
    listed = desk.get(f"/en/admin/opportunities/opportunity/?{query}").context["cl"].result_list
    assert {row.state for row in listed} == found


@pytest.mark.parametrize("address", ["/en/admin/", "/fr/admin/opportunities/opportunity/"])
def test_the_number_of_queries_does_not_grow(cast, desk, address):
    def count():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert desk.get(address).status_code == 200
        return len(queries)

    at("screening", cast)
    one = count()
    at("screening", cast)
    at("screening", cast)
    assert count() == one


def test_late_in_the_database_is_late_in_the_model(cast):
    need = at("screening", cast)
    start = need.state_since
    for hours in range(0, 24 * 12, 7):
        now = start + timedelta(hours=hours)
        assert Opportunity.objects.filter(late(now), pk=need.pk).exists() == need.is_late(now), now


# the page of one


def test_the_page_offers_what_the_table_offers(cast, desk):
    need = at("screening", cast)
    body = desk.get(page(need)).content.decode()
    for name in ("accept", "return_for_changes", "waitlist", "decline"):
        assert act_page(need, name) in body
    for name in ("submit", "withdraw", "post", "statement_ready"):
        assert act_page(need, name) not in body
    assert body.count("gc-stepper__step ") == 9
    assert "Submit the inquiry" in body  # the timeline
    assert "Delete" not in body


def test_the_page_says_why_not_yet(cast, desk):
    need = at("preparing", cast)
    Opportunity.objects.filter(pk=need.pk).update(background_fr="")
    body = desk.get(page(need)).content.decode()
    assert act_page(need, "statement_ready") not in body
    assert "not complete in both languages" in body


@pytest.mark.parametrize("state", ["screening", "waitlisted", "reserved", "declined"])
def test_outside_preparation_nothing_can_be_written(cast, desk, state):
    if state == "waitlisted":
        need = at("screening", cast)
        act("waitlist", need, cast.tess, data=answers())
        need.refresh_from_db()
    else:
        need = at(state, cast)
    body = desk.get(page(need)).content.decode()
    assert 'name="_save"' not in body
    assert 'name="title_en"' not in body
    answer = desk.post(page(need), texts(need, title_en="Changed", state="complete", need="Changed"))
    assert answer.status_code == 409
    assert "only while it is in preparation" in answer.content.decode()
    again = Opportunity.objects.get(pk=need.pk)
    assert (again.state, again.title_en, again.need, again.version) == (
        need.state,
        need.title_en,
        need.need,
        need.version,
    )


def test_the_team_mends_the_texts_in_preparation(cast, desk):
    need = at("preparing", cast)
    criterion = need.evaluation_criteria.first()
    data = texts(need, title_fr="Un meilleur titre") | {
        "evaluation_criteria-0-text_fr": "Montrez vos compétences."
    }
    data |= {
        "state": "complete",
        "fixed_price": "1",
        "need": "Other",
        "client": cast.bo.pk,
        "version": need.version,
    }
    assert desk.post(page(need), data).status_code == 302
    again = Opportunity.objects.get(pk=need.pk)
    assert again.title_fr == "Un meilleur titre"
    assert again.version == need.version + 1
    assert (again.state, again.fixed_price, again.need, again.client) == (
        "preparing",
        need.fixed_price,
        need.need,
        cast.amara,
    )
    criterion.refresh_from_db()
    assert criterion.text_fr == "Montrez vos compétences."


def test_a_stale_page_keeps_what_was_typed_and_saves_nothing(cast, desk):
    need = at("preparing", cast)
    read = need.version
    Opportunity.objects.filter(pk=need.pk).update(version=read + 1)
    answer = desk.post(page(need), texts(need, title_en="Typed by Tess", version=read))
    body = answer.content.decode()
    assert answer.status_code == 200
    assert "Somebody changed this opportunity" in body
    assert "Typed by Tess" in body
    assert Opportunity.objects.get(pk=need.pk).title_en == need.title_en


def test_texts_refuse_card_numbers(cast, desk):
    need = at("preparing", cast)
    answer = desk.post(page(need), texts(need, work_en="Pay with 4111 1111 1111 1111"))
    assert "payment card number" in answer.content.decode()
    assert Opportunity.objects.get(pk=need.pk).work_en == need.work_en


# its transitions


def test_accepting_from_the_admin(cast, desk):
    need = at("screening", cast)
    body = desk.get(act_page(need, "accept")).content.decode()
    assert body.count("<fieldset") == 9
    assert "places taken" in body
    answer = desk.post(act_page(need, "accept"), answers(version=need.version), follow=True)
    assert answer.redirect_chain == [(page(need), 302)]
    assert "Done: Accept as eligible." in answer.content.decode()
    need.refresh_from_db()
    assert need.state == "preparing"


def test_errors_are_listed_and_nothing_happens(cast, desk):
    need = at("screening", cast)
    answer = desk.post(act_page(need, "decline"), answers(not_met=["code"], version=need.version))
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert 'href="#id_reason"' in answer.content.decode()
    need.refresh_from_db()
    assert need.state == "screening"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_refusals_are_409_in_words(cast, desk, language):
    need = at("preparing", cast)
    address = f"/{language}/admin/opportunities/opportunity/{need.pk}/act/accept/"
    for answer in (desk.get(address), desk.post(address, answers(version=need.version))):
        assert answer.status_code == 409
        assert "admin" in answer.templates[0].name or "refused" in answer.templates[0].name


@pytest.mark.parametrize("version", ["", "0", "x", "9999999999999", "stale"])
def test_a_stale_transition_is_refused(cast, desk, version):
    need = at("screening", cast)
    posted = need.version - 1 if version == "stale" else version
    assert desk.post(act_page(need, "accept"), answers(version=posted)).status_code == 409
    need.refresh_from_db()
    assert need.state == "screening"


def test_twice_happens_once(cast, desk):
    need = at("screening", cast)
    data = answers(version=need.version)
    assert desk.post(act_page(need, "accept"), data).status_code == 302
    assert desk.post(act_page(need, "accept"), data).status_code == 409
    assert need.screenings.count() == 1


@pytest.mark.parametrize("name", ["close", "expire_offer", "nothing", "draw_all"])
def test_what_no_person_does_has_no_page(cast, desk, name):
    need = at("screening", cast)
    assert desk.get(act_page(need, name)).status_code == 404


@pytest.mark.parametrize(("state", "name", "data"), [
    ("screening", "submit", {}),
    ("committing", "commit_funds", {"amount": "7475.00", "source": "iitb"}),
    ("reserving", "reserve_funds", {"number": "1", "amount": "7475.00"}),
])  # fmt: skip
def test_a_superuser_is_bound_as_the_team_is(cast, client, state, name, data):
    need = at(state, cast)
    client.force_login(cast.root)
    events = Event.objects.count()
    assert client.post(act_page(need, name), data | {"version": need.version}).status_code == 409
    assert client.post(page(need), texts(need, title_en="Root was here")).status_code == 409
    need.refresh_from_db()
    assert need.state == state
    assert need.title_en != "Root was here"
    assert Event.objects.count() == events


def test_who_has_a_part_does_not_act_as_the_team(cast, client):
    need = at("screening", cast)
    need.evaluators.add(cast.root)
    client.force_login(cast.root)
    assert act_page(need, "accept") not in client.get(page(need)).content.decode()
    assert client.post(act_page(need, "accept"), answers(version=need.version)).status_code == 409


# evidence

WRITTEN_HERE = (LegalHold, AccessCopy)
"""Evidence that the team writes in the admin, once: nobody changes it afterwards."""


def test_nothing_can_be_added_changed_or_deleted_in_any_list(cast, rf):
    request = rf.get("/")
    request.user = cast.root
    for model, model_admin in admin.site._registry.items():
        assert not model_admin.has_delete_permission(request), model
        if model not in (User, CannedReply):
            assert model_admin.has_add_permission(request) is (model in WRITTEN_HERE), model
            assert not model_admin.has_change_permission(request), model
            allowed = ["stop_writing"] if model is Subscription else []
            assert list(model_admin.get_actions(request)) == allowed, model


def test_every_list_opens_in_both_languages(cast, desk):
    at("reserved", cast)
    for language in ("en", "fr"):
        for model in admin.site._registry:
            path = f"/{language}/admin/{model._meta.app_label}/{model._meta.model_name}/"
            assert desk.get(path).status_code == 200, path
            if model not in (CannedReply, *WRITTEN_HERE):
                assert desk.post(path + "add/", {}).status_code in (403, 404), path


def test_records_are_read_only(cast, desk):
    need = at("reserved", cast)
    for record in (need.events.first(), need.commitments.first(), need.reservations.first()):
        meta = record._meta
        path = f"/en/admin/{meta.app_label}/{meta.model_name}/{record.pk}/"
        answer = desk.get(path + "change/")
        assert answer.status_code == 200
        assert 'name="_save"' not in answer.content.decode()
        assert desk.post(path + "change/", {"amount": "1"}).status_code == 403
        assert desk.post(path + "delete/", {"post": "yes"}).status_code == 403


def test_the_records_are_labelled_and_said_in_the_readers_language(desk, cast):
    opportunity = at("selection", cast)
    events = desk.get("/fr/admin/opportunities/event/").text
    assert 'data-label="Opportunité"' in events and 'data-label="Ce qui a été fait"' in events
    assert "Publier l’opportunité" in events and ">post<" not in events
    event = Event.objects.filter(opportunity=opportunity, transition="post").get()
    page = desk.get(f"/fr/admin/opportunities/event/{event.pk}/change/").text
    assert "Publier l’opportunité" in page and "Opportunité" in page
    listed = desk.get("/en/admin/opportunities/event/", {"transition": "post"}).context["cl"].result_list
    assert {row.transition for row in listed} == {"post"}
    offers = desk.get("/fr/admin/evaluations/offer/").text
    assert "Fournisseur" in offers and 'data-label="Supplier"' not in offers
    assert "<h1>Événements</h1>" in events and "à afficher" not in events

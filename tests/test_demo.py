"""The demonstration: every state is there, made by the rules, and every page of it opens for whoever may see it."""

import io
import re
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse
from django.utils.translation import override
from post_office.models import STATUS, Email

from evaluations.models import Application, Draw, Offer, Pool
from microacq import clock
from microacq.models import User
from opportunities import missing, standing
from opportunities.models import Event, Opportunity, Question
from opportunities.states import STATES
from opportunities.views.demo_tools import CAST, PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MOST_WORK = 60
"""Seconds of this process's own work that loading may take; what others do on the machine does not count."""


@pytest.fixture(scope="module", autouse=True)
def built(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demonstration, loaded once by its command for this whole file. Gives what it said and what it cost."""
    own_folder = override_settings(DEMO=True, VAR_DIR=tmp_path_factory.mktemp("var"))
    with django_db_blocker.unblock(), own_folder, transaction.atomic():
        start, said = time.process_time(), io.StringIO()
        call_command("demo", stdout=said)
        yield said.getvalue(), time.process_time() - start
        transaction.set_rollback(True)


def everybody() -> list[User]:
    return list(User.objects.order_by("pk"))


def one(email: str) -> User:
    return User.objects.get(
        email=f"{email}@supplier.example" if "supplier" in email else f"{email}@esdc.example"
    )


def waits_for(email: str) -> set[str]:
    """The states of what waits for somebody."""
    return set(Opportunity.objects.filter(standing.waiting_for(one(email))).values_list("state", flat=True))


def faces(opportunity) -> list[User]:
    """One person for each set of roles that somebody has on the opportunity, of those who see it."""
    found = {}
    for user in everybody():
        if Opportunity.objects.visible_to(user).filter(pk=opportunity.pk).exists():
            found.setdefault(frozenset(opportunity.roles_of(user)), user)
    return list(found.values())


def address(language: str, name: str, *args) -> str:
    with override(language):
        return reverse(name, args=args)


# what it holds


def test_every_state_and_every_ending_is_there():
    assert set(Opportunity.objects.values_list("state", flat=True)) == set(STATES)


def test_each_chain_of_events_holds_and_nothing_is_in_the_future():
    assert Event.first_break() is None
    assert not Event.objects.filter(at__gt=clock.now()).exists()
    for opportunity in Opportunity.objects.all():
        moments = list(opportunity.events.order_by("number").values_list("at", flat=True))
        assert moments == sorted(moments)
        assert opportunity.created_at <= (moments or [clock.now()])[0]


def test_references_follow_the_order_of_time():
    made = list(Opportunity.objects.order_by("pk").values_list("created_at", flat=True))
    assert made == sorted(made)


def test_what_is_public_is_there_in_both_languages():
    for opportunity in Opportunity.objects.public():
        assert not any(missing.from_statement(opportunity).values())
        assert opportunity.title_en != opportunity.title_fr


def test_the_pilots_own_opportunity_went_all_the_way():
    own = Opportunity.objects.get(title_en="Building custom Azure marketplace policies")
    assert own.state == "complete"
    assert own.applications.count() == 4
    assert own.registry_entry.problems() == []
    assert not own.imported_ref  # so that the command that imports the pilot's files still can


def test_open_ones_differ():
    now = clock.now()
    posted = Opportunity.objects.filter(state="posted")
    assert all(opportunity.is_open(now) for opportunity in posted)
    assert len({opportunity.closing_at for opportunity in posted}) >= 3
    kinds = set(posted.values_list("amendments__kind", flat=True))
    assert {"amend", "extend", None} <= kinds
    asked = Question.objects.filter(opportunity__in=posted)
    assert asked.filter(published_at__isnull=False).exists()
    assert asked.filter(published_at=None, set_aside_at=None).exists()
    assert asked.filter(set_aside_at__isnull=False).exists()


def test_draws_were_made_and_one_is_to_come():
    now = clock.now()
    assert Draw.objects.count() >= 3
    ahead = Pool.objects.get(opportunity__state="drawing")
    assert now < ahead.round_at
    assert ahead.announced_at
    assert Offer.objects.filter(status="declined").exists()


def test_reruns_link_back():
    again = Opportunity.objects.filter(rerun_of__isnull=False)
    assert {opportunity.rerun_of.state for opportunity in again} == {"cancelled", "no_award", "terminated"}
    assert "draft" in {opportunity.state for opportunity in again}


def test_each_person_finds_something_to_do():
    assert {"draft", "evaluation", "acceptance"} <= waits_for("client")
    assert {"preparing"} <= waits_for("client2")
    assert {"evaluation"} <= waits_for("evaluator")
    assert {"committing", "certification"} <= waits_for("manager")
    assert {"reserving", "paying"} <= waits_for("finance")
    everything = {"screening", "reserved", "opened", "review", "confirmed", "registry", "waitlisted"}
    assert everything <= waits_for("team") & waits_for("team2")
    assert {"selection", "work", "invoicing"} <= waits_for("supplier1")
    own = Application.objects.filter(supplier=one("supplier1"))
    assert own.filter(status="draft").exists()
    assert own.filter(status="submitted", opportunity__state="posted").exists()
    assert own.filter(passed=False).exists()


def test_half_of_the_people_read_french():
    languages = [user.language for user in everybody()]
    assert abs(languages.count("fr") - languages.count("en")) <= 1


# loading it


def test_its_own_work_takes_less_than_a_minute(built):
    said, seconds = built
    assert PASSWORD in said
    assert seconds < MOST_WORK


def test_its_mail_is_sent_and_bears_the_time_of_what_it_tells():
    assert not Email.objects.exclude(status=STATUS.sent).exists()
    for mail in Email.objects.filter(notification__isnull=False).select_related("notification")[:50]:
        assert mail.created == mail.notification.created_at


def test_a_second_time_nothing_changes():
    before = [model.objects.count() for model in (User, Opportunity, Event, Email, Application)]
    said = io.StringIO()
    call_command("demo", stdout=said)
    assert "already loaded" in said.getvalue()
    assert [model.objects.count() for model in (User, Opportunity, Event, Email, Application)] == before


def test_it_is_refused_outside_the_demonstration():
    with override_settings(DEMO=False), pytest.raises(CommandError, match="DEMO=1"):
        call_command("demo")


def test_it_is_not_loaded_among_other_people():
    for user in everybody():
        user.email = f"real-{user.pk}@hrsdc-rhdcc.gc.ca"
        user.save(update_fields=["email"])
    with pytest.raises(CommandError, match="empty"):
        call_command("demo")


# using it


@pytest.mark.parametrize(
    "address",
    ["client@esdc.example", "team2@esdc.example", "supplier4@supplier.example", "admin@esdc.example"],
)
def test_signing_in(client, address):
    answer = client.post("/en/accounts/login/", {"login": address, "password": PASSWORD}, follow=True)
    assert answer.status_code == 200
    assert answer.context["user"].email == address


def test_the_clock_moved_to_the_round_shows_the_draw():
    pool = Pool.objects.get(opportunity__state="drawing")
    with clock.frozen(pool.round_at):
        call_command("tick", verbosity=0)
    pool.opportunity.refresh_from_db()
    assert pool.opportunity.state == "selection"
    assert pool.opportunity.offers.open().exists()


def test_the_clock_moved_to_the_next_closing_closes_it():
    due = Opportunity.objects.filter(state="posted").order_by("closing_at").first()
    with clock.frozen(due.closing_at):
        call_command("tick", verbosity=0)
    due.refresh_from_db()
    assert due.state == "opened"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_anybody_reads_opens(client, language):
    for name in ("home", "opportunity_list", "how_it_works", "account_login", "demo_tools"):
        assert client.get(address(language, name)).status_code == 200
    supplier = Client()
    supplier.force_login(one("supplier1"))
    for opportunity in Opportunity.objects.public():
        page = client.get(address(language, "opportunity", opportunity.reference))
        assert page.status_code == 200
        assert supplier.get(address(language, "opportunity", opportunity.reference)).status_code == 200
        assert getattr(opportunity, f"title_{language}") in page.content.decode().replace("&#x27;", "'")
    for pool in Pool.objects.filter(frozen_at__isnull=False):
        assert client.get(address(language, "draw_page", pool.opportunity.reference)).status_code == 200


@pytest.mark.parametrize("number", range(1, 6))
def test_suppliers_read_their_own_applications(number):
    supplier, browser = one(f"supplier{number}"), Client()
    browser.force_login(supplier)
    for application in Application.objects.filter(supplier=supplier).select_related("opportunity"):
        pages = ["application"] + ([] if application.status == "draft" else ["receipt"])
        for name in pages:
            page = browser.get(address(supplier.language, name, application.opportunity.reference))
            assert page.status_code == 200, (name, application)


@pytest.mark.parametrize("state", STATES)
def test_the_page_of_each_opens_for_every_role_and_so_does_what_it_offers(state):
    """Everybody reads their own language; a page that several are offered is opened by one, in each language that is read."""
    for place, opportunity in enumerate(Opportunity.objects.filter(state=state)):
        opened = set()
        for user in faces(opportunity):
            browser = Client()
            browser.force_login(user)
            own = address(user.language, "workspace_opportunity", opportunity.reference)
            page = browser.get(own)
            assert page.status_code == 200, (opportunity, user)
            if place:
                continue  # another of this state was followed already
            links = set(re.findall(rf'href="({re.escape(own)}[^"#?]+)', page.text)) - opened
            opened |= links
            for link in links:
                assert browser.get(link).status_code in (200, 302), (link, user)


@pytest.mark.parametrize("email", [email.partition("@")[0] for email in CAST])
def test_cards_lead_somewhere(email):
    user = one(email)
    browser = Client()
    browser.force_login(user)
    page = browser.get(address(user.language, "workspace"))
    assert page.status_code == 200
    inside = re.escape(address(user.language, "workspace"))
    for link in set(re.findall(rf'href="({inside}MA-[^"#?]+)', page.content.decode())):
        assert browser.get(link).status_code in (200, 302), (link, user)

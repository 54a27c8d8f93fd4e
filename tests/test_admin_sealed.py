"""What the admin never tells: what an application says, and, before the evaluation is confirmed, who applied."""

import re

import pytest
from django.contrib import admin

from evaluations.models import Answer, Application
from microacq.models import User
from opportunities import lifecycle
from opportunities.models import Notification
from opportunities.states import STATES
from tests.factories import at, journey

UNDER_WAY = [state.name for state in STATES.values() if not state.is_ending]
BEFORE_NAMES = ("posted", "opened", "evaluation", "review")
PLANTED = "zanzibar-of-the-answers"


def everything(client, opportunity) -> str:
    """Every page of the admin about this opportunity, and every list, with each row that a list links to."""
    lists = [
        f"/en/admin/{m._meta.app_label}/{m._meta.model_name}/" for m in admin.site._registry if m is not User
    ]
    pages = [
        "/en/admin/",
        f"/en/admin/opportunities/opportunity/{opportunity.pk}/change/",
        f"/en/admin/opportunities/opportunity/{opportunity.pk}/history/",
    ]
    found = ""
    for path in [*lists, *pages]:
        body = client.get(path, follow=True).content.decode()
        found += body
        for link in re.findall(r'href="(/en/admin/[a-z]+/[a-z]+/\d+/change/)', body) if path in lists else ():
            if "/user/" not in link and "/sentmail/" not in link:  # each email: see test_mail_log
                found += client.get(link, follow=True).content.decode()
    return found


def with_applications(state, cast):
    """An opportunity in a state, with the applications of Li and Sam, and words in them that can be searched for."""
    way = journey(cast, state="opened" if state == "posted" else state)
    way.words.answers[:] = [f"I know how: {PLANTED}."]
    if state != "posted":
        return way.to(state)
    way.to("posted")
    way.apply()
    way.opportunity.refresh_from_db()
    return way.opportunity


@pytest.mark.parametrize(("state", "who"), [*((state, "root") for state in BEFORE_NAMES), ("opened", "tom")])
def test_before_confirmation_nobody_at_the_desk_learns_who_applied(cast, client, state, who):
    opportunity = with_applications(state, cast)
    assert opportunity.state == state
    assert Application.objects.filter(opportunity=opportunity, status="submitted").count() == 2
    client.force_login(getattr(cast, who))
    seen = everything(client, opportunity)
    for secret in (cast.li.name, cast.li.email, cast.sam.name, cast.sam.email, PLANTED):
        assert secret not in seen, secret
    for word in (PLANTED, cast.li.name, cast.sam.email):
        found = client.get("/en/admin/opportunities/opportunity/", {"q": word}).context["cl"].result_list
        assert not found


@pytest.mark.parametrize("state", ["selection", "work", "complete"])
def test_words_of_applications_stay_where_they_are(cast, client, state):
    opportunity = with_applications(state, cast)
    assert Answer.objects.filter(text__contains=PLANTED).exists()
    client.force_login(cast.root)
    assert PLANTED not in everything(client, opportunity)


def test_the_list_of_mails_names_suppliers_once_the_evaluation_is_confirmed(cast, client):
    client.force_login(cast.tom)
    with_applications("opened", cast)
    body = client.get("/en/admin/opportunities/sentmail/").content.decode()
    assert Notification.objects.filter(recipient=cast.li).exists()
    assert "a supplier" in body
    assert cast.amara.name in body
    assert cast.li.name not in body
    with_applications("selection", cast)
    assert cast.li.name in client.get("/en/admin/opportunities/sentmail/").content.decode()


@pytest.mark.parametrize("state", UNDER_WAY)
def test_every_offered_transition_opens_in_the_admin(cast, client, state):
    opportunity = at(state, cast)
    client.force_login(cast.tom)
    body = client.get(f"/fr/admin/opportunities/opportunity/{opportunity.pk}/change/").content.decode()
    assert body.count("gc-stepper__step ") == 9
    for row in lifecycle.LIFECYCLE:
        path = f"/fr/admin/opportunities/opportunity/{opportunity.pk}/act/{row.name}/"
        status = client.get(path).status_code
        if row.by_clock_only:
            assert status == 404, row.name
        else:
            assert status == (200 if f'href="{path}"' in body else 409), row.name

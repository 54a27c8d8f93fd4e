"""A week of a busy pilot is run from the desk alone: each thing the team does is found on the front page first."""

import re
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse

from evaluations.demo.simulation import ALIKE, FAILS, NOW, pilot
from microacq import clock
from microacq.models import User
from opportunities.models import Opportunity

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BEGINS = datetime(2026, 9, 14, 9, tzinfo=clock.EASTERN)
"""A Monday."""


@pytest.fixture
def week(tmp_path):
    """The pilot on Monday morning."""
    with override_settings(DEMO=True, VAR_DIR=tmp_path), transaction.atomic():
        made = pilot(BEGINS, seed=1)
        made.until(BEGINS)
        yield made
        transaction.set_rollback(True)


def links(page: str) -> list[str]:
    return [address.replace("&amp;", "&") for address in re.findall(r'href="([^"]+)"', page)]


class Desk:
    """A member of the team at the administration: front page, a queue, an opportunity, a button."""

    def __init__(self, user):
        self.browser = Client()
        self.browser.force_login(user)

    def queues(self) -> list[str]:
        page = self.browser.get(reverse("admin:index")).text
        return [link for link in links(page) if "/opportunities/opportunity/?" in link]

    def finds(self, opportunity) -> bool:
        """Whether a queue of the front page leads to the opportunity."""
        change = reverse("admin:opportunities_opportunity_change", args=[opportunity.pk])
        return any(
            link.partition("?")[0].endswith(change)
            for queue in self.queues()
            for link in links(self.browser.get(queue).text)
        )

    def offers(self, opportunity, action: str) -> bool:
        """Whether the opportunity's page has a button for the action."""
        page = self.browser.get(reverse("admin:opportunities_opportunity_change", args=[opportunity.pk])).text
        return any(
            f"/{action}/" in link or link.endswith(reverse(action, args=[opportunity.reference]))
            for link in links(page)
        )


def test_each_thing_the_team_does_in_a_week_is_found_on_the_front_page(week):
    states = Counter(Opportunity.objects.values_list("state", flat=True))
    assert states == Counter(NOW)
    desks, done, lost = {}, Counter(), []

    def seen(story, name, by, now):
        if getattr(by, "role", None) != User.Role.TEAM or not hasattr(story, "opportunity"):
            return
        desk = desks.setdefault(by.pk, Desk(by))
        done[name] += 1
        story.opportunity.refresh_from_db()
        if not desk.finds(story.opportunity):
            lost.append(f"{name} of {story.opportunity.reference}: in no queue")
        if not desk.offers(story.opportunity, name):
            lost.append(f"{name} of {story.opportunity.reference}: no button")

    for story in week.stories:
        story.seen = seen
    for day in range(5):
        with clock.frozen(BEGINS + timedelta(days=day, minutes=30)):
            call_command("tick", verbosity=0)
        week.until(BEGINS + timedelta(days=day, hours=9))
    assert lost == []
    assert {"accept", "post", "release", "confirm", "propose_freeze", "freeze", "publish_answers"} <= set(
        done
    )
    assert done["decide_splitting"] >= 1
    alike = [week.stories[place].opportunity for place in ALIKE]
    assert alike[0].title == alike[1].title
    week.stories[FAILS].opportunity.refresh_from_db()
    assert week.stories[FAILS].opportunity.state == "terminated"
    call_command("verify_events")

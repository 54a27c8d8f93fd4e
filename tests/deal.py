"""What the tests of the contract share: transitions with fresh eyes, what a form refuses, who was told, what a page says."""

import datetime as dt

import pytest
from django.urls import reverse

from opportunities.actions import Invalid, act
from opportunities.models import Notification
from tests.need import NOW

DAY = dt.timedelta(days=1)
CARD = "4111 1111 1111 1111"


def today():
    return NOW.date()


def do(name, opportunity, by, **data):
    """The transition, with fresh eyes."""
    opportunity.refresh_from_db()
    event = act(name, opportunity, by, data=data)
    opportunity.refresh_from_db()
    return event


def refused(name, opportunity, by, **data) -> set[str]:
    """The fields that the form refuses; nothing has changed."""
    opportunity.refresh_from_db()
    before = (opportunity.state, opportunity.version)
    with pytest.raises(Invalid) as wrong:
        act(name, opportunity, by, data=data)
    opportunity.refresh_from_db()
    assert (opportunity.state, opportunity.version) == before
    return set(wrong.value.form.errors)


def told(template) -> set:
    """Who was sent this mail."""
    return {notification.recipient for notification in Notification.objects.filter(template=template)}


def delivery_of(opportunity, **changes) -> dict:
    met = {f"how_met_{c.pk}": "See the tests." for c in opportunity.acceptance_criteria.all()}
    return (
        {"url": "https://gitlab.com/example/visits", "revision": "v1.0.0", "licence": "MIT", "notes": ""}
        | met
        | changes
    )


def judged(opportunity, *marks, **more) -> dict:
    data = {}
    for criterion, mark in zip(opportunity.acceptance_criteria.all(), marks, strict=True):
        data |= {
            f"met_{criterion.pk}": mark,
            f"note_{criterion.pk}": "The file is missing." if mark == "no" else "",
        }
    return data | more


def page_of(client, user, opportunity) -> str:
    client.force_login(user)
    return client.get(reverse("workspace_opportunity", args=[opportunity.reference])).content.decode()

"""Every state can be reached through the program's own functions, by people who may."""

import pytest

from opportunities.models import Event

from .factories import at
from .matrix import STATES


@pytest.mark.django_db
@pytest.mark.parametrize("state", STATES)
def test_an_opportunity_reaches(cast, state):
    opportunity = at(state, cast)
    assert opportunity.state == state
    assert opportunity.events.count() == (opportunity.events.last().number if state != "draft" else 0)
    assert Event.first_break() is None

"""One opportunity and everybody around it: at each step, who sees it, who does not, and that nothing sealed shows."""

from datetime import UTC, datetime

from django.core.management import call_command
from django.utils.html import escape
from django.utils.translation import override
from post_office.models import Email

from opportunities.models import Event, Opportunity
from opportunities.states import STATES

from .people import Person


def utc(*parts) -> datetime:
    return datetime(*parts, tzinfo=UTC)


class Walk:
    """The opportunity and everybody around it."""

    def __init__(self, people: dict[str, Person], stopped):
        self.people, self.clock, self.reference = people, stopped, ""

    @property
    def opportunity(self) -> Opportunity:
        return Opportunity.objects.get(reference=self.reference)

    def everyone_looks(self, state: str, seen_by: str, hidden_from: str = "") -> None:
        """Some open the opportunity's page, in turn: those who may see it read where it stands, the others get a 404.
        (tests/audit/test_who.py sends everybody to every page.)"""
        assert self.opportunity.state == state
        seen, hidden = seen_by.split(), hidden_from.split()
        turn = list(STATES).index(state)
        for name in {seen[turn % len(seen)], seen[(turn + 1) % len(seen)], seen[0]}:
            person = self.people[name]
            answer = person.fetch("workspace_opportunity", self.reference)
            with override(person.language):
                assert answer.status == 200 and escape(str(STATES[state].label)) in answer.text(), name
        for name in {hidden[turn % len(hidden)], hidden[-1]} if hidden else ():
            assert self.people[name].fetch("workspace_opportunity", self.reference).status == 404, name

    def sealed(self) -> None:
        """Nobody but its supplier finds a word of an application, wherever they look."""
        pages = (("workspace_opportunity", self.reference), ("workspace",), ("opportunity", self.reference))
        for name in ("amara", "eve", "mona", "tess", "tom", "fin", "root", "pat"):
            for page in pages:
                assert "sealed words" not in self.people[name].fetch(*page).text()
        for name in ("tess", "root"):
            assert (
                "sealed words"
                not in self.people[name]
                .fetch("admin:opportunities_opportunity_change", self.opportunity.pk)
                .text()
            )
            for page in ("prepare_release", "evaluate"):
                assert self.people[name].fetch(page, self.reference).status == 409
        assert not Email.objects.filter(message__contains="sealed words").exists()
        assert not [event for event in Event.objects.all() if "sealed words" in str(event.data)]

    def tick(self) -> None:
        call_command("tick", verbosity=0)

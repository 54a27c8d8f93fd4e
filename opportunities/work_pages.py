"""Pages where work is done within a state, between two transitions: who works there, and when.

They are the "next action" of a card while the transition that follows is not yet possible.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from .states import Role


@dataclass(frozen=True)
class WorkPage:
    """`name` is the URL name; the address takes the opportunity's reference."""

    name: str
    label: Any
    states: tuple[str, ...]
    roles: tuple[Role, ...]


WORK_PAGES = (
    WorkPage("edit_inquiry", _("Describe your need"), ("draft",), (Role.CLIENT, Role.TEAM)),
    WorkPage("screen", _("Check the eligibility"), ("screening", "waitlisted"), (Role.TEAM,)),
    WorkPage("statement", _("Write the statement"), ("preparing",), (Role.CLIENT, Role.TEAM)),
    WorkPage("prepare_release", _("Prepare the applications for release"), ("opened",), (Role.TEAM,)),
    WorkPage("evaluate", _("Evaluate the applications"), ("evaluation",), (Role.CLIENT, Role.EVALUATOR)),
    WorkPage("check_evaluation", _("Check the evaluation"), ("review",), (Role.TEAM,)),
    WorkPage("registry_entry", _("Write the registry entry"), ("registry",), (Role.CLIENT, Role.TEAM)),
)


def work_pages(opportunity, roles: set[Role]) -> list[WorkPage]:
    """The work pages that these roles may use in the opportunity's present state."""
    return [page for page in WORK_PAGES if opportunity.state in page.states and roles & set(page.roles)]

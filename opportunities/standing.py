"""Where an opportunity stands, in words, for one reader: the nine steps, who it waits for, and one next action.

Cards, the opportunity's page and the lists all say it from here.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from microacq.prepared import Prepared

from . import lifecycle
from .lifecycle import STATES, STEPS, Role
from .models import Commitment, Contract, Opportunity
from .work_pages import work_pages


@dataclass(frozen=True)
class Action:
    """Something to do: its words and its address."""

    label: Any
    url: str


@dataclass(frozen=True)
class Standing:
    """What a card says of an opportunity to one reader."""

    opportunity: Opportunity
    steps: list[dict]
    waits_for: Any
    waits_for_you: bool
    days: int
    late: bool
    action: Action | None


def steps_of(opportunity) -> list[dict]:
    """The nine steps with what is done, current and to come, for the stepper."""
    current, ended = opportunity.status.step, opportunity.state == "complete"
    return [
        {
            "number": n,
            "label": label,
            "status": "done" if n < current or ended else "current" if n == current else "todo",
        }
        for n, label in STEPS.items()
    ]


def next_action(opportunity, roles: set[Role], offered) -> Action | None:
    """The one thing this reader should do next: the leading transition that is possible, else the page of the work.

    `offered` is what `lifecycle.available()` gave for the reader.
    """
    for row, reasons in offered:
        if row.leads and not reasons:
            return Action(row.label, reverse(row.name, args=[opportunity.reference]))
    for page in work_pages(opportunity, roles):
        return Action(page.label, reverse(page.name, args=[opportunity.reference]))
    return None


def standing(
    opportunity, user, now: datetime, roles: set[Role] | None = None, action: Action | None = None
) -> Standing:
    """What to tell this reader of where the opportunity stands; `roles` and `action` when they are known already."""
    roles = opportunity.roles_of(user) if roles is None else roles
    status = opportunity.status
    evaluates = opportunity.state == "evaluation" and Role.EVALUATOR in roles
    return Standing(
        opportunity=opportunity,
        steps=steps_of(opportunity),
        waits_for=(Role.EVALUATOR if evaluates and Role.CLIENT not in roles else status.waits_for).label
        if status.waits_for
        else None,
        waits_for_you=status.waits_for in roles or evaluates,
        days=opportunity.waiting_days(now),
        late=opportunity.is_late(now),
        action=action,
    )


def likely_action(opportunity, roles: set[Role]) -> Action | None:
    """The next action as a card can say it without asking the database: the page of the work, or the one leading move."""
    pages = work_pages(opportunity, roles)
    # Only for whom it waits: what others might do hangs on records (a question, a dispute), which are not asked for here.
    here = opportunity.status.waits_for in roles
    moves = [
        row
        for row in lifecycle.LIFECYCLE
        if here and row.leads and opportunity.state in row.sources and roles & set(row.roles)
    ]
    onward = [row for row in moves if row.target] or moves
    for found in pages[:1] or (onward if len(onward) == 1 else []):
        return Action(found.label, reverse(found.name, args=[opportunity.reference]))
    return None


CARD_FIELDS = ("reference", "title", "title_en", "title_fr", "state", "state_since", "client", "manager")
"""The columns that a card needs; the others are long."""


def cards(opportunities, user, now: datetime) -> list[Standing]:
    """The standing of each opportunity of a page. Asks nothing: give opportunities read `with_parts_of(user)`."""
    found = []
    for opportunity in opportunities:
        roles = opportunity.own_roles_of(user, opportunity.evaluates)
        if opportunity.supplies:
            roles.add(Role.SUPPLIER)
        found.append(standing(opportunity, user, now, roles, likely_action(opportunity, roles)))
    return found


def _states_waiting_for(*roles: Role) -> list[str]:
    return [name for name, state in STATES.items() if state.waits_for in roles]


def no_part_of(user) -> Q:
    """The condition for opportunities whose need this user has no part in, so that they may act as team or finance."""
    evaluators = Opportunity.evaluators.through.objects.filter(opportunity=OuterRef("pk"), user=user)
    return ~Q(client=user) & (~Q(manager=user) | Q(manager=None)) & ~Q(Exists(evaluators))


def waiting_for(user) -> Q:
    """The condition for opportunities that wait for this user, in the states' own words."""
    evaluators = Opportunity.evaluators.through.objects.filter(opportunity=OuterRef("pk"), user=user)
    waits = Q(client=user, state__in=_states_waiting_for(Role.CLIENT)) | Q(
        manager=user, state__in=_states_waiting_for(Role.MANAGER)
    )
    waits |= Q(Exists(evaluators), state="evaluation")
    no_part = no_part_of(user)
    if user.role == user.Role.TEAM:
        waits |= Q(state__in=_states_waiting_for(Role.TEAM)) & no_part
    if user.role == user.Role.FINANCE:
        waits |= Q(state__in=_states_waiting_for(Role.FINANCE)) & no_part
    signed = Exists(Contract.objects.filter(opportunity=OuterRef("pk"), supplier=user))
    offered = Q(pk__in=user.offers.open().values("opportunity"), state="selection")
    return waits | offered | Q(signed, state__in=("work", "invoicing"))


@cache
def _waiting(role: str) -> Prepared:
    """The keys of what waits for somebody of this role in the site, the longest waiting first."""

    def build(key: int):
        user = get_user_model()(pk=key, role=role)
        found = Opportunity.objects.visible_to(user).filter(waiting_for(user))
        return found.order_by("state_since", "pk").values("id")

    return Prepared(build, keys=1)


def keys_waiting_for(user) -> list[int]:
    """The keys of the opportunities that wait for this user, the longest waiting first."""
    return [row["id"] for row in _waiting(user.role).rows(user.pk)]


def _asked(key: int):
    user = get_user_model()(pk=key)
    evaluates = Opportunity.evaluators.through.objects.filter(user=user)
    parts = (user.questions_asked, user.followings, evaluates)
    keys = user.applications.order_by().values("opportunity_id")
    return keys.union(*(part.order_by().values("opportunity_id") for part in parts))


ASKED = Prepared(_asked, keys=1)
"""The keys of what a user asked about, follows, evaluates or began an application to."""


def followed_by(user) -> Q:
    """The condition for opportunities in which this user has a part, or that they watch over."""
    # The keys first, in one query, so that the database looks up these instead of looking through all.
    asked = [row["opportunity_id"] for row in ASKED.rows(user.pk)]
    not_yet = ("draft", "screening", "waitlisted")
    parts = Q(client=user) | Q(manager=user) & ~Q(state__in=not_yet) | Q(pk__in=asked)
    if user.role == user.Role.TEAM:
        parts |= Q(state__in=[name for name, state in STATES.items() if not state.is_ending])
    if user.role == user.Role.FINANCE:
        parts |= Exists(Commitment.objects.filter(opportunity=OuterRef("pk")))
    return parts

"""The parts of an opportunity's page in the workspace, each shown to who may see it.

A part registers itself with `@panel`; the choosing side adds its own the same way. Knows no part by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .states import Role


@dataclass(frozen=True)
class Reader:
    """Who reads the page: the opportunity, the user, their roles on it, and the time."""

    opportunity: Any
    user: Any
    roles: set[Role]
    now: datetime

    def is_any(self, *roles: Role) -> bool:
        """Whether the reader has one of the roles."""
        return bool(self.roles & set(roles))


PANELS: list[tuple[int, str, Callable[[Reader], dict | None]]] = []


def panel(order: int, template: str):
    """Decorator: the function takes a `Reader` and gives the template's context, or None when there is nothing to show.

    `order` follows the nine steps: 10 for the inquiry to 90 for the registry, 95 messages, 99 history.
    """

    def keep(function):
        PANELS.append((order, template, function))
        PANELS.sort(key=lambda row: row[0])
        return function

    return keep


def panels_for(reader: Reader) -> list[tuple[str, dict]]:
    """The (template, context) pairs this reader is shown, in order."""
    found = [(template, function(reader)) for _order, template, function in PANELS]
    return [(template, context) for template, context in found if context is not None]


SECTIONS: list[tuple[int, str, Callable[[Any, datetime], dict | None]]] = []


def workspace_section(order: int, template: str):
    """Decorator for a part of the workspace's first page: the function takes (user, now) and gives as a panel does."""

    def keep(function):
        SECTIONS.append((order, template, function))
        SECTIONS.sort(key=lambda row: row[0])
        return function

    return keep


def sections_for(user, now: datetime) -> list[tuple[str, dict]]:
    """The (template, context) pairs of the workspace's first page for this user, in order."""
    found = [(template, function(user, now)) for _order, template, function in SECTIONS]
    return [(template, context) for template, context in found if context is not None]

"""Row 1: every address that there is, opened by everybody; what each is answered is in who_matrix.py.

Row 2 with it: none of these pages says a word of what Kim sealed, nor who she is. See test_sealed.py for the other ways.
"""

import os
from dataclasses import dataclass

import pytest
from django.test import Client

from . import stage as stages
from .resolver import every_address
from .who_matrix import ABOUT_ALL, ABOUT_ONE, CODES, NOT_OPENED, PARTS, STATES, TRANSITIONS

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
WHOLE = os.environ.get("AUDIT") == "whole"
"""Everybody opens everything in every state: 11,000 requests. Else parts take turns where `taken` says so."""
MAIN = "posted"
"""The state in which everybody opens everything even so: applications are sealed."""
OTHERS = tuple(state for state in STATES if state != MAIN)


def taken(number: int, turn: int, part: str, state: str, name: str) -> bool:
    """Whether the `turn`-th part opens the `number`-th address.

    About what is open everybody opens everything. About the rest each part opens every third address, in one state, in turn.
    A third of the parts, in turn, opens each page of a transition (test_transitions.py sends them), of the admin, where the
    answer is the same for all of the team or all others, and of what is for everybody alike.
    """
    third = (number + turn) % 3 == 0
    if WHOLE:
        return True
    if name in TRANSITIONS:
        return third and state == MAIN
    if state:
        return state == MAIN or (
            OTHERS[(number + turn) % len(OTHERS)] == state and (number // 2 + turn) % 3 == 0
        )
    row = ABOUT_ALL.get(name, "")
    alike = row[1:8] if part not in DESK else row[8:10] + row[11:]
    return (
        third
        or part == "nobody"
        or len(set(alike)) > 1
        or (not name.startswith("admin:") and len(set(row[1:])) > 1)
    )


DESK = ("team", "preparer", "superuser")


@dataclass
class Visit:
    """One address opened by one part: what the table says and what was answered."""

    name: str
    state: str
    part: str
    wanted: str
    got: str
    told: list[str]


@pytest.fixture(scope="module")
def visits(django_db_setup, django_db_blocker, tmp_path_factory):
    """Everything opened once for this file; the site is taken back at once."""
    with stages.built(django_db_blocker, tmp_path_factory) as stage:
        return list(crawl(stage))


def crawl(stage):
    """Visits of every address by the parts."""
    clients = {part: stage.client(part) for part in PARTS}
    for state in STATES:
        for number, (name, address) in enumerate(stage.addresses(state)):
            wanted = ABOUT_ONE.get(name, [""] * len(STATES))[STATES.index(state)]
            for turn, part in enumerate(PARTS):
                if taken(number, turn, part, state, name):
                    yield visit(stage, clients[part], name, address, state, part, wanted)
    for number, (name, address) in enumerate(stage.other_addresses()):
        for turn, part in enumerate(PARTS):
            if name not in NOT_OPENED and taken(number, turn, part, "", name):
                yield visit(stage, clients[part], name, address, "", part, ABOUT_ALL.get(name, ""))


def visit(stage, client: Client, name, address, state, part, wanted) -> Visit:
    """Open the address."""
    response = client.get(address)
    text = stages.told(response).lower()
    words = stage.secrets if "_user_" not in name else stage.secrets_of_the_application
    told = [secret for secret in words if secret.lower() in text]
    return Visit(name, state, part, wanted and wanted[PARTS.index(part)], stages.code(response), told)


def test_01_every_address_has_its_line_and_every_line_an_address():
    names = {name for name, _address in every_address("x")}
    assert names == {*ABOUT_ONE, *ABOUT_ALL, *NOT_OPENED}
    assert {name for name, _address in every_address("x", only="reference")} == set(ABOUT_ONE)
    words = [row for rows in ABOUT_ONE.values() for row in rows] + list(ABOUT_ALL.values())
    assert all(len(word) == len(PARTS) and set(word) <= set(CODES) for word in words)


def test_01_everybody_is_answered_as_the_table_says(visits):
    assert [
        f"{v.part} opens {v.name} {v.state}: {v.got} instead of {v.wanted}"
        for v in visits
        if v.got != v.wanted
    ] == []
    tried = {(v.name, v.part) for v in visits if v.name in ABOUT_ONE and v.name not in TRANSITIONS}
    assert len(tried) == len(PARTS) * (len(ABOUT_ONE) - len(ABOUT_ONE.keys() & TRANSITIONS.keys())), (
        "everybody opens every address"
    )


def test_02_no_page_feed_export_or_list_tells_what_is_sealed_nor_who_applied(visits):
    assert [f"{v.part} opens {v.name} {v.state}: {v.told}" for v in visits if v.told] == []

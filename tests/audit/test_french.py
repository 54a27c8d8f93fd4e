"""Row 41: in French everything is answered as in English, in French, and what is sealed is sealed.

Of the table in who_matrix.py each address about an opportunity is opened twice, the others once, parts and states taken in
turn; two parts open, by turns, all that there is about what is open and about what is evaluated. The other rows hold in both languages by their nature, or are tried in both where they stand.
"""

import re

import pytest
from babel.messages.pofile import read_po
from selectolax.lexbor import LexborHTMLParser

from microacq import catalogue, clock

from . import stage as stages
from .test_who import Visit
from .who_matrix import ABOUT_ALL, ABOUT_ONE, NOT_OPENED, PARTS, STATES

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
READERS = ("client", "superuser")
REFUSALS = (403, 404, 409, 410)


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker, tmp_path_factory):
    with stages.built(django_db_blocker, tmp_path_factory) as stage:
        yield stage


@pytest.fixture(scope="module")
def english() -> list[tuple[str, str]]:
    """Sentences of the source, and what they are in French, where they differ: the longest part without a placeholder."""
    with catalogue.po_file().open("rb") as file:
        messages = [message for message in read_po(file) if message.id and message.string]
    found = []
    for message in messages:
        source = message.id if isinstance(message.id, str) else message.id[0]
        french = message.string if isinstance(message.string, str) else message.string[0]
        part = max(re.split(catalogue.PLACEHOLDER, source), key=len).strip()
        if len(part) > 20 and part.count(" ") > 2 and part not in french:
            found.append((part, french))
    assert len(found) > 1000
    return found


def sample(stage):
    """(name, state, part, address, letter wanted): parts and states in turn; about an opportunity twice."""
    by_state = {state: dict(stage.addresses(state, "fr")) for state in STATES}
    for number, name in enumerate(ABOUT_ONE):
        for again in (0, 1):
            state = STATES[(number + 3 * again) % len(STATES)]
            part = PARTS[(number // len(STATES) + 5 * number + 7 * again) % len(PARTS)]
            wanted = ABOUT_ONE[name][STATES.index(state)][PARTS.index(part)]
            yield name, state, part, by_state[state][name], wanted
    for number, (name, address) in enumerate(stage.other_addresses("fr")):
        if name not in NOT_OPENED:
            part = PARTS[5 * number % len(PARTS)]
            yield name, "", part, address, ABOUT_ALL[name][PARTS.index(part)]


def test_41_every_address_is_answered_in_french_as_in_english_and_refusals_say_why_in_french(stage, english):
    browsers, visits, left = {part: stage.client(part) for part in PARTS}, [], []
    with clock.frozen(stages.NOW):
        for name, state, part, address, wanted in sample(stage):
            answer = browsers[part].get(address, headers={"accept-language": "fr"})
            text = stages.told(answer)
            words = stage.secrets if "_user_" not in name else stage.secrets_of_the_application
            told = [secret for secret in words if secret.lower() in text.lower()]
            visits.append(Visit(name, state, part, wanted, stages.code(answer), told))
            if answer.status_code in REFUSALS and "html" in answer["Content-Type"]:
                page = LexborHTMLParser(text)
                said = " ".join(page.body.text(separator=" ").split())
                assert page.root.attributes["lang"] == "fr", address
                left += [
                    f"{part} opens {name} {state}: {part_} ({fr})" for part_, fr in english if part_ in said
                ]
    assert [str(visit) for visit in visits if visit.got != visit.wanted] == []
    assert [str(visit) for visit in visits if visit.told] == []
    assert left == []
    assert sum(visit.got == "c" for visit in visits) > 50


@pytest.mark.parametrize("part", READERS)
def test_41_what_is_sealed_is_sealed_in_french(stage, part):
    browser = stage.client(part)
    addresses = [*stage.addresses("posted", "fr"), *stage.addresses("evaluation", "fr")]
    with clock.frozen(stages.NOW):
        for name, address in addresses[READERS.index(part) :: 2]:
            text = stages.told(browser.get(address, headers={"accept-language": "fr"})).lower()
            assert [secret for secret in stage.secrets if secret.lower() in text] == [], (part, name)


def test_41_every_page_about_an_opportunity_has_an_address_in_french(stage):
    for state in STATES:
        for name, address in stage.addresses(state, "fr"):
            assert address.startswith("/fr/"), name

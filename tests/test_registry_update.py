"""A registry entry that is there already is updated in place; an entry may name related code, partners, two repositories."""

import difflib

import pytest
import yaml
from django.urls import reverse

from microacq import clock
from opportunities.actions import Invalid
from opportunities.forms.registry import EntryForm, built_in_file, write_entry
from opportunities.publishing import ore
from tests.factories import at
from tests.need import NOW
from tests.test_registry import accepted_by_the_registry

ESDC = built_in_file()
NAMES = [release["name"]["en"] for release in yaml.safe_load(ESDC)["releases"]]


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


@pytest.fixture
def due(cast):
    return at("registry", cast)


def typed(opportunity, **changes) -> dict:
    form = EntryForm(opportunity=opportunity, now=NOW)
    data = {name: form[name].value() for name in form.fields} | changes
    return {name: value for name, value in data.items() if value not in (None, False)} | {
        "version": opportunity.version
    }


def changed_lines(before: str, after: str) -> list[int]:
    """The numbers of the lines of `before` that are not in `after` in their place."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return [
        n for tag, i, j, _a, _b in matcher.get_opcodes() if tag != "equal" for n in range(i, max(j, i + 1))
    ]


def test_a_name_that_is_there_is_offered_as_an_update(due, cast, client):
    client.force_login(cast.tess)
    address = reverse("registry_entry", args=[due.reference])
    answer = client.post(address, typed(due, name_en=NAMES[0]))
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"name_en", "updates_existing"}
    assert "tick this to update that entry" in answer.content.decode()
    assert client.post(address, typed(due, name_en=NAMES[0], updates_existing="on")).status_code == 302
    due.refresh_from_db()
    page = client.get(reverse("registry_file", args=[due.reference]))
    assert "in the place of the one" in page.content.decode()
    assert page.context["pull_request"].title.startswith(f"Update “{NAMES[0]}” (ESDC)")
    changed = client.post(reverse("registry_file", args=[due.reference]), {"pasted": ""}).content.decode()
    accepted_by_the_registry(changed)
    assert changed == ore.update_entry(ESDC, due.registry_entry.as_entry())


@pytest.mark.parametrize("place", range(len(NAMES)))
def test_only_the_lines_of_that_entry_change(due, place):
    entry = write_entry(due, NOW, name_en=NAMES[place], updates_existing=True).as_entry()
    changed = ore.update_entry(ESDC, entry)
    accepted_by_the_registry(changed)
    before, after = yaml.safe_load(ESDC)["releases"], yaml.safe_load(changed)["releases"]
    assert len(before) == len(after)
    assert [release for n, release in enumerate(after) if n != place] == [
        release for n, release in enumerate(before) if n != place
    ]
    assert after[place]["description"]["whatItDoes"] == entry["description"]["whatItDoes"]
    assert set(before[place]) <= set(after[place])  # what only the old one said stays
    node = next(v for k, v in yaml.compose(ESDC).value if k.value == "releases").value
    first = node[place].start_mark.line
    last = node[place + 1].start_mark.line if place + 1 < len(node) else len(ESDC.splitlines())
    assert all(first <= number <= last for number in changed_lines(ESDC, changed))
    assert ore.update_entry(changed, entry) == changed


@pytest.mark.parametrize("name", ["Nobody has this", NAMES[0].upper() + " 2"])
def test_what_is_not_there_cannot_be_updated(due, name):
    entry = write_entry(due, NOW, name_en=name).as_entry()
    with pytest.raises(ore.RegistryError, match="no entry named"):
        ore.update_entry(ESDC, entry)


def test_another_spelling_of_a_name_that_is_there_is_refused(due):
    with pytest.raises(Invalid) as wrong:
        write_entry(due, NOW, name_en=NAMES[0].upper(), updates_existing=True)
    assert set(wrong.value.form.errors) == {"name_en"}


def test_a_file_with_tabs_or_two_entries_of_a_name_is_refused(due):
    entry = write_entry(due, NOW).as_entry()
    twice = ore.append_entry(ESDC, entry) + ore.entry_block(entry)
    with pytest.raises(ore.RegistryError, match="two entries"):
        ore.append_entry(twice, {**entry, "name": {"en": "Another", "fr": "Un autre"}})
    with pytest.raises(ore.RegistryError, match="indented with a tab"):
        ore.update_entry(ESDC.replace("  - ", "\t- ", 1), entry)


@pytest.mark.parametrize("name", ["Counter 🚀", "Visits ✅", "Tab\there", "a" * 101, "Slash/slash", "A: B"])
def test_a_name_with_signs_that_the_registry_refuses_is_told_at_its_field(due, name):
    with pytest.raises(Invalid) as wrong:
        write_entry(due, NOW, name_en=name)
    assert "name_en" in wrong.value.form.errors


def test_related_code_partners_and_a_repository_in_french(due):
    entry = write_entry(
        due,
        NOW,
        repository_url_fr="https://gitlab.com/esdc-edsc/visites",
        related_code="Forms | Formulaires : # | https://github.com/example/forms\n\nno | 12345 | https://github.com/example/no",
        partners="tbs-sct | Treasury Board | code@tbs.example",
    ).as_entry()
    assert entry["repositoryURL"]["fr"] == "https://gitlab.com/esdc-edsc/visites"
    assert entry["repositoryURL"]["en"] == due.contract.repository
    changed = ore.append_entry(ESDC, entry)
    accepted_by_the_registry(changed)
    last = yaml.safe_load(changed)["releases"][-1]
    assert last["relatedCode"][0]["name"] == {"en": "Forms", "fr": "Formulaires : #"}
    assert last["relatedCode"][1]["name"] == {"en": "no", "fr": "12345"}
    assert last["partners"] == [
        {"adminCode": "tbs-sct", "email": "code@tbs.example", "name": "Treasury Board"}
    ]


WRONG = [
    ("related_code", "Forms | https://github.com/example/forms"),
    ("related_code", "a | b | c | d"),
    ("related_code", "Forms | Formulaires | not an address"),
    ("partners", "tbs-sct"),
    ("partners", "tbs-sct | Treasury Board | nobody"),
    ("repository_url_fr", "http://localhost/x"),
    ("repository_url_fr", "javascript:alert(1)"),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_wrong_line_is_told_at_its_field(due, field, value):
    with pytest.raises(Invalid) as wrong:
        write_entry(due, NOW, **{field: value})
    assert set(wrong.value.form.errors) == {field}

"""`publiccode.yml` for delivered code: mandatory keys, both languages, and text that stays text."""

import json
from pathlib import Path

import pytest
import yaml
from django.urls import reverse
from jsonschema import Draft202012Validator

from microacq import clock
from opportunities.forms.registry import write_entry
from opportunities.models import Delivery, Opportunity, RegistryEntry
from tests.factories import at
from tests.need import NOW

SCHEMA = json.loads((Path(__file__).parent / "data/publiccode-0.7.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


def fetched(client, opportunity, user) -> dict:
    """The file as this person gets it, valid."""
    client.force_login(user)
    answer = client.get(reverse("publiccode", args=[opportunity.reference]))
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'attachment; filename="publiccode.yml"'
    content = yaml.safe_load(answer.content.decode())
    assert [error.message for error in VALIDATOR.iter_errors(content)] == []
    return content


def test_the_schema_sees_what_is_missing():
    assert len(list(VALIDATOR.iter_errors({"publiccodeYmlVersion": "0.7"}))) == 9


def test_li_commits_a_file_that_tells_what_the_code_is(cast, client):
    opportunity = at("registry", cast, now=NOW)
    content = fetched(client, opportunity, cast.li)
    assert content["name"] == "Count visits to the benefits pages"
    assert (
        content["description"]["fr"]["localisedName"] == "Compter les visites des pages sur les prestations"
    )
    assert content["url"] == opportunity.contract.repository
    assert content["legal"] == {"license": "MIT", "mainCopyrightOwner": "Li Supplier"}
    assert content["softwareVersion"] == "v1.0.0"
    assert opportunity.reference in content["description"]["en"]["longDescription"]
    assert content["maintenance"] == {"type": "none"}


def test_it_follows_the_registry_entry_once_written(cast, client):
    opportunity = at("registry", cast, now=NOW)
    write_entry(opportunity, NOW, name_en="no", name_fr="12345", what_it_does_fr="Compte : # les visites.", contact_name="Amara Client", status="Maintained")  # fmt: skip
    content = fetched(client, opportunity, cast.amara)
    assert (content["name"], content["description"]["fr"]["localisedName"]) == ("no", "12345")
    assert content["description"]["fr"]["shortDescription"] == "Compte : # les visites."
    assert content["maintenance"]["contacts"][0]["name"] == "Amara Client"
    RegistryEntry.objects.update(status="Retired")
    assert fetched(client, opportunity, cast.amara)["developmentStatus"] == "obsolete"


def test_long_and_odd_texts_stay_within_the_rules(cast, client):
    opportunity = at("acceptance", cast, now=NOW)
    Opportunity.objects.update(
        work_en="Line with blanks  \n\n\tindented\n" + "x " * 6000,
        short_description_en="A very long sentence about counting. " * 12,
        deliverables_fr="- Un script : #1\n- Des essais\n2. Une page",
    )
    content = fetched(client, opportunity, cast.tess)
    assert content["description"]["fr"]["features"] == ["Un script : #1", "Des essais", "Une page"]
    assert len(content["description"]["en"]["shortDescription"]) <= 150


def test_a_commit_is_no_version(cast, client):
    opportunity = at("work", cast, now=NOW)
    Delivery.objects.create(opportunity=opportunity, number=1, url=opportunity.contract.repository, revision="0f3a9c1d", licence="MIT", delivered_by=cast.li, delivered_at=NOW)  # fmt: skip
    assert "softwareVersion" not in fetched(client, opportunity, cast.li)


def test_it_is_for_the_two_sides_and_the_team_once_there_is_a_repository(cast, client):
    opportunity = at("work", cast, now=NOW)
    address = reverse("publiccode", args=[opportunity.reference])
    assert client.get(address).status_code == 302
    for user, status in (
        (cast.li, 200),
        (cast.amara, 200),
        (cast.tess, 200),
        (cast.sam, 404),
        (cast.mona, 404),
    ):
        client.force_login(user)
        assert client.get(address).status_code == status, user
    before = at("posted", cast, now=NOW)
    client.force_login(cast.tess)
    assert client.get(reverse("publiccode", args=[before.reference])).status_code == 404

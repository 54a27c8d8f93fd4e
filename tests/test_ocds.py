"""Open contracting data: valid against the standard's own schema, appended to and never changed, and nothing sealed in it."""

import csv
import functools
import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from jsonschema import Draft4Validator
from referencing import Registry, Resource

from microacq import clock
from opportunities.actions import act
from opportunities.models import Opportunity, Question
from opportunities.publishing import ocds
from tests.factories import at, journey
from tests.need import NOW

DATA = ocds.parts.__file__.rpartition("/")[0] + "/data/ocds/"
DAY = timedelta(days=1)


def loaded(name: str) -> dict:
    with open(DATA + name, encoding="utf-8") as file:
        return json.load(file)


def codes(name: str) -> set[str]:
    with open(f"{DATA}codelists/{name}.csv", encoding="utf-8") as file:
        return {row["Code"] for row in csv.DictReader(file)}


@functools.cache
def validator() -> Draft4Validator:
    schemas = [loaded(name) for name in ("release-schema.json", "versioned-release-validation-schema.json")]
    registry = Registry().with_resources((schema["id"], Resource.from_contents(schema)) for schema in schemas)
    return Draft4Validator(
        loaded("release-package-schema.json"),
        registry=registry,
        format_checker=Draft4Validator.FORMAT_CHECKER,
    )


def unknown_fields(value, schema: dict, whole: dict, where: str = "") -> list[str]:
    """Fields that the standard does not have, French twins that it does not allow among them."""
    while "$ref" in schema:
        schema = whole["definitions"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        return [f for row in value for f in unknown_fields(row, schema.get("items", {}), whole, where)]
    if not isinstance(value, dict):
        return []
    found, patterns = [], schema.get("patternProperties", {})
    for name, part in value.items():
        if name in schema.get("properties", {}):
            found += unknown_fields(part, schema["properties"][name], whole, f"{where}/{name}")
        elif not any(re.search(pattern, name) for pattern in patterns):
            found.append(f"{where}/{name}")
    return found


def check(package: dict) -> list[dict]:
    """Everything that can be wrong with a package; gives its releases."""
    assert [f"{list(e.absolute_path)}: {e.message}" for e in validator().iter_errors(package)] == []
    schema = loaded("release-schema.json")
    for release in package["releases"]:
        assert unknown_fields(release, schema, schema) == []
        assert set(release["tag"]) <= codes("releaseTag")
        assert release["initiationType"] in codes("initiationType")
        tender = release.get("tender", {})
        assert tender.get("status", "active") in codes("tenderStatus")
        assert tender.get("procurementMethod", "open") in codes("method")
        assert set(tender.get("submissionMethod", [])) <= codes("submissionMethod")
        assert {a["status"] for a in release.get("awards", [])} <= codes("awardStatus")
        assert {c["status"] for c in release.get("contracts", [])} <= codes("contractStatus")
        done = [c.get("implementation", {}) for c in release.get("contracts", [])]
        assert {m["status"] for part in done for m in part.get("milestones", [])} <= codes("milestoneStatus")
        documents = tender.get("documents", []) + [
            d for a in release.get("awards", []) for d in a.get("documents", [])
        ]
        assert {d["documentType"] for d in documents} <= codes("documentType")
        parties = {party["id"]: set(party["roles"]) for party in release["parties"]}
        assert set().union(*parties.values()) <= codes("partyRole")
        named = [release["buyer"], *[s for a in release.get("awards", []) for s in a["suppliers"]]]
        assert {reference["id"] for reference in named} <= set(parties)
    ids = [release["id"] for release in package["releases"]]
    assert len(ids) == len(set(ids))
    return package["releases"]


def tags(releases: list[dict]) -> list[str]:
    return ["+".join(release["tag"]) for release in releases]


def fetched(client, opportunity, language: str = "en") -> list[dict]:
    prefix = {"en": "opportunities", "fr": "opportunites"}[language]
    answer = client.get(f"/{language}/{prefix}/{opportunity.reference}/ocds.json")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    return check(json.loads(answer.content))


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


def test_these_checks_see_what_is_wrong(cast):
    opportunity = ocds.published().get(pk=at("posted", cast, now=NOW).pk)
    good = ocds.package(opportunity, NOW)
    for field, value in (("date", "2027-01-15"), ("tag", ["amended"]), ("buyer", {"id": "nobody"})):
        bad = good | {"releases": [good["releases"][0] | {field: value}]}
        with pytest.raises(AssertionError):
            check(bad)
    for field, value in (
        ("procurementMethodDetails_fr", "x"),
        ("status", "closed"),
        ("submissionMethod", ["online"]),
    ):
        tender = good["releases"][0]["tender"] | {field: value}
        with pytest.raises(AssertionError):
            check(good | {"releases": [good["releases"][0] | {"tender": tender}]})


def test_a_completed_opportunity_tells_its_whole_story_and_is_valid(cast, client):
    opportunity = at("complete", cast, now=NOW)
    releases = fetched(client, opportunity)
    assert tags(releases) == [
        "tender",
        "tenderUpdate",
        "award+contract",
        "implementation",
        "implementation",
        "contractTermination",
    ]
    first, closing, award, delivery, registry, end = releases
    assert {release["ocid"] for release in releases} == {f"ocds-000000-{opportunity.reference}"}
    assert first["tender"]["title"] == "Count visits to the benefits pages"
    assert first["tender"]["title_fr"] == "Compter les visites des pages sur les prestations"
    assert first["tender"]["value"] == {"amount": 6500.0, "currency": "CAD"}
    assert "numberOfTenderers" not in first["tender"]
    assert closing["tender"]["numberOfTenderers"] == 2
    assert award["awards"][0]["suppliers"] == [
        {"id": f"{opportunity.reference}-supplier", "name": "Li Supplier"}
    ]
    assert award["tender"]["status"] == "complete"
    done = delivery["contracts"][0]["implementation"]
    assert done["milestones"][0]["status"] == "met"
    assert done["documents"][0]["url"].startswith("https://gitlab.com/")
    assert registry["contracts"][0]["implementation"]["documents"][0]["url"].startswith("https://github.com/")
    assert end["contracts"][0]["status"] == "terminated"


def test_every_state_that_was_posted_gives_a_valid_package_and_the_bulk_one_holds_them_all(cast, client):
    ends = {
        "posted": "tender",
        "cancelled": "tenderCancellation",
        "evaluation": "tenderUpdate",
        "no_award": "tenderUpdate",
        "drawing": "tenderUpdate",
        "work": "award+contract",
        "terminated": "contractTermination",
    }
    made = {state: at(state, cast, now=NOW) for state in ends}
    at("reserved", cast, now=NOW)
    for state, opportunity in made.items():
        assert tags(fetched(client, opportunity))[-1] == ends[state], state
    assert fetched(client, made["cancelled"])[-1]["tender"]["status"] == "cancelled"
    assert fetched(client, made["no_award"])[-1]["tender"]["status"] == "unsuccessful"
    answer = client.get(reverse("opportunities_ocds"))
    assert answer.streaming
    package = json.loads(b"".join(answer.streaming_content))
    releases = check(package)
    assert {release["ocid"] for release in releases} == {ocds.ocid(o) for o in made.values()}
    alone = [
        release
        for o in sorted(made.values(), key=lambda o: (o.posted_at, o.pk))
        for release in fetched(client, o)
    ]
    assert releases == alone


def test_releases_are_appended_and_an_earlier_one_never_changes(cast, frozen):
    trip = journey(cast, now=NOW, state="complete")
    seen: list[dict] = []
    for moment, do in trip.plan("complete"):
        frozen.move_to(moment)
        do()
        found = (
            ocds.published().filter(pk=trip.opportunity.pk).first() if hasattr(trip, "opportunity") else None
        )
        if found:
            now = ocds.releases(found, moment)
            assert now[: len(seen)] == seen
            seen = now
    assert len(seen) == 6


def test_amendments_extensions_and_answers_are_releases_with_what_was_posted_then(cast, client, frozen):
    opportunity = at("posted", cast, now=NOW)
    before = fetched(client, opportunity)
    assert tags(before) == ["tender"]
    reasons = {"reason_en": "Clearer.", "reason_fr": "Plus clair."}
    criterion = opportunity.evaluation_criteria.get()
    act(
        "amend",
        opportunity,
        cast.tess,
        now=NOW,
        data={"title_en": "Count all visits", f"evaluation_{criterion.pk}_en": "Show Python.", **reasons},
    )
    opportunity.refresh_from_db()
    later = opportunity.closing_at + 7 * DAY
    moved = {
        "selection_date": opportunity.selection_date + 7 * DAY,
        "delivery_date": opportunity.delivery_date + 7 * DAY,
    }
    local = later.astimezone(clock.EASTERN)
    data = {"closing_at_0": local.date().isoformat(), "closing_at_1": f"{local:%H:%M}"}
    dates = {name: day.isoformat() for name, day in moved.items()}
    act(
        "extend_closing",
        opportunity,
        cast.tess,
        now=NOW + timedelta(minutes=1),
        data={**data, **dates, **reasons},
    )
    Question.objects.create(
        opportunity=opportunity, asker=cast.noor, asked_at=NOW, text="SECRET asker words", public_question_en="Which log?", answer_en="All.",
        published_at=NOW + timedelta(minutes=2),
    )  # fmt: skip
    frozen.move_to(NOW + timedelta(minutes=3))
    Opportunity.objects.filter(pk=opportunity.pk).update(modified_at=clock.now())
    after = fetched(client, opportunity)
    assert after[:1] == before
    assert tags(after) == ["tender", "tenderUpdate", "tenderUpdate", "tenderUpdate"]
    first, amended, extended, answers = (release["tender"] for release in after)
    assert first["title"] == "Count visits to the benefits pages"
    assert amended["title"] == "Count all visits"
    assert (
        "Show Python." in amended["awardCriteriaDetails"]
        and "Show Python." not in first["awardCriteriaDetails"]
    )
    assert amended["amendments"][0]["rationale_fr"] == "Plus clair."
    assert amended["tenderPeriod"] == first["tenderPeriod"] != extended["tenderPeriod"]
    assert answers["hasEnquiries"] is True
    assert "SECRET" not in json.dumps(after)


def test_nothing_sealed_is_in_it(cast, client):
    """What suppliers wrote, who they are, what was marked, and how many applied before closing."""
    posted = at("posted", cast, now=NOW, suppliers=[cast.li, cast.sam, cast.noor])
    for supplier in (cast.li, cast.sam):
        supplier.applications.filter(opportunity=posted).update(business_name="SEALED Studio")
    closed = at("review", cast, now=NOW)
    for opportunity in (posted, closed):
        opportunity.applications.update(legal_name="SEALED Name", business_name="SEALED Studio")
        opportunity.events.first()
        text = json.dumps(fetched(client, opportunity))
        for sealed in ("SEALED", "@studio.example", cast.amara.name, cast.mona.name, "hrsdc", "receipt"):
            assert sealed not in text
    assert "numberOfTenderers" not in json.dumps(fetched(client, posted))
    assert "supplier" not in json.dumps(fetched(client, closed)[-1]["parties"])


@pytest.mark.parametrize("state", ["draft", "reserved"])
def test_what_was_never_posted_is_not_found(cast, client, state):
    opportunity = at(state, cast, now=NOW)
    assert client.get(reverse("opportunity_ocds", args=[opportunity.reference])).status_code == 404
    assert client.get(reverse("opportunities_ocds")).status_code == 404


def test_a_second_chance_names_the_first_and_the_prefix_is_a_setting(cast, client, settings):
    settings.OCID_PREFIX = "ocds-abc123"
    first = at("no_award", cast, now=NOW - 90 * DAY)
    again = at("posted", cast, now=NOW)
    Opportunity.objects.filter(pk=again.pk).update(rerun_of=first)
    follows = fetched(client, again, "fr")[0]["relatedProcesses"][0]
    assert follows["identifier"] == f"ocds-abc123-{first.reference}"


def test_the_same_number_of_queries_for_one_opportunity_and_for_three(
    cast, client, django_assert_max_num_queries, django_assert_num_queries
):
    at("complete", cast, now=NOW)
    with django_assert_max_num_queries(14) as first:
        b"".join(client.get(reverse("opportunities_ocds")).streaming_content)
    at("complete", cast, now=NOW, suppliers=[cast.noor])
    at("terminated", cast, now=NOW, suppliers=[cast.kim])
    with django_assert_num_queries(len(first)):
        b"".join(client.get(reverse("opportunities_ocds")).streaming_content)

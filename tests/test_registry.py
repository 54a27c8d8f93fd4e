"""Step 9: the registry entry, ESDC's file with the entry appended, the pull request, and complete."""

import pytest
import yamale
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override
from yamllint import linter
from yamllint.config import YamlLintConfig

from microacq import clock
from opportunities.actions import Invalid
from opportunities.forms.registry import EntryForm, built_in_file, shortened, write_entry
from opportunities.lifecycle import Refused
from opportunities.models import RegistryEntry
from opportunities.publishing import ore
from tests.deal import DAY, do
from tests.factories import at
from tests.need import NOW

ESDC = built_in_file()
SCHEMA = yamale.make_schema(ore.DATA / "schemaCode.yaml")
LINT = YamlLintConfig(file=str(ore.DATA / ".yamllint.yaml"))
PULL_REQUEST = "https://github.com/canada-ca/ore-ero/pull/1234"


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


@pytest.fixture
def due(cast):
    """The registry entry is due."""
    return at("registry", cast)


@pytest.fixture
def written(due):
    write_entry(due, NOW)
    due.refresh_from_db()
    return due


def typed(opportunity, **changes) -> dict:
    """What the form of the entry would post, as it is pre-filled, with changes."""
    form = EntryForm(opportunity=opportunity, now=NOW)
    data = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (data | changes).items() if value is not None} | {
        "version": opportunity.version
    }


def accepted_by_the_registry(text: str) -> None:
    yamale.validate(SCHEMA, yamale.make_data(content=text))
    assert [str(problem) for problem in linter.run(text, LINT)] == []


# the entry


def test_the_entry_starts_from_the_opportunity(due, cast, client, settings):
    settings.CONTACT_EMAIL = "micro@hrsdc-rhdcc.gc.ca"
    form = EntryForm(opportunity=due, now=NOW)
    value = {name: form[name].value() for name in form.fields}
    assert (value["name_en"], value["name_fr"]) == (
        "Count visits to the benefits pages",
        "Compter les visites des pages sur les prestations",
    )
    assert value["what_it_does_fr"] == "Écrire un script qui compte les visites des pages."
    assert value["tags_fr"].splitlines() == ["Python", "Statistique"]
    assert (value["licence"], value["category"], value["contact_email"]) == (
        "MIT",
        "43232400",
        "micro@hrsdc-rhdcc.gc.ca",
    )
    assert value["repository_url"] == due.contract.repository
    assert value["licence_url"] == f"{due.contract.repository}/-/blob/HEAD/LICENSE"
    client.force_login(cast.amara)
    assert client.get(reverse("registry_entry", args=[due.reference])).status_code == 200


def test_amara_saves_the_entry_and_the_registry_would_take_it(due, cast, client):
    client.force_login(cast.amara)
    before = due.version
    answer = client.post(
        reverse("registry_entry", args=[due.reference]), typed(due, tags_en="Web\nVisits", languages="Python")
    )
    assert answer.url == reverse("registry_file", args=[due.reference])
    due.refresh_from_db()
    entry = due.registry_entry
    assert (entry.problems(), entry.tags_en, due.version) == ([], "Web\nVisits", before + 1)
    accepted_by_the_registry(ore.append_entry(ESDC, entry.as_entry()))


WRONG = [
    ({"name_en": "A tool 🎉"}, {"name_en"}),
    ({"name_fr": "x" * 101}, {"name_fr"}),
    ({"name_fr": ""}, {"name_fr"}),
    ({"name_en": "DECD Design System"}, {"name_en", "updates_existing"}),  # already in ESDC's file
    ({"name_en": "decd design, system"}, {"name_en"}),  # the same page's address
    ({"what_it_does_en": "x" * 201}, {"what_it_does_en"}),
    ({"what_it_does_fr": ""}, {"what_it_does_fr"}),
    ({"category": "99999999"}, {"category"}),
    ({"licence": "GPL-2.0"}, {"licence"}),
    ({"licence": "Proprietary"}, {"licence"}),
    ({"licence_url": "javascript:alert(1)"}, {"licence_url"}),
    ({"repository_url": "https://localhost/x"}, {"repository_url"}),
    ({"repository_url": "https://10.1.2.3/x"}, {"repository_url"}),
    ({"tags_fr": " \n "}, {"tags_fr"}),
    ({"tags_en": "x" * 300}, {"tags_en"}),
    ({"contact_email": "nobody"}, {"contact_email"}),
    ({"contact_name": "4111 1111 1111 1111"}, {"contact_name"}),
    ({"status": "Finished"}, {"status"}),
    ({"created_on": "2999-01-01"}, {"created_on"}),
    ({"updated_on": "2999-01-01"}, {"updated_on"}),
]


def test_each_rule_of_the_registry_is_told_at_its_field(due, cast, client):
    client.force_login(cast.tess)
    for changes, fields in WRONG:
        answer = client.post(reverse("registry_entry", args=[due.reference]), typed(due, **changes))
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == fields, changes
    assert not RegistryEntry.objects.exists()


def test_a_name_that_yaml_could_take_for_something_else_stays_text(due):
    for name in ("no", "007", "1e3", "null", "2027-01-12", "0x1F", "yes", "12.5"):
        entry = write_entry(due, NOW, name_en=name, name_fr=name, tags_en=name, languages=name)
        text = ore.append_entry(ESDC, entry.as_entry())
        release = yaml.safe_load(text)["releases"][-1]
        assert release["name"] == {"en": name, "fr": name}
        assert (release["tags"]["en"], release["languages"]) == ([name], [name])
        accepted_by_the_registry(text)
        due.refresh_from_db()


def test_french_words_with_yaml_signs_come_back_as_they_were(due):
    said = "Ce script compte : les visites # des pages, « sans » témoins - et l'écrit."
    entry = write_entry(due, NOW, what_it_does_fr=said, tags_fr="- tiret\noui: non\n#mot\n'guillemet")
    text = ore.append_entry(ESDC, entry.as_entry())
    release = yaml.safe_load(text)["releases"][-1]
    assert release["description"]["whatItDoes"]["fr"] == said
    assert release["tags"]["fr"] == ["- tiret", "oui: non", "#mot", "'guillemet"]
    accepted_by_the_registry(text)


def test_a_long_description_is_shortened_at_a_sentence_or_a_word():
    assert shortened("Short.") == "Short."
    assert shortened("One sentence. " + "word " * 60) == "One sentence."
    cut = shortened("word " * 60)
    assert len(cut) <= 200
    assert cut.endswith("word…")


def test_a_stale_page_of_the_entry_changes_nothing_and_keeps_what_was_typed(due, cast, client):
    client.force_login(cast.amara)
    answer = client.post(
        reverse("registry_entry", args=[due.reference]),
        typed(due, name_en="My own words") | {"version": due.version - 1},
    )
    assert answer.status_code == 409
    assert "My own words" in answer.content.decode()
    assert not RegistryEntry.objects.exists()


def test_the_entry_is_written_by_the_client_and_the_team_when_it_is_due(due, cast, client):
    address = reverse("registry_entry", args=[due.reference])
    for user in (cast.li, cast.sam, cast.mona, cast.fin, cast.bo):
        client.force_login(user)
        assert client.get(address).status_code == 409
        assert client.post(address, typed(due)).status_code == 409
    assert not RegistryEntry.objects.exists()
    client.logout()
    assert client.get(address).status_code == 302
    early = at("work", cast)
    client.force_login(cast.amara)
    assert client.get(reverse("registry_entry", args=[early.reference])).status_code == 409


# the file


def test_the_block_and_the_words_of_the_pull_request_are_ready_in_both_languages(written, cast, client):
    client.force_login(cast.tess)
    page = client.get(reverse("registry_file", args=[written.reference]))
    words = page.context["pull_request"]
    assert "whatItDoes:" in page.content.decode()
    assert words.branch == "esdc-edsc-count-visits-to-the-benefits-pages"
    assert "Count visits" in words.title
    assert "Compter les visites" in words.title
    assert f"/en/opportunities/{written.reference}/" in words.text
    assert "/fr/" in words.text
    block = client.get(reverse("registry_block", args=[written.reference]))
    assert block.content.decode() == ore.entry_block(written.registry_entry.as_entry())
    assert "attachment" in block["Content-Disposition"]


def given(client, opportunity, **data):
    return client.post(reverse("registry_file", args=[opportunity.reference]), data)


def test_the_file_comes_back_with_the_block_and_every_other_byte_as_it_was(written, cast, client):
    client.force_login(cast.tess)
    block = ore.entry_block(written.registry_entry.as_entry()).encode()
    fresher = ESDC.replace("Gigi Chang", "Gigi  Chang # été")
    for data, wanted in (
        ({}, ESDC),
        ({"upload": SimpleUploadedFile("esdc-edsc.yml", fresher.encode())}, fresher),
        ({"pasted": fresher.replace("\n", "\r\n")}, fresher),  # as browsers send it
    ):
        answer = given(client, written, **data)
        assert answer.status_code == 200
        assert answer["Content-Disposition"] == 'attachment; filename="esdc-edsc.yml"'
        assert answer.content == wanted.encode() + block


BOMB = "adminCode: esdc-edsc\na: &a [x]\nb: &b [*a, *a]\nreleases:\n  - name: {en: x, fr: x}\n"
BAD_FILES = [
    ESDC.replace("  - contact", "\t- contact", 1).encode(),
    ESDC.replace("\n", "\r\n").encode(),
    ESDC.replace("adminCode: esdc-edsc", "adminCode: cra-arc").encode(),
    b"just text",
    b"releases: [\n",
    "é".encode("latin-1"),
    b"\x00\x01",
    BOMB.encode(),
    b"a" * 300_001,
]


def test_a_file_that_cannot_be_added_to_gets_a_sentence(written, cast, client):
    client.force_login(cast.tess)
    duplicate = ore.append_entry(ESDC, written.registry_entry.as_entry()).encode()
    for content in [*BAD_FILES, duplicate]:
        answer = given(client, written, upload=SimpleUploadedFile("esdc-edsc.yml", content))
        assert answer.status_code == 422, content[:40]
        assert set(answer.context["form"].errors) == {"upload"}
    both = given(client, written, upload=SimpleUploadedFile("a.yml", ESDC.encode()), pasted=ESDC)
    assert both.status_code == 422
    assert given(client, written, pasted="\tnot: yaml").status_code == 422


def test_the_files_are_for_the_client_and_the_team(written, cast, client):
    for name in ("registry_file", "registry_block"):
        address = reverse(name, args=[written.reference])
        for user, status in (
            (cast.amara, 200),
            (cast.tess, 200),
            (cast.li, 404),
            (cast.sam, 404),
            (cast.fin, 404),
        ):
            client.force_login(user)
            assert client.get(address).status_code == status, user
        client.logout()
        assert client.get(address).status_code == 302


# the pull request, and complete


def test_the_pull_request_is_recorded_then_confirmed_as_merged(written, cast, client):
    with pytest.raises(Refused, match="pull request first"):
        do("complete", written, cast.tess, merged_on=NOW.date().isoformat(), merged="on")
    event = do("record_pull_request", written, cast.amara, pull_request_url=PULL_REQUEST)
    assert (event.data, written.state) == ({"pull_request": PULL_REQUEST}, "registry")
    for wrong in (
        {"merged_on": (NOW.date() + DAY).isoformat(), "merged": "on"},
        {"merged_on": NOW.date().isoformat()},
        {"merged_on": "2020-01-01", "merged": "on"},
    ):
        with pytest.raises(Invalid):
            do("complete", written, cast.tess, **wrong)
    for by in (cast.amara, cast.li, cast.mona):
        with pytest.raises(Refused):
            do("complete", written, by, merged_on=NOW.date().isoformat(), merged="on")
    do("complete", written, cast.tess, merged_on=NOW.date().isoformat(), merged="on")
    assert (written.state, written.registry_entry.merged_on) == ("complete", NOW.date())
    client.force_login(cast.li)
    page = client.get(reverse("workspace_opportunity", args=[written.reference])).content.decode()
    assert PULL_REQUEST in page
    client.force_login(cast.amara)
    assert client.get(reverse("registry_entry", args=[written.reference])).status_code == 409
    assert client.get(reverse("registry_file", args=[written.reference])).status_code == 200


NO_PULL_REQUESTS = """
https://github.com/canada-ca/ore-ero
https://github.com/canada-ca/ore-ero/issues/4
http://github.com/a/b/pull/1
javascript:alert(1)
https://localhost/a/b/pull/1
""".split()


def test_what_is_no_pull_request_is_refused(written, cast):
    for address in (*NO_PULL_REQUESTS, ""):
        with pytest.raises(Invalid) as wrong:
            do("record_pull_request", written, cast.tess, pull_request_url=address)
        assert set(wrong.value.form.errors) == {"pull_request_url"}


def test_a_pull_request_needs_an_entry_first(due, cast):
    with pytest.raises(Refused, match="entry first"):
        do("record_pull_request", due, cast.tess, pull_request_url=PULL_REQUEST)


def test_every_page_of_step_nine_opens_in_french(written, cast, client):
    client.force_login(cast.tom)
    with override("fr"):
        for name in ("registry_entry", "registry_file", "record_pull_request", "workspace_opportunity"):
            assert client.get(reverse(name, args=[written.reference])).status_code == 200, name
        do("record_pull_request", written, cast.tom, pull_request_url=PULL_REQUEST)
        assert client.get(reverse("complete", args=[written.reference])).status_code == 200

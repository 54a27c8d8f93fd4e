"""Entries of the Open Resource Exchange, checked by the registry's own tools: Yamale's schema and yamllint."""

import copy
import datetime as dt
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yamale
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from yamllint import linter
from yamllint.config import YamlLintConfig

from opportunities.publishing import ore
from opportunities.publishing.ore import RegistryError, append_entry, entry_block, problems

ESDC = (ore.DATA / "esdc-edsc.yml").read_text(encoding="utf-8")
SCHEMA = yamale.make_schema(ore.DATA / "schemaCode.yaml")
LINT = YamlLintConfig(file=str(ore.DATA / ".yamllint.yaml"))

ENTRY = {
    "contact": {"email": "team@hrsdc-rhdcc.gc.ca", "name": "Équipe de l’acquisition"},
    "date": {"created": "2023-09-01", "metadataLastUpdated": "2023-10-02"},
    "description": {
        "whatItDoes": {
            "en": "Scripts that set policies: which Azure offerings may be installed # and which may not",
            "fr": "Scripts qui établissent des politiques : l’installation d’offres d’Azure « permises » ou non",
        },
        "howItWorks": {"en": "no", "fr": "1e3"},
    },
    "category": "43232400",
    "name": {"en": "Azure marketplace policies", "fr": "Politiques pour Azure Marketplace (marché d'Azure)"},
    "licences": [
        {
            "URL": {
                "en": "https://github.com/example/azure/blob/main/LICENSE",
                "fr": "https://github.com/example/azure/blob/main/LICENSE",
            },
            "spdxID": "MIT",
            "level": {"en": "Main license", "fr": "License principale"},
        }
    ],
    "repositoryURL": {"en": "https://github.com/example/azure", "fr": "https://github.com/example/azure"},
    "tags": {"en": ["Azure", "007", "yes", "y"], "fr": ["Azure", "~", "oui: non", "- tiret"]},
    "languages": ["PowerShell", "C#"],
    "status": "Maintained",
}


def entry(**changes):
    made = copy.deepcopy(ENTRY)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = made
        for name in parents:
            place = place[int(name)] if name.isdigit() else place[name]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return made


def lint(text: str) -> list[str]:
    return [str(problem) for problem in linter.run(text, LINT)]


def validate(text: str) -> None:
    yamale.validate(SCHEMA, yamale.make_data(content=text))


# --- a good entry


def test_a_good_entry_has_no_problems():
    assert problems(ENTRY) == []


def test_the_registrys_own_file_passes_the_tools_here():
    validate(ESDC)
    assert lint(ESDC) == []
    assert [problems(release) for release in yaml.safe_load(ESDC)["releases"]] == [[], [], [], []]


def test_the_entry_is_appended_and_the_rest_is_left_alone():
    text = append_entry(ESDC, ENTRY)
    assert text.startswith(ESDC)
    assert text == ESDC + entry_block(ENTRY)
    assert yaml.safe_load(text)["releases"][-1] == ENTRY
    validate(text)
    assert lint(text) == []


def test_the_registrys_own_commands_pass_on_the_result(tmp_path):
    data = tmp_path / "_data"
    code = data / "code" / "federal"
    code.mkdir(parents=True)
    shutil.copy(ore.DATA / "schemaCode.yaml", data)
    shutil.copy(ore.DATA / ".yamllint.yaml", tmp_path)
    (code / "esdc-edsc.yml").write_text(append_entry(ESDC, ENTRY), encoding="utf-8")
    for where, command in (
        (data, ["yamale", "-s", "schemaCode.yaml", "code"]),
        (tmp_path, ["yamllint", "--strict", "."]),
    ):
        tool = Path(sys.executable).parent / command[0]
        done = subprocess.run([tool, *command[1:]], cwd=where, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_fields_come_in_the_order_of_the_form_and_empty_ones_are_left_out():
    shuffled = dict(reversed(entry(team={}, partners=[], downloadURL={"en": "", "fr": ""}).items()))
    assert list(yaml.safe_load("releases:\n" + entry_block(shuffled))["releases"][0]) == list(ENTRY)
    assert entry_block(shuffled) == entry_block(ENTRY)


def test_dates_may_be_dates_and_are_quoted():
    made = entry(date={"created": dt.date(2023, 9, 1), "metadataLastUpdated": dt.date(2023, 10, 2)})
    assert problems(made) == []
    assert entry_block(made) == entry_block(ENTRY)
    assert "created: '2023-09-01'" in entry_block(made)
    assert "category: '43232400'" in entry_block(made)


@pytest.mark.parametrize(
    "word",
    [
        "no",
        "Yes",
        "y",
        "N",
        "on",
        "null",
        "~",
        "1",
        "1.0",
        "1e3",
        "0o17",
        "0x1F",
        "12:30",
        "2023-09-01",
        ".inf",
        "=",
        "<<",
    ]
    + [
        "a: b",
        "a #b",
        "#a",
        "- a",
        "-",
        "? a",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a`",
        "|",
        ">",
        "{a}",
        "[a]",
        "a,b",
        "'a",
        '"a"',
    ]
    + [
        " a",
        "a ",
        "a  b",
        "« é » à l’œuvre",
        "a\u00a0: b",
        "\ufeffa",
        "été\u2028hiver",
        "a\tb",
        "😀",
        "a\\b",
        "x" * 300,
    ],
)
def test_text_stays_text_whatever_it_looks_like(word):
    made = entry(tags={"en": [word], "fr": [word]}, contact__name=word)
    text = ESDC + entry_block(made)
    read = yaml.safe_load(text)["releases"][-1]
    assert read["tags"] == {"en": [word], "fr": [word]}
    assert read["contact"]["name"] == word
    validate(text)
    assert lint(text) == []


@settings(max_examples=150, deadline=None)
@given(
    st.text(min_size=1, max_size=120),
    st.text(st.sampled_from(" -:#'\"\\\n\t?,[]{}&*!|>%@`~aé1«"), min_size=1),
)
def test_any_text_survives(one, other):
    made = entry(description__whatItDoes={"en": one, "fr": other}, tags={"en": [other], "fr": [one]})
    text = ESDC + entry_block(made)
    read = yaml.safe_load(text)["releases"][-1]
    assert read["description"]["whatItDoes"] == {"en": one, "fr": other}
    assert read["tags"] == {"en": [other], "fr": [one]}
    assert lint(text) == []


# --- the file


def refusal(text: str, made=ENTRY, **options) -> str:
    with pytest.raises(RegistryError) as caught:
        append_entry(text, made, **options)
    assert str(caught.value).endswith(".")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ESDC.replace("\n", "\r\n"), "Windows line endings"),
        (ESDC.replace("      email:", "\temail:", 1), "tab on line 6"),
        (ESDC.replace("releases:", "items:"), "no “releases:”"),
        (ESDC.replace("adminCode: esdc-edsc", "adminCode: fin"), "“fin”"),
        (ESDC.replace("adminCode: esdc-edsc\n", ""), "adminCode"),
        (ESDC + "releases:\n", "twice"),
        (ESDC.replace("email: calvin", "email: 'calvin", 1), "not valid YAML: line"),
        (ESDC + "---\nadminCode: esdc-edsc\n", "not valid YAML"),
        ("", "no “releases:”"),
        ("- a\n", "no “releases:”"),
        ("adminCode: esdc-edsc\nreleases: {a: b}\n", "not a list"),
        ("adminCode: esdc-edsc\nreleases: []\n", "not a list"),
        ("adminCode: esdc-edsc\nreleases: text\n", "not a list"),
        (ESDC + "...\n", "without changing the rest"),
    ],
)
def test_a_file_that_cannot_be_added_to_is_refused(text, words):
    assert words in refusal(text)


def test_another_administration_has_its_own_code():
    text = ESDC.replace("adminCode: esdc-edsc", "adminCode: fin")
    assert append_entry(text, ENTRY, admin_code="fin").startswith(text)


@pytest.mark.parametrize(
    "name", ["AppHub", "apphub", "CDTS", "DECD  Design-System", "Net Code Coverage Demo"]
)
def test_a_name_that_is_there_or_makes_the_same_address_is_refused(name):
    assert "already has an entry" in refusal(ESDC, entry(name={"en": name, "fr": "Tout autre"}))


def test_an_entry_is_not_added_twice():
    assert "already has an entry" in refusal(append_entry(ESDC, ENTRY))


def test_an_entry_with_problems_is_not_added():
    assert "no category" in refusal(ESDC, entry(category="1"))


def test_a_file_without_entries_or_final_line_feed():
    text = append_entry("schemaVersion: '1.0'\nadminCode: esdc-edsc\nreleases:", ENTRY)
    validate(text)
    assert lint(text) == []


def test_releases_need_not_come_last():
    first, last = ESDC.removeprefix("---\n").split("releases:\n")
    text = f"releases:\n{last}# who it is\n{first}"
    made = append_entry(text, ENTRY)
    assert made == f"releases:\n{last}{entry_block(ENTRY)}# who it is\n{first}"
    validate(made)


def test_entries_that_are_not_indented_get_one_beside_them():
    text = ESDC.replace("\n  ", "\n")
    made = append_entry(text, ENTRY)
    assert made.startswith(text)
    assert len(yaml.safe_load(made)["releases"]) == 5


# --- the rules


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"contact": None}, "“contact” is missing"),
        ({"contact__email": None}, "“contact.email” is missing"),
        ({"contact__email": "nobody"}, "email address"),
        ({"contact__name": 5}, "“contact.name” must be text"),
        ({"date__created": "1 May 2023"}, "“date.created” must be a date"),
        ({"date__created": "20230901"}, "“date.created” must be a date"),
        ({"date__metadataLastUpdated": None}, "“date.metadataLastUpdated” is missing"),
        ({"description__whatItDoes__fr": ""}, "“description.whatItDoes.fr” is missing or empty"),
        ({"description__whatItDoes__fr": "  "}, "“description.whatItDoes.fr” is missing or empty"),
        ({"description__whatItDoes__en": "x" * 201}, "201 characters; at most 200"),
        ({"description__howItWorks__fr": "x" * 201}, "201 characters; at most 200"),
        ({"description__howItWorks": {"en": "so"}}, "“description.howItWorks.fr” is missing"),
        ({"description__whatItDoes__en": "two\nlines"}, "one line"),
        ({"category": "43232401"}, "no category “43232401”"),
        ({"category": 43232400}, "no category"),
        ({"name__en": "x" * 101}, "101 characters; at most 100"),
        ({"name__en": "Policies: Azure"}, "“name.en” may not hold :"),
        ({"name__fr": "Politiques d’Azure"}, "“name.fr” may not hold ’"),
        ({"name__fr": None}, "“name.fr” is missing"),
        ({"licences": []}, "“licences” is missing or empty"),
        ({"licences__0__spdxID": "XYZ-1.0"}, "“XYZ-1.0” is not the SPDX identifier"),
        ({"licences__0__spdxID": "GPL-3.0"}, "“GPL-3.0” is not"),
        ({"licences__0__spdxID": "CC-BY-NC-4.0"}, "“CC-BY-NC-4.0” is not"),
        ({"licences__0__spdxID": ["MIT"]}, "is not the SPDX identifier"),
        ({"licences__0__URL__fr": ""}, "“licences[1].URL.fr” is missing"),
        ({"licences__0__level": {"en": "Main licence", "fr": "Licence principale"}}, "spelled this way"),
        ({"repositoryURL__en": "github.com/example"}, "“repositoryURL.en” must be a web address"),
        ({"repositoryURL__fr": "javascript:alert(1)"}, "must be a web address"),
        ({"repositoryURL": "https://github.com/x"}, "“repositoryURL” must have parts"),
        ({"tags__fr": []}, "“tags.fr” is missing or empty"),
        ({"tags__fr": [""]}, "“tags.fr[1]” is missing or empty"),
        ({"tags__en": "Azure"}, "“tags.en” must be a list"),
        ({"languages": ["Go", 5]}, "“languages[2]” must be text"),
        ({"partners": [{"adminCode": "fin", "name": "Finance"}]}, "“partners[1].email” is missing"),
        (
            {"relatedCode": [{"URL": {"en": "https://a.ca", "fr": "y"}, "name": {"en": "a", "fr": "b"}}]},
            "web address",
        ),
        ({"status": "Finished"}, "“status” must be one of Alpha"),
        ({"homepageURL": {"en": "https://a.example", "fr": ""}}, "“homepageURL.fr” is missing"),
        ({"licenses": []}, "no field “licenses”"),
    ],
)
def test_each_rule_has_its_sentence(changes, words):
    found = problems(entry(**changes))
    assert len(found) == 1, found
    assert words in found[0]


@pytest.mark.parametrize(
    "nonsense", [None, [], "x", 5, {}, {"contact": [], "name": 3, "licences": [None], "tags": {}}]
)
def test_nonsense_gives_sentences_not_errors(nonsense):
    assert problems(nonsense)


def test_every_problem_is_said_once():
    found = problems({})
    assert len(found) == len(set(found)) == 8


def test_an_entry_without_problems_passes_the_schema_too():
    """With every field there is."""
    made = entry(
        downloadURL={"en": "https://a.example/d", "fr": "https://a.example/t"},
        homepageURL={"en": "https://a.example/en", "fr": "https://a.example/fr"},
        partners=[{"adminCode": "fin", "email": "a@b.ca", "name": "Finance"}],
        relatedCode=[
            {"URL": {"en": "https://a.ca", "fr": "https://a.ca"}, "name": {"en": "Hub", "fr": "Carrefour"}}
        ],
        team={"en": "Cloud", "fr": "Nuage"},
        licences__0__scope={"en": "Code", "fr": "Code"},
    )
    assert problems(made) == []
    validate(append_entry(ESDC, made))


# --- licences, categories, names


def test_licences_are_current_and_approved():
    listed = ore.licences()
    assert ("MIT", "MIT License") in listed
    assert len(listed) == 178
    assert all(ore.licence_ok(spdx) for spdx, _name in listed)
    assert [spdx.lower() for spdx, _name in listed] == sorted(spdx.lower() for spdx, _name in listed)


@pytest.mark.parametrize("spdx", ["", "mit", "GPL-3.0", "CC-BY-NC-4.0", "Proprietary", "JSON-2"])
def test_other_identifiers_are_not_licences(spdx):
    assert not ore.licence_ok(spdx)


def test_the_registrys_categories_in_both_languages():
    assert len(ore.categories("en")) == len(ore.categories("fr")) == 18
    assert ("43232400", "Logiciels de développement") in ore.categories("fr")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Building: l’outil — C++ & R", "Building - l'outil - C++ + R"),
        ("Étude  d'accès\n(2)", "Étude d'accès (2)"),
        ("x" * 120, "x" * 100),
        ("«Données»", "Données"),
    ],
)
def test_a_title_becomes_a_name_that_is_allowed(title, name):
    assert ore.suggest_name(title) == name
    assert problems(entry(name={"en": name, "fr": name})) == []

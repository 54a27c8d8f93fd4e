"""The pilot's own posts, read as a statement: everything placed or named, nothing invented, clear refusals."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from opportunities.publishing.statement_file import ImportedStatement, StatementError, read

PILOT = Path(__file__).parent / "data" / "pilot"
EN = (PILOT / "opportunity-azure-policies.en.md").read_text(encoding="utf-8")
FR = (PILOT / "opportunity-azure-policies.fr.md").read_text(encoding="utf-8")
EASTERN = ZoneInfo("America/Toronto")


@pytest.fixture(scope="module")
def azure() -> ImportedStatement:
    return read(EN.encode(), FR.encode())


def squeezed(text: str) -> str:
    return " ".join(text.split())


# --- the real files


def test_the_particulars_are_read(azure):
    assert azure.ref == "opportunity1"
    assert azure.title == {
        "en": "Building custom Azure marketplace policies",
        "fr": "Élaboration de politiques personnalisées pour Azure marketplace",
    }
    assert azure.short_description["en"].startswith("Develop scripts to automatically set policies")
    assert azure.short_description["fr"].startswith("Élaborer des scripts")
    assert azure.fixed_price == Decimal("6500.00")
    assert azure.closing_at == dt.datetime(2021, 7, 12, 23, 59, 59, tzinfo=EASTERN)
    assert azure.closing_at.tzinfo is not None
    assert azure.selection_date == dt.date(2021, 7, 16)
    assert azure.delivery_date == dt.date(2021, 7, 23)
    assert azure.licence == "MIT"
    assert azure.skills == [
        {"en": "Azure Policies", "fr": "Azure Policies"},
        {"en": "Azure Runbooks (via Powershell)", "fr": "Azure Runbooks (via Powershell)"},
    ]


def test_the_long_texts_keep_every_word_and_their_lists(azure):
    for language, source in (("en", EN), ("fr", FR)):
        for text in (azure.background[language], azure.work[language]):
            assert text in source  # a slice, character for character: quirky spaces and quotes included
            assert "<hr" not in text
            assert not text.startswith("#")
    assert azure.background["en"].endswith(
        "once they have been included in the Private Marketplace offerings."
    )
    assert azure.work["fr"].startswith("Pour répondre à cette opportunité")
    assert "\n     - English message:" in azure.work["en"]


def test_the_evaluation_criterion_is_read_in_both_languages(azure):
    (criterion,) = azure.evaluation_criteria
    assert criterion["en"].startswith("Confirm that you have the skills to complete this work.")
    assert criterion["fr"].startswith("Confirmez que vous possédez les compétences")


def test_the_acceptance_criteria_are_split_by_what_they_ask(azure):
    requirements, licence, tests = azure.acceptance_criteria
    assert (requirements.kind, licence.kind, tests.kind) == ("requirements", "licence", "test")
    assert requirements.en == (
        "Deliver source code which fulfills all the requirements in the opportunity description above."
    )
    assert requirements.fr.endswith("de la description de l’opportunité ci-dessus.")
    assert licence.fr == "Le code doit être livré avec une licence MIT."
    assert tests.en.startswith("The code must pass the following tests:\n- [PowerShell Script Analyzer]")
    assert tests.en.count("\n  - A client with a subscription") == 4
    assert tests.fr.count("\n  - ") == 5


def test_deliverables_come_from_the_numbered_items_of_the_work(azure):
    assert azure.deliverables["en"].split("\n") == [
        "1. A script (or scripts) written in PowerShell",
        "2. Documentation (both in-line comments and a separate document) about what you are providing and how it "
        "works.",
    ]
    assert azure.deliverables["fr"].startswith(
        "1. Un script (ou des scripts) écrit dans PowerShell\n2. Documentation"
    )


def test_what_could_not_be_placed_is_named(azure):
    said = "\n".join(azure.unplaced)
    assert said.count("the eligibility text was left out") == 2
    assert "Note that the sandbox will be pre-populated" in said
    assert "Veuillez noter que le bac à sable" in said
    assert "This is a fixed price opportunity governed by the terms" in said
    assert "no list of deliverables" in said


def test_no_word_of_the_lists_is_lost(azure):
    """Each line of the acceptance section is in a criterion or named as left out."""
    said = squeezed("\n".join(azure.unplaced))
    kept = squeezed(" ".join(criterion.en for criterion in azure.acceptance_criteria))
    section = EN.split("## Work acceptance criteria")[1]
    for line in filter(None, (squeezed(line) for line in section.splitlines())):
        words = line.removeprefix("1. ").removeprefix("- ").removesuffix(" In addition:")
        assert words in kept or words[:80] in said, line


def test_windows_line_endings_and_a_byte_order_mark_change_nothing(azure):
    other = read(b"\xef\xbb\xbf" + EN.replace("\n", "\r\n").encode(), FR.replace("\n", "\r\n"))
    assert other == azure


# --- broken files


def refusal(en: str | bytes = EN, fr: str | bytes = FR) -> str:
    with pytest.raises(StatementError) as caught:
        read(en, fr)
    sentence = str(caught.value)
    assert sentence.endswith(".") or sentence.endswith("?"), sentence
    assert "\n" not in sentence
    return sentence


def front(**changes: str | None) -> str:
    """The English post with lines of its front matter replaced, or dropped (None)."""
    lines = []
    for line in EN.split("\n"):
        key = line.partition(":")[0]
        if key in changes:
            value = changes.pop(key)
            if value is None:
                continue
            line = f"{key}: {value}"
        lines.append(line)
    assert not changes
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("en", "words"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        (b"\xff\xfe\x00", "UTF-8"),
        ("x" * 200_001, "too large"),
        (EN.replace("Azure", "Az\x00ure"), "control characters"),
        (EN.removeprefix("---\n"), "no front matter"),
        ("# Only a heading\n", "no front matter"),
        (EN.replace("---\n\n## Description", "## Description"), "no front matter"),
        (front(title='"no end'), "valid YAML"),
        (front(title="{a: [b"), "valid YAML"),
        (front(title="!!python/object/apply:os.system ['true']"), "valid YAML"),
        (front(closing_date="2021-13-45T23:59:59-04:00"), "valid YAML"),
        ("---\n- a\n- b\n---\n# x", "names and values"),
        (front(title=None), "“title”"),
        (front(short_desc=None), "“short_desc”"),
        (front(value=None), "“value”"),
        (front(closing_date=""), "“closing_date”"),
        (front(closing_date="soon"), "“closing_date” is not a date"),
        (front(delivery_date="[1]"), "“delivery_date” is not a date"),
        (front(title="2021"), "must be text"),
        (front(title="x" * 101), "101 characters"),
        (front(short_desc="x" * 501), "at most 500"),
        (front(skills="[1, 2]"), "“skills”"),
        (front(value="a lot"), "not an amount"),
        (front(value="$0.00"), "more than zero"),
        (front(value="$6,500 (including taxes)"), "includes taxes"),
        (
            EN.replace("### Background", "### Something else").replace("## Description", "## Other"),
            "“Background”",
        ),
        (EN.replace("### The work", "### Le travail"), "“The work”"),
        (EN.replace("## Application evaluation", "## Scores"), "“Application evaluation”"),
        (EN.replace("## Work acceptance criteria", "## Something"), "“Work acceptance criteria”"),
        (EN + "\n\n## Application evaluation\n\n1. Again\n", "there twice"),
        (EN.replace("1. Confirm that you", "Confirm that you").replace("\n- ", "\n"), "no list under"),
    ],
)
def test_a_broken_file_is_refused_with_a_sentence(en, words):
    sentence = refusal(en)
    assert words in sentence
    assert sentence.startswith("The English file: ")


def test_the_sentence_names_the_file_that_is_broken():
    assert refusal(
        fr=FR.replace("### Contexte", "### Histoire").replace("## Description", "## Autre")
    ).startswith("The French file: ")


@pytest.mark.parametrize(
    ("en", "words"),
    [
        (front(value="$6,400 (excluding taxes)"), "the fixed price"),
        (front(ref="opportunity2"), "the reference"),
        (front(closing_date="2021-07-13T23:59:59-04:00"), "closing_date"),
        (front(start_date="2021-07-17"), "start_date"),
        (front(delivery_date="2021-07-24"), "delivery_date"),
        (
            EN.replace("   - The code must be delivered with an MIT license\n", ""),
            "number of acceptance criteria",
        ),
        (
            EN.replace("\nYou will also be required", "2. Another one\n\nYou will also be required"),
            "number of evaluation criteria",
        ),
    ],
)
def test_files_that_disagree_are_refused(en, words):
    sentence = refusal(en)
    assert words in sentence
    assert "differ" in sentence


def test_files_in_the_wrong_order_are_noticed():
    assert "right order" in refusal(FR, EN)


def test_sentences_are_not_lost_in_another_language():
    with translation.override("fr"):
        assert refusal("")


def test_yaml_that_would_fill_the_memory_is_harmless():
    bomb = "\n".join(
        ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    )
    text = EN.replace("layout: post", bomb)
    assert read(text, FR).ref == "opportunity1"
    for key in ("value", "closing_date", "ref"):
        spent = text.replace(f"\n{key}: ", f"\n{key}: *a11 # ")
        assert f"“{key}”" in refusal(spent)
    assert "valid YAML" in refusal(EN.replace("layout: post", "layout: " + "[" * 5000))


# --- other shapes a team may write


def both(en_old: str, en_new: str, fr_old: str, fr_new: str) -> ImportedStatement:
    assert en_old in EN
    assert fr_old in FR
    return read(EN.replace(en_old, en_new), FR.replace(fr_old, fr_new))


def test_a_deliverables_heading_is_used_as_it_stands():
    post = both(
        "<hr/>\n\n## App",
        "### Deliverables\n\nA pull request.\n\n## App",
        "<hr/>\n\n## Éval",
        "### Livrables\n\nUne demande de tirage.\n\n## Éval",
    )
    assert post.deliverables == {"en": "A pull request.", "fr": "Une demande de tirage."}
    assert not any("deliverables" in sentence for sentence in post.unplaced)
    assert "pull request" not in post.work["en"]


def test_a_further_heading_is_named_and_one_below_a_part_stays_in_it():
    en = (
        EN.replace("### The work", "#### Details\n\nMore words.\n\n### The work")
        + "\n\n## Contact\n\nWrite to us.\n"
    )
    post = read(en, FR)
    assert post.background["en"].endswith("#### Details\n\nMore words.")
    assert any("Contact" in sentence and "Write to us." in sentence for sentence in post.unplaced)


def test_a_heading_inside_a_list_or_code_is_no_heading():
    post = read(EN.replace("### The work", "```\n## Application evaluation\n```\n\n### The work"), FR)
    assert "## Application evaluation" in post.background["en"]


@pytest.mark.parametrize(
    ("words", "licence"),
    [
        ("the Apache-2.0 license", "Apache-2.0"),
        ("a GPL-3.0-only license", "GPL-3.0-only"),
        ("the MIT-0 license", "MIT-0"),
    ],
)
def test_another_licence_is_recognised(words, licence):
    post = read(EN.replace("an MIT license", words), FR)
    assert post.licence == licence


def test_without_a_known_licence_the_default_is_taken_and_said():
    post = read(EN.replace("an MIT license", "an open license"), FR)
    assert post.licence == "MIT"
    assert any("default" in sentence for sentence in post.unplaced)


def test_a_post_without_the_two_required_criteria_says_so():
    plain_en, plain_fr = (
        "\n\n1. The page loads.\n2. Tests pass.\n",
        "\n\n1. La page s'affiche.\n2. Essais.\n",
    )
    en = EN.split("## Work acceptance criteria")[0] + "## Work acceptance criteria" + plain_en
    fr = FR.split("## Critères d'acceptation")[0] + "## Critères d’acceptation des travaux" + plain_fr
    post = read(en, fr)
    assert [criterion.kind for criterion in post.acceptance_criteria] == ["other", "test"]
    said = "\n".join(post.unplaced)
    assert "about the licence file" in said
    assert "about the requirements" in said


def test_a_date_without_a_time_means_the_end_of_that_day_and_says_so():
    post = both(
        "closing_date: 2021-07-12T23:59:59-04:00",
        "closing_date: 2021-01-12",
        "closing_date: 2021-07-12T23:59:59-04:00",
        "closing_date: 2021-01-12",
    )
    assert post.closing_at == dt.datetime(2021, 1, 12, 23, 59, 59, tzinfo=EASTERN)
    assert any("gives no time" in sentence for sentence in post.unplaced)


def test_skills_that_cannot_be_paired_stay_together():
    post = both(
        "skills: Azure Policies and Azure", "skills: Azure Policies, Git and Azure", "layout", "layout"
    )
    assert post.skills == [
        {
            "en": "Azure Policies, Git and Azure Runbooks (via Powershell)",
            "fr": "Azure Policies et Azure Runbooks (via Powershell)",
        }
    ]

"""The demonstration's statements: complete in both languages, within the limits, each from a real piece of work."""

import json
from pathlib import Path

import evaluations.demo
from microacq.markdown import render
from microacq.money import MAX_PRICE
from microacq.text import has_control_characters, holds_card_number

FOLDER = Path(evaluations.demo.__file__).parent
STATEMENTS = json.loads((FOLDER / "statements.json").read_text(encoding="utf-8"))
AUCTIONS = {row["id"]: row for row in json.loads((FOLDER / "auctions-18f.json").read_text(encoding="utf-8"))}
FIELDS = ["title", "short_description", "background", "work", "deliverables", "acceptance"]


def texts(words: dict) -> list[str]:
    return [
        text
        for field in FIELDS
        for text in ([words[field]] if isinstance(words[field], str) else words[field])
    ]


def test_each_one_is_a_real_piece_of_work_at_its_real_price():
    assert [row["id"] for row in STATEMENTS] == list(AUCTIONS)
    for row in STATEMENTS:
        assert row["price"] == AUCTIONS[row["id"]]["start_price"] <= MAX_PRICE
        assert row["repository"].startswith("https://github.com/")
        assert all(skill["en"] and skill["fr"] for skill in row["skills"])


def test_both_languages_say_the_same_things_within_the_limits():
    for row in STATEMENTS:
        for words in (row["en"], row["fr"]):
            assert list(words) == FIELDS
            assert all(text.strip() == text != "" for text in texts(words))
            assert len(words["title"]) <= 100
            assert len(words["short_description"]) <= 500
            assert not any(has_control_characters(text) or holds_card_number(text) for text in texts(words))
        assert len(row["en"]["acceptance"]) == len(row["fr"]["acceptance"]) >= 3
        for one, other in zip(texts(row["en"]), texts(row["fr"]), strict=True):
            assert one != other
            assert render(one).count("<li>") == render(other).count("<li>")
            assert render(one).count("<a ") == render(other).count("<a ") or "(en anglais seulement" in other


def test_titles_are_told_apart():
    for language in ("en", "fr"):
        assert len({row[language]["title"] for row in STATEMENTS}) == len(STATEMENTS)


def test_nothing_is_left_of_the_rules_of_the_auctions():
    said = " ".join(text for row in STATEMENTS for text in texts(row["en"])).lower()
    for words in ("lowest bidder", "notice of award", "five business days", "payment url", "auction rules"):
        assert words not in said

"""The terms and conditions: the same in both languages, filled in safely, identified by their hash."""

import datetime as dt
import re
from decimal import Decimal

import pytest

from microacq.markdown import render as html
from opportunities import terms

PARTICULARS = {
    "reference": "MA-2023-001",
    "title": "Azure policies",
    "supplier_name": "Li Chen",
    "client_name": "Amara Diallo",
    "department": "Employment and Social Development Canada",
    "price": Decimal("6500"),
    "delivery_date": dt.date(2023, 10, 1),
    "licence": "MIT",
    "repository": "https://github.com/example/azure_policies",
}


def words(template: str) -> int:
    return len(template.split())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_particular_is_in_the_text_once(language):
    template = (terms.Path(terms.__file__).parent / f"v1.{language}.md").read_text(encoding="utf-8")
    names = re.findall(r"\{(\w+)\}", template)
    assert sorted(names) == sorted([*terms.REQUIRED, *terms.OPTIONAL])


def test_both_languages_say_as_much():
    one, other = (terms.render(language, PARTICULARS) for language in ("en", "fr"))
    count = re.compile(r"^\d+\. \*\*", re.MULTILINE)
    assert len(count.findall(one)) == len(count.findall(other)) == 12
    for text in (one, other):
        assert "37.5" in text or "37,5" in text
        assert words(text) < 750  # one page


def test_amounts_and_dates_are_written_the_way_the_language_does():
    assert "$6,500.00" in terms.render("en", PARTICULARS)
    assert "October 1, 2023" in terms.render("en", PARTICULARS)
    assert "6\u00a0500,00\u00a0$" in terms.render("fr", PARTICULARS)
    assert "1er octobre 2023" in terms.render("fr", PARTICULARS)


def test_a_moment_is_an_eastern_day():
    late = dt.datetime(2023, 10, 2, 3, 30, tzinfo=dt.UTC)
    assert "October 1, 2023" in terms.render("en", PARTICULARS | {"delivery_date": late})


def test_what_is_optional_has_its_words():
    assert "**Fund reservation number:** given to the supplier" in terms.render("en", PARTICULARS)
    text = terms.render("fr", PARTICULARS | {"fund_reservation_number": "FR-1", "taxes": "TVH 13 %"})
    assert "**Numéro de réservation de fonds :** FR-1" in text
    assert "avant taxes. TVH 13 %" in text


def test_the_page_reads_as_a_page():
    page = html(terms.render("en", PARTICULARS))
    assert "<li><strong>Supplier:</strong> Li Chen</li>" in page
    assert "https://github.com/example/azure_policies" in page
    assert page.count("<ol>") == 1
    assert "{" not in page


@pytest.mark.parametrize(
    "hostile",
    [
        "# Heading\n\n1. You owe me",
        "*bold* _it_ `code` [link](https://evil.example) ![x](y)",
        "<script>alert(1)</script> & <b>",
        "{price} {supplier_name} {}",
        "a | b ~~c~~ \\",
        "- item",
        "one\u2028two\x00three\r\nfour",
    ],
)
def test_a_particular_is_only_ever_text(hostile):
    plain = html(terms.render("en", PARTICULARS))
    page = html(terms.render("en", PARTICULARS | {"title": hostile}))
    tags = re.compile(r"</?\w+")
    assert tags.findall(page) == tags.findall(plain)
    shown = " ".join(re.sub(r"[\x00-\x20\u2028]+", " ", hostile).split())
    escaped = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert escaped in page


@pytest.mark.parametrize("name", terms.REQUIRED)
@pytest.mark.parametrize("value", ["", "  \n", None])
def test_an_empty_particular_is_refused(name, value):
    with pytest.raises(ValueError, match=name):
        terms.render("en", PARTICULARS | {name: value})


@pytest.mark.parametrize("language", ["de", "", "../v1"])
def test_only_two_languages(language):
    with pytest.raises(ValueError):
        terms.render(language, PARTICULARS)


def test_other_versions_and_names_are_refused():
    with pytest.raises(ValueError, match="no terms"):
        terms.render("en", PARTICULARS, version="2")
    with pytest.raises(ValueError, match="unknown particulars: cost"):
        terms.render("en", PARTICULARS | {"cost": "1"})


def test_the_hash_identifies_the_words():
    assert terms.sha256("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
    assert terms.VERSION == "1"
    one = terms.sha256(terms.render("en", PARTICULARS))
    assert one == terms.sha256(terms.render("en", dict(PARTICULARS)))
    assert one != terms.sha256(terms.render("en", PARTICULARS | {"price": Decimal("6500.01")}))

"""Markdown written by people never becomes anything that acts on its reader."""

import pytest
from django.utils.safestring import SafeString

from microacq.markdown import render


def test_what_people_write():
    html = render("Some **bold** and *soft* `code`.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    assert isinstance(html, SafeString)
    assert "<strong>bold</strong>" in html
    assert "<em>soft</em>" in html
    assert "<li>two</li>" in html
    assert "<td>2</td>" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](data:text/html,x)",
        "![a](https://elsewhere.example/pixel.png)",
        "<a href='https://x.example' onclick='y()'>a</a>",
        "<style>p{}</style>",
        "| a |\n|:-:|\n| b |",
        "<javascript:alert(1)>",
    ],
)
def test_what_never_comes_out(text):
    html = render(text)
    for bad in ("<script", "<img", "<style", 'href="javascript', 'href="data', "style=", "<a href='"):
        assert bad not in html


def test_links_leave_without_a_trace():
    assert render("[x](https://example.com)") == (
        '<p><a href="https://example.com" rel="noopener noreferrer nofollow">x</a></p>\n'
    )


@pytest.mark.parametrize(
    "address",
    [
        "//elsewhere.example",
        "/en/admin/",
        "notes.md",
        "#part",
        "java&Tab;script:x",
        "JaVaScRiPt&colon;x",
        "https:///x",
        "ftp://x",
    ],
)
def test_a_link_that_is_no_whole_address_stays_text(address):
    assert "<a" not in render(f"[a]({address})")
    assert "<a" not in render(f"[a]\n\n[a]: {address}")
    assert 'href="mailto:a@example.com"' in render("[a](mailto:a@example.com)")


def test_without_links_every_address_is_seen():
    html = render(
        "[Sign in](https://evil.example) <https://evil.example>\n\n[a]\n\n[a]: https://e.example", links=False
    )
    assert "<a" not in html
    assert "[Sign in](https://evil.example)" in html
    assert "https://e.example" in html


def test_headings_fit_under_the_pages_own():
    assert "<h3>a</h3>" in render("# a")
    html = render("## a\n\n#### b\n\n## c")
    assert "<h3>a</h3>" in html
    assert "<h4>b</h4>" in html
    assert "<h3>c</h3>" in html
    assert render("### a\n\n## b").index("<h3>a</h3>") == 0


def test_nothing_gives_nothing():
    assert render("") == ""

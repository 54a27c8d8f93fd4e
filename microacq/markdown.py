"""Markdown written by people, as HTML that is safe to show. No raw HTML, no images, no style; knows no page.

A link leads to a whole address (https, http, mailto) or stays text: what has no scheme would lead somewhere else on
every page that shows it. Headings are fitted under the page's own h2: whatever the writer's highest level, it becomes
h3, and none is skipped.
"""

import re

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

_parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
_without_links = MarkdownIt("commonmark", {"html": False}).disable(["image", "link", "autolink", "reference"])
_WHOLE_ADDRESS = re.compile(r"(?:https?://|mailto:)[^/]", re.IGNORECASE)
_TAGS = set("a blockquote br code em h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr ul".split())
TOP = 3


def _leads_outside(url: str) -> bool:
    return bool(_WHOLE_ADDRESS.match(url))


_parser.validateLink = _leads_outside  # type: ignore[method-assign]


def render(text: str, *, links: bool = True) -> SafeString:
    """Markdown in, HTML out. Links leave without telling where they came from; without `links` they stay text."""
    parser = _parser if links else _without_links
    tokens = parser.parse(text or "")
    _fit_headings(tokens)
    html = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)


def _fit_headings(tokens: list[Token]) -> None:
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    ranks = sorted({token.tag for token in headings})
    above = TOP - 1
    for token in headings:
        if token.type == "heading_open":
            above = min(TOP + ranks.index(token.tag), above + 1, 6)
        token.tag = f"h{above}"

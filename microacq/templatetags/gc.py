"""Filters and tags for every page: moments, money, Markdown, words, the other language, forms, pages of lists.

Knows no opportunity. Everything is written in the reader's language.
"""

import datetime as dt
import re
from functools import lru_cache
from html import escape

from django import template
from django.templatetags import i18n
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from microacq import context as page
from microacq import forms, text
from microacq import markdown as markdown_text
from microacq import money as money_text

register = template.Library()


def _language() -> str:
    return (get_language() or "en")[:2]


class OnceNode(template.Node):
    """What `once` keeps, in the compiled template."""

    child_nodelists = ()  # no block is looked for within: it would be kept for every page

    def __init__(self, nodelist, varies):
        self.nodelist, self.varies, self.kept = nodelist, varies, {}

    def render(self, context):
        key = (get_language(), context.autoescape, *(str(value.resolve(context)) for value in self.varies))
        if key not in self.kept:
            self.kept[key] = self.nodelist.render(context)
        return self.kept[key]


@register.tag
def once(parser, token):
    """{% once x y %}...{% endonce %}: a part of the layout that says the same to everybody, rendered once in each language
    (and for each x and y, of which there must be few) and then kept by the process."""
    varies = [parser.compile_filter(word) for word in token.split_contents()[1:]]
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    return OnceNode(nodelist, varies)


@register.tag
def translate(parser, token):
    """Django's own, where this library is loaded after i18n: a sentence that is always the same is looked up once in each
    language. Looking them up anew is a fifth of what a page of text costs."""
    node = i18n.do_translate(parser, token)
    sentence = node.filter_expression
    constant = getattr(sentence.var, "literal", None) is not None and not sentence.filters
    return OnceNode(node, []) if constant and not node.asvar and node.message_context is None else node


@register.filter
def eastern(moment):
    """An aware datetime in words with its zone, inside <time>. Nothing for nothing."""
    if not moment:
        return ""
    return _time(
        moment.astimezone(text.EASTERN).isoformat(timespec="minutes"), text.eastern_words(moment, _language())
    )


@register.filter
def eastern_date(day):
    """A date, or the Eastern day of an aware datetime, in words inside <time>."""
    if not day:
        return ""
    if isinstance(day, dt.datetime):
        day = day.astimezone(text.EASTERN).date()
    return _time(day.isoformat(), text.date_words(day, _language()))


def _time(machine: str, words: str) -> SafeString:
    return mark_safe(f'<time datetime="{machine}">{escape(words)}</time>')  # noqa: S308 - a date, and words escaped


@register.filter
def iso_date(moment):
    """The Eastern day of an aware datetime as YYYY-MM-DD inside <time>: how Canada.ca writes "Date modified"."""
    if not moment:
        return ""
    return format_html("<time>{}</time>", moment.astimezone(text.EASTERN).date().isoformat())


@register.filter
def eastern_text(moment):
    """As `eastern`, without markup: for email and attributes."""
    return text.eastern_words(moment, _language()) if moment else ""


@register.filter
def eastern_date_text(day):
    """As `eastern_date`, without markup."""
    return text.date_words(day, _language()) if day else ""


@register.filter
def money(amount):
    """A Decimal as dollars: $1,234.56 or 1 234,56 $."""
    return "" if amount is None or amount == "" else money_text.display(amount, _language())


@register.filter
def markdown(source):
    """Markdown as safe HTML."""
    return markdown_text.render(source or "")


_render_public = lru_cache(maxsize=500)(markdown_text.render)


@register.filter
def public_markdown(source):
    """The same for texts that anybody may read: those last shown stay in this process as HTML. Never for what is sealed."""
    return _render_public(source or "")


@register.filter
def linked(html):
    """Safe HTML with its bare web addresses made into links: for email, where they stand alone on a line."""
    parts = re.split(r"(<a\b.*?</a>|<[^>]+>)", str(html), flags=re.DOTALL)
    found = [
        part
        if part.startswith("<")
        else re.sub(r"https?://[^\s<]+[^\s<.,;:!?)]", r'<a href="\g<0>">\g<0></a>', part)
        for part in parts
    ]
    return mark_safe("".join(found))


@register.filter
def words(source):
    """How many words a text has."""
    return text.count_words(source or "")


@register.filter
def rows(form):
    """A form's fields, English and French ones in pairs."""
    return forms.rows(form)


@register.simple_tag(takes_context=True)
def error_list(context):
    """The errors of `forms`, or of `form`, as a list of {target, label, message}."""
    given = context.get("forms") or ([context["form"]] if context.get("form") else [])
    listed = []
    if hasattr(given, "non_form_errors"):
        listed += [{"target": "", "label": "", "message": e} for e in given.non_form_errors()]
    for form in given:
        if not getattr(form, "is_bound", False):
            continue
        listed += [{"target": "", "label": "", "message": e} for e in form.non_field_errors()]
        for field in form:
            if field.is_hidden:
                listed += [{"target": "", "label": "", "message": e} for e in field.errors]
            else:
                target = getattr(field, "error_target", field.auto_id)
                listed += [{"target": target, "label": field.label, "message": e} for e in field.errors]
    return listed


@register.simple_tag(takes_context=True)
def toggle_url(context):
    """This page's address in the other language, query string kept."""
    request = context.get("request")
    return page.toggle_url(request) if request else f"/{page.other_language()}/"


@register.filter
def page_numbers(page_obj):
    """Page numbers to link to, with an ellipsis for what is left out."""
    return page_obj.paginator.get_elided_page_range(page_obj.number, on_each_side=1, on_ends=1)


@register.simple_tag(takes_context=True)
def page_url(context, number):
    """This page's query string with another page number."""
    query = context["request"].GET.copy()
    query[context.get("page_param") or "page"] = number
    return "?" + query.urlencode()

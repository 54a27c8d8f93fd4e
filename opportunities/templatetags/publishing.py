"""What a public page says of itself to search engines and feed readers."""

from django import template
from django.conf import settings

from microacq.context import in_language

register = template.Library()


@register.inclusion_tag("opportunities/_page_links.html", takes_context=True)
def page_links(context):
    """For the head of a page that a signed-out visitor reads: its address, the other language's, the feed of opportunities.

    Nothing for others, nor on an error page. Of the query string only the page number belongs to the address: what is searched for is no page of its own.
    """
    request = context.get("request")
    if (
        request is None
        or request.resolver_match is None
        or getattr(context.get("user"), "is_authenticated", False)
    ):
        return {}
    number = request.GET.get("page", "")
    query = f"?page={number}" if number.isascii() and number.isdigit() and number != "1" else ""
    pages = {
        language: (in_language(request, language) or request.path) + query
        for language, _name in settings.LANGUAGES
    }
    return {
        "canonical": settings.SITE_URL + request.path + query,
        "alternates": [(language, settings.SITE_URL + page) for language, page in pages.items()],
        "by_default": settings.SITE_URL + pages["en"],
        "asked_for": set(request.GET) - {"page"},
    }

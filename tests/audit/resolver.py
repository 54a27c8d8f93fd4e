"""Every address of the site, taken from the resolver, so that a new one cannot be forgotten."""

from django.urls import URLPattern, get_resolver, reverse
from django.utils.translation import override


def _named(resolver, namespace="", wants=()):
    for entry in resolver.url_patterns:
        wanted = (*wants, *entry.pattern.regex.groupindex)
        if not isinstance(entry, URLPattern):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _named(entry, inner, wanted)
        elif entry.name:
            yield f"{namespace}{entry.name}", wanted


def every_address(reference: str, language="en", **values) -> list[tuple[str, str]]:
    """(name, path) of each named address; `values` are put where an address wants them, "1" elsewhere."""
    known = {"reference": reference, "app_label": "opportunities", "provider_id": "department", **values}
    with override(language):
        return [
            (name, reverse(name, kwargs={key: known.get(key, "1") for key in wanted}))
            for name, wanted in _named(get_resolver())
        ]

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


def every_address(reference: str, language="en", only="", **values) -> list[tuple[str, str]]:
    """(name, path) of each named address; `values` are put where an address wants them, "1" elsewhere.

    A value may be a function of the address's name. `only`: those addresses alone that want this word.
    """
    known = {"reference": reference, "app_label": "opportunities", "provider_id": "department", **values}

    def value(key, name):
        given = known.get(key, "1")
        return given(name) if callable(given) else given

    with override(language):
        return [
            (name, reverse(name, kwargs={key: value(key, name) for key in wanted}))
            for name, wanted in _named(get_resolver())
            if not only or only in wanted
        ]

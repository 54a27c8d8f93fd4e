"""Full addresses of public pages, in either language: the same wherever they are asked from."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

LANGUAGES = ("en", "fr")


def address(name: str, *args, language: str | None = None) -> str:
    """The full address of a page by its URL name, in the reader's language or in `language`."""
    if language is None:
        return settings.SITE_URL + reverse(name, args=args)
    with override(language):
        return settings.SITE_URL + reverse(name, args=args)


def addresses(name: str, *args) -> dict[str, str]:
    """The same in both languages."""
    return {language: address(name, *args, language=language) for language in LANGUAGES}

"""An opportunity as schema.org's words, for search engines: a demand, open until it closes, at a fixed price."""

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from .addresses import address
from .public_record import moment

INSIDE_SCRIPT = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def demand(opportunity, language: str, skills: list[str]) -> dict[str, Any]:
    """The opportunity in one language, with the names of its skills in it."""
    return {
        "@context": "https://schema.org",
        "@type": "Demand",
        "@id": address("opportunity", opportunity.reference, language=language),
        "url": address("opportunity", opportunity.reference, language=language),
        "identifier": opportunity.reference,
        "name": opportunity.title,
        "description": opportunity.short_description,
        "availabilityStarts": moment(opportunity.posted_at),
        "availabilityEnds": moment(opportunity.closing_at),
        "validFrom": moment(opportunity.posted_at),
        "validThrough": moment(opportunity.closing_at),
        "areaServed": {"@type": "Country", "name": "Canada"},
        "priceSpecification": {
            "@type": "PriceSpecification",
            "price": f"{opportunity.fixed_price:.2f}",
            "priceCurrency": "CAD",
            "valueAddedTaxIncluded": False,
        },
        "itemOffered": {
            "@type": "Service",
            "name": opportunity.title,
            "serviceType": skills,
            "availableLanguage": ["en", "fr"],
        },
    }


def script(data: dict[str, Any]) -> SafeString:
    """The data to stand between <script type="application/ld+json"> and its end, which nothing in it can close."""
    return mark_safe(json.dumps(data, ensure_ascii=False).translate(INSIDE_SCRIPT))  # noqa: S308 - escaped just here

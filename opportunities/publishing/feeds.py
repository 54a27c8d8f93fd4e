"""What is new, as Atom: one feed a language. An entry keeps its id for ever, and is updated when what was posted changes."""

import uuid

from django.contrib.syndication.views import Feed
from django.db.models.functions import Coalesce
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from microacq import markdown, money, text

from .. import listing
from ..models import Opportunity
from ..public_status import public_status
from .addresses import address

NEWEST = 50
OURS = uuid.UUID("6f0c2d9a-4a5e-4d0b-9a41-5b1c7c3f8e22")
"""The namespace of the ids, which so depend on nothing that may change: no host, no address, no title."""


def entry_id(reference: str, language: str) -> str:
    return uuid.uuid5(OURS, f"{reference}/{language}").urn


class OpportunitiesFeed(Feed):
    """The latest posted or amended, newest change first; narrowed as the list is."""

    feed_type = Atom1Feed

    def __init__(self, asked: listing.Asked, now):
        self.asked, self.now = asked, now
        self.language = (get_language() or "en")[:2]

    def title(self):
        if self.asked.query:
            return _("Micro-acquisition opportunities: %(words)s") % {"words": self.asked.query}
        return _("Micro-acquisition opportunities")

    def subtitle(self):
        return _("Small open source work for the Government of Canada, at a fixed price.")

    def author_name(self):
        return _("Employment and Social Development Canada")

    def link(self):
        return address("opportunity_list") + self.asked.address

    def feed_url(self):
        return address("opportunities_atom") + self.asked.address

    def feed_guid(self):
        return entry_id(f"feed{self.asked.address}", self.language)

    def items(self):
        keys = listing.matching(self.asked, self.now).order_by(Coalesce("amended_at", "posted_at").desc())
        return (
            Opportunity.objects.filter(pk__in=list(keys.values_list("pk", flat=True)[:NEWEST]))
            .order_by(Coalesce("amended_at", "posted_at").desc(), "-pk")
            .prefetch_related("skills", "amendments")
        )

    def item_title(self, item):
        return item.title

    def item_link(self, item):
        return address("opportunity", item.reference)

    def item_guid(self, item):
        return entry_id(item.reference, self.language)

    def item_pubdate(self, item):
        return item.posted_at

    def item_updateddate(self, item):
        return item.amended_at or item.posted_at

    def item_categories(self, item):
        return [skill.name for skill in item.skills.all()]

    def item_description(self, item):
        """In words: the price, the closing, the short text, and what changed and why, latest first."""
        facts = [
            (_("Status"), public_status(item, self.now).label),
            (_("Fixed price, before taxes"), money.display(item.fixed_price, self.language)),
            (_("Closing date"), text.eastern_words(item.closing_at, self.language)),
        ]
        changes = [
            (
                text.eastern_words(change.amended_at, self.language),
                change.get_kind_display(),
                change.reason,
            )
            for change in sorted(item.amendments.all(), key=lambda change: -change.number)
        ]
        return format_html(
            "{}<ul>{}</ul>{}",
            markdown.render(item.short_description),
            format_html_join("", "<li>{}: {}</li>", facts),
            format_html_join("", "<p>{}: {}. {}</p>", changes),
        )

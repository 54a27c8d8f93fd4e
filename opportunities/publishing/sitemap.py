"""What search engines are told: every public page in both languages, and what is no use to them."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import override

from ..models import Opportunity

PAGES = (
    "home opportunity_list how_it_works guide_suppliers guide_clients faq terms privacy accessibility contact open_data statistics delivered daily_heads subscribe"
).split()
NOT_FOR_ROBOTS = ("admin:index", "account_email", "workspace")


class _Both(Sitemap):
    """Each page in both languages, each naming the other."""

    i18n = alternates = True

    def get_domain(self, site=None):
        return urlsplit(settings.SITE_URL).netloc

    def get_protocol(self, protocol=None):
        return urlsplit(settings.SITE_URL).scheme


class PagesSitemap(_Both):
    """The pages that are always there."""

    def items(self):
        return PAGES

    def location(self, item):
        return reverse(item)


class OpportunitiesSitemap(_Both):
    """Every opportunity that was ever posted."""

    limit = 1000

    def items(self):
        return Opportunity.objects.public().order_by("pk").only("reference", "modified_at")

    def location(self, item):
        return reverse("opportunity", args=[item.reference])

    def lastmod(self, item):
        return item.modified_at

    def get_latest_lastmod(self):
        return Opportunity.objects.public().aggregate(latest=Max("modified_at"))["latest"]


SITEMAPS = {"pages": PagesSitemap, "opportunities": OpportunitiesSitemap}


def robots() -> str:
    """The text of robots.txt."""
    lines = ["User-agent: *"]
    for language, _name in settings.LANGUAGES:
        with override(language):
            lines += [f"Disallow: {reverse(name)}" for name in NOT_FOR_ROBOTS]
            lines.append(f"Disallow: {reverse('account_login')}")
    return "\n".join([*lines, f"Sitemap: {settings.SITE_URL}/sitemap.xml", ""])

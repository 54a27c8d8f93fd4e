"""The public pages of what was bought: the delivered code, with its feed, and the totals of each year."""

from django.contrib.syndication.views import Feed
from django.core.paginator import Paginator
from django.http import StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html
from django.utils.text import format_lazy
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from microacq import markdown, money

from .. import delivered as code
from .. import search
from ..publishing import yearly_totals
from ..publishing.addresses import address
from ..publishing.feeds import entry_id
from .caching import kept_page, say_modified
from .machine import revalidated

PAGE_SIZE = 20
IN_FEED = 50


@kept_page
def delivered(request):
    """Everything delivered, searched by the words in the address."""
    query = search.clean(request.GET.get("q", ""))
    page = Paginator(code.found(query), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "rows": code.rows(page.object_list),
        "page_obj": page,
        "q": query,
        "total": page.paginator.count,
    }
    response = TemplateResponse(request, "opportunities/delivered.html", context)
    return say_modified(response, request.posted, request.posted.changed_at)


class DeliveredFeed(Feed):
    """The latest delivered code, one feed a language."""

    feed_type = Atom1Feed

    def title(self):
        return _("Micro-acquisition: delivered code")

    def subtitle(self):
        return _("Open source code that was delivered and accepted.")

    def author_name(self):
        return _("Employment and Social Development Canada")

    def link(self):
        return address("delivered")

    def feed_url(self):
        return address("delivered_atom")

    def feed_guid(self):
        return entry_id("feed/delivered", self.language)

    @property
    def language(self):
        return (get_language() or "en")[:2]

    def items(self):
        return code.rows(code.found()[:IN_FEED])

    def item_title(self, item):
        return item.title

    def item_link(self, item):
        return address("opportunity", item.opportunity.reference)

    def item_guid(self, item):
        return entry_id(f"delivered/{item.opportunity.reference}", self.language)

    def item_pubdate(self, item):
        return item.accepted_at

    item_updateddate = item_pubdate

    def item_author_name(self, item):
        return item.supplier

    def item_description(self, item):
        return format_html(
            '{}<ul><li>{}: <a href="{}">{}</a></li><li>{}: {}</li><li>{}: {}</li><li>{}: {}</li></ul>',
            markdown.render(item.what_it_does),
            _("Repository"), item.address, item.address,
            _("Licence"), item.licence,
            _("Supplier"), item.supplier,
            _("Price, before taxes"), money.display(item.price, self.language),
        )  # fmt: skip


@revalidated
def delivered_atom(request, now):
    return DeliveredFeed()(request)


@revalidated
def contracts_under_10k(request, now):
    """The totals of each calendar year, under the columns of the federal publication."""
    headers = {"Content-Disposition": 'attachment; filename="contracts-under-10k-contrats-moins-de-10k.csv"'}
    return StreamingHttpResponse(
        yearly_totals.lines(), content_type="text/csv; charset=utf-8", headers=headers
    )


LIST = pgettext_lazy("slug", "delivered-code/")
urls = [
    path(LIST, delivered, name="delivered"),
    path(format_lazy("{}{}", LIST, "delivered.atom"), delivered_atom, name="delivered_atom"),
    path(
        format_lazy("{}{}", gettext_lazy("open-data/"), "contracts-under-10k.csv"),
        contracts_under_10k,
        name="contracts_under_10k",
    ),
]

"""What search engines read: the site map, robots.txt, and the head of each page with its linked data."""

import json
import re
from xml.etree import ElementTree

from django.urls import reverse
from django.utils.translation import override

from opportunities.models import Opportunity
from tests.factories import at
from tests.posted import CLOSING
from tests.test_feeds import get

MAP = {"m": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def reverse_in(language, name, *args):
    with override(language):
        return reverse(name, args=args)


def test_the_site_map_has_each_public_page_in_both_languages(client, cast, posted):
    reserved = at("reserved", cast, closing=CLOSING)
    index = ElementTree.fromstring(client.get("/sitemap.xml").content)
    found = {}
    for part in index.findall("m:sitemap/m:loc", MAP):
        for url in ElementTree.fromstring(
            client.get(part.text.removeprefix("http://testserver")).content
        ).findall("m:url", MAP):
            alternates = {link.get("hreflang"): link.get("href") for link in url.findall("x:link", MAP)}
            found[url.findtext("m:loc", namespaces=MAP)] = (
                alternates,
                url.findtext("m:lastmod", namespaces=MAP),
            )
    english, french = (
        "http://testserver" + reverse_in(language, "opportunity", posted.reference)
        for language in ("en", "fr")
    )
    for address in (english, french):
        alternates, changed = found[address]
        assert alternates == {"en": english, "fr": french}
        assert changed == posted.modified_at.strftime("%Y-%m-%d")
    assert "http://testserver/en/" in found
    assert not any(reserved.reference in address for address in found)
    for address in list(found)[:30]:
        assert client.get(address.removeprefix("http://testserver")).status_code == 200


def test_robots_are_kept_out_of_what_is_private_and_shown_the_map(client, db):
    response = client.get("/robots.txt")
    assert response.headers["Content-Type"].startswith("text/plain")
    assert "Sitemap: http://testserver/sitemap.xml" in response.text
    for language in ("en", "fr"):
        assert f"Disallow: {reverse_in(language, 'workspace')}\n" in response.text
        assert f"Disallow: {reverse_in(language, 'opportunity_list')}" not in response.text


def links(page: str, rel: str) -> list[dict]:
    tags = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<link [^>]*>", page)]
    return [tag for tag in tags if tag.get("rel") == rel]


def test_a_page_names_itself_and_its_other_language(client, posted):
    for name, args in (("opportunity", [posted.reference]), ("opportunity_list", []), ("home", [])):
        english, french = (
            "http://testserver" + reverse_in(language, name, *args) for language in ("en", "fr")
        )
        for language, own in (("en", english), ("fr", french)):
            page = get(client, name, *args, language=language).text
            assert [link["href"] for link in links(page, "canonical")] == [own]
            alternates = {
                link.get("hreflang"): link["href"] for link in links(page, "alternate") if "hreflang" in link
            }
            assert alternates == {"en-CA": english, "fr-CA": french, "x-default": english}
            assert [link["type"] for link in links(page, "alternate") if "type" in link] == [
                "application/atom+xml"
            ]
    searched = get(client, "opportunity_list", asked={"q": "visits"}).text
    assert '<meta name="robots" content="noindex, follow">' in searched
    assert links(searched, "canonical")[0]["href"] == "http://testserver/en/opportunities/"


def test_linked_data_cannot_be_broken_out_of(client, posted):
    title = "</script><script>alert(1)</script> & é"
    Opportunity.objects.filter(pk=posted.pk).update(title_en=title)
    page = get(client, "opportunity", posted.reference).text
    [found] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    data = json.loads(found)
    assert data["@type"] == "Demand"
    assert data["name"] == title
    assert data["availabilityEnds"] == "2027-01-20T14:00:00-05:00"
    assert data["priceSpecification"]["price"] == "6500.00"
    assert "<script>alert" not in page

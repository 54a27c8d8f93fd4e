"""The public page of everything delivered, its search and its feeds."""

from xml.etree import ElementTree

import pytest
from django.urls import reverse
from django.utils.translation import override

from microacq import clock
from opportunities.models import Contract
from opportunities.views import delivered
from tests.factories import at
from tests.need import NOW

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


def page(client, language="en", **asked) -> str:
    with override(language):
        address = reverse("delivered")
    return client.get(address, asked).content.decode()


def test_each_delivery_says_all_that_its_readers_need(cast, client):
    opportunity = at("complete", cast, now=NOW)
    text = page(client)
    for shown in (
        "Count visits to the benefits pages",
        "Write a script that counts visits to pages.",
        opportunity.contract.repository,
        "MIT",
        "Li Supplier",
        "$6,500.00",
        reverse("opportunity", args=[opportunity.reference]),
        opportunity.registry_entry.pull_request_url,
    ):
        assert shown in text, shown
    assert "Compter les visites" in page(client, "fr")
    assert "1 delivery" in text


@pytest.mark.parametrize("state", ["posted", "work", "acceptance", "terminated", "cancelled"])
def test_what_was_not_accepted_is_not_there(cast, client, state):
    at(state, cast, now=NOW)
    text = page(client)
    assert "Nothing has been delivered yet." in text and "Count visits" not in text


def test_accepted_work_is_there_before_it_is_paid(cast, client):
    at("invoicing", cast, now=NOW)
    assert "Count visits" in page(client)


@pytest.mark.parametrize("words", ["visits", "visites", "python", "mit", "Supplier", "COMPTER prestations"])
def test_words_a_supplier_or_a_licence_find_it(cast, client, words):
    at("complete", cast, now=NOW)
    assert "Count visits" in page(client, q=words)


@pytest.mark.parametrize("words", ["zebra", "amara", "%", "<script>alert(1)</script>", "\x00"])
def test_other_words_do_not(cast, client, words):
    at("complete", cast, now=NOW)
    text = page(client, q=words)
    assert ("Count visits" in text) == (words == "\x00")
    assert "<script>alert" not in text


def test_the_feed_of_each_language_has_ids_that_stay(cast, client):
    opportunity = at("complete", cast, now=NOW)
    ids = {}
    for language in ("en", "fr"):
        with override(language):
            answer = client.get(reverse("delivered_atom"))
        root = ElementTree.fromstring(answer.content)
        (entry,) = root.findall(f"{ATOM}entry")
        ids[language] = entry.find(f"{ATOM}id").text
        assert root.attrib["{http://www.w3.org/XML/1998/namespace}lang"].startswith(language)
        assert opportunity.contract.repository in entry.find(f"{ATOM}summary").text
    assert ids["en"].startswith("urn:uuid:") and ids["en"] != ids["fr"]
    again = client.get(
        reverse("delivered_atom"), headers={"If-None-Match": client.get(reverse("delivered_atom"))["ETag"]}
    )
    assert again.status_code == 304


def test_pages_and_queries_stay_the_same_however_much_there_is(
    cast, client, django_assert_max_num_queries, django_assert_num_queries
):
    at("complete", cast, now=NOW)
    with django_assert_max_num_queries(8) as first:
        page(client)
    for supplier in (cast.sam, cast.noor, cast.kim):
        at("invoicing", cast, now=NOW, suppliers=[supplier])
    with django_assert_num_queries(len(first)):
        page(client)
    assert Contract.objects.count() == 4


def test_a_page_holds_twenty(cast, client, monkeypatch):
    monkeypatch.setattr(delivered, "PAGE_SIZE", 1)
    at("complete", cast, now=NOW)
    at("invoicing", cast, now=NOW, suppliers=[cast.sam])
    assert "2 deliveries" in page(client) and 'rel="next"' in page(client)
    assert page(client, page="2").count('class="gc-card"') == 1

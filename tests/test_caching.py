"""What is kept of the public pages is never stale, sets no cookie, and costs one query, however much is posted."""

import re
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from microacq import clock
from opportunities import listing
from opportunities.actions import act
from opportunities.models import Skill
from opportunities.views import caching

from .factories import at

CLOSING = datetime(2027, 1, 20, 14, tzinfo=clock.EASTERN)
BEFORE = CLOSING - timedelta(days=8)
MOVED = datetime(2027, 1, 22, 14, tzinfo=clock.EASTERN)

SAME = (
    "ETag",
    "Cache-Control",
    "Last-Modified",
    "Content-Type",
    "Content-Language",
    "Content-Security-Policy",
    "Vary",
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _pages_are_kept(settings):
    settings.KEPT_PAGES = 50
    caching.PAGES.clear()
    listing.COUNTED.clear()
    yield
    caching.PAGES.clear()
    listing.COUNTED.clear()


def asked(client, address, **headers):
    """The answer, and how many queries it took."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address, headers=headers)
    return response, len(captured)


def pages(reference):
    listed = reverse("opportunity_list")
    return [reverse("home"), listed, f"{listed}?q=web&size=10", reverse("opportunity", args=[reference])]


@pytest.fixture
def time():
    with clock.frozen(BEFORE) as time:
        yield time


def test_a_kept_page_is_never_stale(client, cast, time):
    listed, home = reverse("opportunity_list"), reverse("home")
    assert "0 opportunities" in client.get(listed).text
    posted = at("posted", cast, closing=CLOSING)
    where = reverse("opportunity", args=[posted.reference])

    # Posted: there at once; then it is given from what is kept, for one query, and so is 304.
    addresses = [home, listed, where]
    first = [client.get(address) for address in addresses]
    assert all(posted.title in page.text for page in first)
    for address, had in zip(addresses, first, strict=True):
        again, queries = asked(client, address)
        assert (again.content, queries) == (had.content, 1)
        assert {name: had.headers.get(name) for name in SAME} == {
            name: again.headers.get(name) for name in SAME
        }
        same, queries = asked(client, address, **{"if-none-match": had.headers["ETag"]})
        assert (same.status_code, same.content, queries) == (304, b"", 1)
    assert client.head(where).status_code == 200

    # A skill gets another name; the closing is put off. The next reader sees it.
    skill = Skill.objects.filter(opportunity=posted).first()
    skill.name_en = "A skill by another name"
    skill.save()
    assert all(skill.name_en in client.get(address).text for address in (listed, where))
    later = {"closing_at_0": "2027-01-22", "closing_at_1": "14:00", "reason_en": "a", "reason_fr": "b"}
    act("extend_closing", posted, cast.tess, data=later)
    assert all("Updated" in client.get(address).text for address in addresses)

    # A day begins, and then it closes: the time alone changes the page, and nobody's copy outlives it.
    time.move_to(MOVED - timedelta(days=1))
    assert all("1 day left" in client.get(address).text for address in addresses)
    time.move_to(MOVED - timedelta(seconds=4))
    for address in addresses:
        said = client.get(address)
        assert "today" in said.text
        assert said.headers["Cache-Control"] == "public, max-age=0, s-maxage=4, must-revalidate"
    time.move_to(MOVED)
    assert posted.title not in client.get(home).text
    assert all("Closed, result to come" in client.get(address).text for address in (listed, where))


def test_what_is_kept_is_for_the_signed_out_and_says_so(client, cast, time):
    posted = at("posted", cast, closing=CLOSING)
    for language in ("en", "fr"):
        with override(language):
            addresses = pages(posted.reference)
        for address in addresses:
            answer = client.get(address)
            assert not answer.cookies and "cookie" not in answer.headers.get("Vary", "").lower(), address
            assert re.match(r"public, max-age=0, s-maxage=\d+", answer.headers["Cache-Control"])
    client.force_login(cast.li)
    for address in pages(posted.reference):
        own = client.get(address)
        assert cast.li.name in own.text
        assert "no-store" in own.headers["Cache-Control"]
    client.logout()
    for address in pages(posted.reference):
        assert cast.li.name not in client.get(address).text
    assert client.get(reverse("home"), headers={"host": "elsewhere.example"}).status_code == 400


def test_no_more_is_kept_than_said(client, settings):
    settings.KEPT_PAGES = 3
    for number in range(6):
        client.get(reverse("opportunity_list"), {"page": number})
    assert len(caching.PAGES._things) == 3


def rows_read(client, address) -> int:
    """Rows and entries of indexes that one request reads."""

    def so_far():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute(
                "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)"
                " + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)"
            )
            return int(cursor.fetchone()[0])

    before = so_far()
    assert client.get(address).status_code == 200
    return so_far() - before


def test_a_page_reads_as_many_rows_however_many_are_posted(client, settings):
    found = []
    for number in (60, 240):
        settings.DEBUG = True
        call_command("load_sample", opportunities=number, verbosity=0)
        settings.DEBUG = False
        reference = listing.open_now(clock.now()).first().reference
        word = str(listing.open_now(clock.now()).first().pk)
        addresses = [
            reverse("opportunity_list"),
            f"{reverse('opportunity_list')}?q={word}",
            reverse("opportunity", args=[reference]),
        ]
        for address in addresses:
            client.get(address)
        found.append([rows_read(client, address) for address in addresses])
    assert all(abs(many - few) <= 5 for few, many in zip(*found, strict=True)), found


def test_with_nothing_kept_a_page_still_takes_few_queries(client, cast, settings, time):
    """The list: what is posted, its counts, its rows. A page: what is posted, and all of it."""
    settings.KEPT_PAGES = 0
    for number in (1, 2):
        posted = at("posted", cast, closing=CLOSING)
        assert asked(client, reverse("opportunity_list"))[1] == 3, number
        assert asked(client, reverse("opportunity", args=[posted.reference]))[1] == 2, number

"""Finding an opportunity: words in both languages, slips forgiven, filters that say what they would leave, and its cost."""

from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.postgres.search import SearchQuery
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from evaluations.management.commands import load_sample
from opportunities import listing, search
from opportunities.actions import act
from opportunities.models import Opportunity, SearchEntry, Skill
from tests.factories import at
from tests.posted import BEFORE, CLOSING
from tests.test_posting import WHY


def plain(client_user, number: int, **fields) -> Opportunity:
    """A posted opportunity that says little, open until CLOSING unless told otherwise."""
    given = {
        "reference": f"MA-2027-8{number:03d}",
        "client": client_user,
        "state": "posted",
        "posted_at": BEFORE - timedelta(days=number),
        "closing_at": CLOSING + timedelta(days=number),
        "fixed_price": Decimal(1000 * number),
        "title_en": f"Number {number}",
        "title_fr": f"Numéro {number}",
    }
    return Opportunity.objects.create(**given | fields)


def found(query="", now=BEFORE, **asked):
    """What the list finds: references in its order."""
    looked = listing.look(listing.Asked.in_address({"q": query, **asked}), now)
    return [opportunity.reference for opportunity in looked.rows(0, 100)]


def facet(name, now=BEFORE, **asked):
    looked = listing.look(listing.Asked.in_address(asked), now)
    return {key: number for key, _label, number in looked.facets[name]}


def page(client, language="en", **asked):
    with override(language):
        return unescape(client.get(reverse("opportunity_list"), asked).text)


@pytest.mark.parametrize(
    "query",
    [
        "visit",  # English bends: visits
        "counting visits",
        "compter",  # the title in French
        "prestation",  # French bends: prestations
        "journal",  # journaux
        "ecrire",  # accents: écrire
        "ÉCRIRE",
        "statistics",  # a skill
        "statistique",
        "deliverable OR tests",
        '"benefits pages"',
        "visits -elephants",
    ],
)
def test_words_are_found_in_either_language(posted, query):
    assert found(query) == [posted.reference]


@pytest.mark.parametrize("query", ["elephants", "visits -benefits", '"pages benefits"', "visits elephants"])
def test_every_word_counts(posted, query):
    assert found(query) == []


@pytest.mark.parametrize("written", ["{}", " {} ", "{}".lower()])
def test_a_reference_is_found_as_it_is_written(posted, cast, written):
    plain(cast.amara, 1)
    assert found(written.format(posted.reference)) == [posted.reference]
    assert found(posted.reference.lower()) == found(posted.reference[3:]) == [posted.reference]
    assert found("MA-2027-99999") == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("vists", "visits"),
        ("pyhton", "python"),
        ("benfits pages", "benefits pages"),
        ("prestatoins", "prestations"),
        ("Statistcs", "statistics"),
        ("benef", "benefits"),
    ],
)
def test_slips_are_forgiven_and_said(client, posted, typed, meant):
    text = page(client, q=typed)
    assert posted.reference in text
    assert f"Nothing has the words “{typed}”. These were found with “{meant}”." in text


def test_words_that_nothing_is_like_are_not_forced(client, posted):
    assert search.corrected("elephants") is None
    text = page(client, q="elephants")
    assert "Nothing found" in text
    assert reverse("subscribe") in text
    assert posted.reference not in text


def test_how_far_a_slip_goes():
    assert search.distance("pyhton", "python") == 1
    assert search.distance("visits", "visits") == 0
    assert search.distance("vsit", "visits") == 2
    assert search.distance("", "abc") == 3


def test_the_title_says_more_than_the_text(posted, cast):
    in_text = plain(cast.amara, 1, work_en="It draws a dashboard.", closing_at=CLOSING)
    in_title = plain(cast.amara, 2, title_en="A dashboard of waiting times")
    assert found("dashboard") == [in_title.reference, in_text.reference]
    assert found("dashboard", sort="") == found("dashboard")  # as the form sends it
    assert found("dashboard", sort="closing") == [in_text.reference, in_title.reference]


def test_what_was_never_posted_is_in_no_index(cast, now):
    reserved = at("reserved", cast, closing=CLOSING)
    assert not SearchEntry.objects.filter(opportunity=reserved).exists()
    assert search.corrected("vists") is None
    assert found("visits") == []


def test_the_database_follows_every_change(cast, posted):
    act("amend", posted, cast.tess, data={"work_en": "Draw a dashboard.", **WHY})
    assert found("dashboard") == [posted.reference]
    assert found("table -tableau") == []
    Skill.objects.filter(name_en="Statistics").update(name_en="Cartography", name_fr="Cartographie")
    assert found("cartography") == found("cartographie") == [posted.reference]
    assert found("statistics") == []
    posted.skills.add(Skill.objects.create(name_en="Sculpture", name_fr="Sculpture"))
    assert found("sculpture") == [posted.reference]
    posted.skills.clear()
    assert found("sculpture") == []
    Opportunity.objects.filter(pk=posted.pk).update(title_fr="Observer les éléphants")
    assert found("elephant") == [posted.reference]


def test_open_first_then_those_whose_result_is_to_come_then_the_closed(cast, now):
    done = plain(cast.amara, 1, state="no_award", closing_at=BEFORE - timedelta(days=1))
    waits = plain(cast.amara, 2, state="evaluation", closing_at=BEFORE - timedelta(days=3))
    due = plain(cast.amara, 3, closing_at=BEFORE - timedelta(minutes=1))  # closed, though no job has run
    late, soon = plain(cast.amara, 5), plain(cast.amara, 4)
    for sort in ("", "closing"):
        assert found(sort=sort) == [o.reference for o in (soon, late, due, waits, done)]
    assert found(sort="price-high")[:2] == [late.reference, soon.reference]
    assert found(sort="price-low")[:2] == [soon.reference, late.reference]
    assert found(sort="newest")[:2] == [soon.reference, late.reference]


def test_each_filter_says_how_many_it_would_leave_under_the_others(cast, now):
    plain(cast.amara, 1)
    plain(cast.amara, 3, closing_at=BEFORE + timedelta(days=2))
    plain(cast.amara, 6)
    plain(cast.amara, 7, state="cancelled")
    assert facet("status") == {"open": 3, "result": 0, "closed": 1}
    assert facet("price") == {"2500": 1, "5000": 1, "more": 2}
    assert facet("price", status="open") == {"2500": 1, "5000": 1, "more": 1}
    assert facet("status", status="open") == {"open": 3, "result": 0, "closed": 1}
    assert facet("closing") == {"3": 1, "7": 1, "14": 3, "30": 3}
    assert found(closing="3") == ["MA-2027-8003"]
    assert found(price="more", status="open") == ["MA-2027-8006"]


def test_skills_are_counted_in_the_readers_language(client, posted, cast):
    other = plain(cast.amara, 1)
    statistics = Skill.objects.get(name_en="Statistics")
    other.skills.add(statistics)
    english, french = page(client), page(client, "fr")
    assert "Python (1)" in english and "Statistics (2)" in english
    assert "Statistique (2)" in french
    assert found(skill=str(statistics.pk)) == [posted.reference, other.reference]
    assert found(skill=str(Skill.objects.get(name_en="Python").pk)) == [posted.reference]
    nothing = page(client, skill=str(statistics.pk), q="sculpture")
    assert "selected>Statistics (0)</option>" in nothing


def test_the_whole_question_is_in_the_address_and_in_the_form(client, posted, cast):
    for number in range(1, 13):
        plain(cast.amara, number, title_en=f"A dashboard {number}", fixed_price=Decimal(700 * number))
    text = page(client, q="dashboard", status="open", price="more", sort="price-low", size="10", closing="30")
    for shown in (
        'value="dashboard"',
        'value="open" selected',
        'value="more" selected',
        'value="30" selected',
    ):
        assert shown in text
    assert 'value="price-low" selected' in text
    assert "<strong>5 opportunities</strong>" in text
    first = page(client, q="dashboard", size="10")
    assert "q=dashboard&size=10&page=2" in first
    assert "<strong>12 opportunities</strong>, 1 to 10 on this page" in first
    second = page(client, q="dashboard", size="10", page="2")
    assert second.count('class="gc-card"') == 2
    assert "q=dashboard&status=open" in page(
        client, q="dashboard", status="open"
    )  # the feeds of the same question


def test_when_the_filters_leave_nothing_it_says_what_would_be_left_without(client, posted):
    text = page(client, q="visits", status="closed")
    assert "Without the filters, 1 opportunity has these words" in text
    assert 'href="/en/opportunities/?q=visits"' in text


STRANGE = (
    "\x00",
    "' OR 1=1 --",
    "((((",
    "a" * 5000,
    "🙂",
    '"',
    ":*",
    "!",
    "\u202eabc",
    "é" * 300,
    "%",
    "-",
    "\\",
)


@pytest.mark.parametrize("strange", STRANGE)
def test_strange_questions_are_answered(client, posted, strange):
    asked = dict.fromkeys(("q", "skill", "status", "price", "closing", "sort", "size", "page"), strange)
    assert client.get(reverse("opportunity_list"), asked).status_code == 200
    for name in ("opportunities_atom", "opportunities_ics", "opportunities_json", "opportunities_csv"):
        assert client.get(reverse(name), asked).status_code == 200


def test_of_common_words_no_more_is_read_than_can_be_shown(client, posted, cast, monkeypatch):
    monkeypatch.setattr(search, "FEW", 3)
    states = ("posted", "no_award", "posted", "cancelled", "posted")
    for number, state in enumerate(states, 1):
        plain(cast.amara, number, title_en=f"Umbrella {number}", state=state)
    plain(cast.amara, 6, title_en="Umbrella stand")
    in_order = [f"MA-2027-800{number}" for number in (1, 3, 5, 6, 4, 2)]
    assert search.few("umbrella") is None and len(search.few("stand")) == 1
    common = listing.look(listing.Asked.in_address({"q": "umbrella"}), BEFORE)
    assert (common.total, common.more) == (3, True)
    assert {number for values in common.facets.values() for _key, _label, number in values} == {None}
    assert {number for _key, _label, number in common.skills} == {None}
    for start, stop in ((0, 3), (2, 5), (3, 6), (5, 9), (7, 9)):
        assert [row.reference for row in common.rows(start, stop)] == in_order[start:stop]
    assert found("umbrella", status="closed") == in_order[4:]
    assert found("umbrella", sort="price-high", status="open") == in_order[3::-1]
    left = listing.look(listing.Asked.in_address({"q": "umbrella", "price": "2500"}), BEFORE)
    assert (left.total, left.more, left.counted) == (2, False, False)
    text = page(client, q="umbrella", size="10")
    assert "<strong>More than 3 opportunities</strong>" in text
    assert '<option value="open">Open</option>' in text
    assert "Without the filters, more than 3 opportunities" in page(client, q="umbrella", closing="3")
    answer = client.get(reverse("opportunities_json"), {"q": "umbrella"}).json()
    assert (answer["count"], answer["more"], len(answer["opportunities"])) == (3, True, 3)
    with CaptureQueriesContext(connection) as captured:
        listing.look(listing.Asked.in_address({"q": "umbrella"}), BEFORE)
    assert len(captured) == 1 and "LIMIT 4" in captured[0]["sql"]


def plans(client, address) -> str:
    """How the database would answer each query of a page, if tables were long enough for their indexes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return "\n".join(plan(query["sql"]) for query in captured.captured_queries)


def plan(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute("EXPLAIN " + sql.removeprefix("SET LOCAL enable_seqscan = off; "))
        told = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on")
    return told


def queries(client, address) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_many_opportunities_take_no_more_queries_and_every_one_has_an_index(client, settings, cast):
    settings.DEBUG = True
    call_command("load_sample", opportunities=20, verbosity=0)
    settings.DEBUG = False
    skill = Skill.objects.first().pk
    asked = ("", "?q=access", "?q=pyhton", f"?skill={skill}&sort=price-high", "?page=2&size=10")
    addresses = [reverse("home"), *(reverse("opportunity_list") + query for query in asked)]
    addresses += [reverse(name) for name in ("opportunities_atom", "opportunities_json", "opportunities_csv")]
    few = [queries(client, address) for address in addresses]
    settings.DEBUG = True
    call_command("load_sample", opportunities=280, verbosity=0)
    settings.DEBUG = False
    assert Opportunity.objects.public().count() == SearchEntry.objects.count() == 300
    assert [queries(client, address) for address in addresses] == few
    assert max(few) <= 8, few
    told = "\n".join(plans(client, address) for address in addresses)
    assert "Seq Scan on opportunities_opportunity " not in told
    assert "Seq Scan on opportunities_searchentry" not in told
    for index in ("search_word_likeness", "open_by_closing", "news_first"):
        assert index in told
    by_words = SearchEntry.objects.filter(words=SearchQuery("access", config="microacq_english"))
    with CaptureQueriesContext(connection) as captured:
        list(by_words.values_list("pk"))
    assert "search_words" in plan(captured.captured_queries[0]["sql"])


def test_a_sample_is_never_loaded_where_people_work(db, settings):
    assert not (settings.DEBUG or settings.DEMO)
    with pytest.raises(CommandError, match="never in production"):
        call_command("load_sample", opportunities=1)
    settings.DEBUG = True
    for number in (0, -1, load_sample.MOST + 1):
        with pytest.raises(CommandError, match="from 1 to"):
            call_command("load_sample", opportunities=number)
    assert not Opportunity.objects.exists()

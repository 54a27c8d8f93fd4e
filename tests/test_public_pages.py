"""The home page, the list and the page of an opportunity: what anybody reads, and in how many queries."""

from datetime import timedelta

import pytest
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from evaluations import applications
from microacq import clock
from opportunities.actions import act
from opportunities.models import Opportunity
from opportunities.public_status import public_status
from opportunities.views.questions import ask
from tests.factories import at
from tests.posted import BEFORE, CLOSING
from tests.test_applying import words
from tests.test_posting import LATER, WHY, answer


def page_of(client, opportunity, language="en"):
    with override(language):
        return client.get(reverse("opportunity", args=[opportunity.reference]))


def test_the_page_has_every_section_in_both_languages(client, posted):
    english, french = page_of(client, posted).text, page_of(client, posted, "fr").text
    for word in (
        "Read the logs and write a table.",
        "The logs are public.",
        "A script and its tests.",
        "Show that you have",
        "holds the licence file",
    ):
        assert word in english
    for word in (
        "Lire les journaux et écrire un tableau.",
        "Les journaux sont publics.",
        "Montrez que vous avez",
        "6\xa0500,00\xa0$",
        "Statistique",
    ):
        assert word in french
    assert "$6,500.00" in english
    assert "8 days left to apply" in english
    assert "January 20, 2027, 2:00 p.m. Eastern time" in english
    assert "January 18, 2027, 2:00 p.m. Eastern time" in english
    assert '<html lang="fr"' in french


def test_what_was_never_posted_is_not_found(client, cast, now):
    reserved = at("reserved", cast, closing=CLOSING)
    assert page_of(client, reserved).status_code == 404
    client.force_login(cast.amara)
    assert page_of(client, reserved).status_code == 404
    assert reserved.reference not in client.get(reverse("opportunity_list")).text


def test_changes_are_shown_before_and_after_in_the_readers_language(client, cast, posted):
    act("extend_closing", posted, cast.tess, data=LATER)
    posted.refresh_from_db()
    act(
        "amend",
        posted,
        cast.tess,
        data={"work_en": "Read the logs twice.", "work_fr": "Lire deux fois.", **WHY},
    )
    page = page_of(client, posted).text
    assert "Updated" in page
    assert "<del>January 20, 2027, 2:00 p.m. Eastern time</del>" in page
    assert "<ins>January 25, 2027, 4:30 p.m. Eastern time</ins>" in page
    assert "<del>Read the logs and write a table.</del>" in page
    assert "<del>Lire" not in page
    assert "A word was missing." in page
    assert "<del>Lire les journaux et écrire un tableau.</del>" in page_of(client, posted, "fr").text
    assert "Updated" in client.get(reverse("opportunity_list")).text


def test_it_reads_closed_at_its_time_though_no_job_has_run(client, cast, posted, now):
    applications.apply(posted, cast.li, words(posted))
    now.move_to(CLOSING - timedelta(seconds=1))
    assert "Closes today" in page_of(client, posted).text
    now.move_to(CLOSING)
    page = page_of(client, posted).text
    assert "Closed, result to come" in page
    assert "How to apply" not in page
    assert "<dt>Applications received</dt><dd>1</dd>" in page
    assert "Li Supplier" not in page


@pytest.mark.parametrize("state", ["opened", "evaluation", "review", "confirmed", "selection"])
def test_until_the_contract_nobody_is_named(client, cast, state):
    found = at(state, cast)
    page = page_of(client, found).text
    assert "<dt>Applications received</dt><dd>2</dd>" in page
    assert "Li Supplier" not in page
    assert "Sam Supplier" not in page


def test_the_result_names_the_supplier_the_price_and_the_code(client, cast):
    page = page_of(client, at("work", cast)).text
    assert "Li Supplier" in page
    assert "Sam Supplier" not in page
    assert "One application passed, so no draw was needed." in page
    assert "<dt>Delivered code</dt>" not in page
    done = page_of(client, at("complete", cast)).text
    assert "<dt>Delivered code</dt>" in done
    assert "v1.0.0" in done
    assert "github.com/canada-ca/ore-ero/pull" in done


def test_a_draw_is_linked(client, cast):
    found = at("drawing", cast)
    assert reverse("draw_page", args=[found.reference]) in page_of(client, found).text


@pytest.mark.parametrize(
    ("state", "label"),
    [
        ("no_award", "Closed without a supplier"),
        ("cancelled", "Cancelled"),
        ("terminated", "Contract ended early"),
    ],
)
def test_endings_are_said_with_their_reason(client, cast, state, label):
    found = at(state, cast)
    page = page_of(client, found).text
    assert label in page
    if state != "terminated":
        assert found.ending_reason_en in page
    assert public_status(found, clock.now()).key == state


def test_the_list_has_the_open_ones_first_soonest_on_top(client, cast, now):
    early, late = at("posted", cast, closing=CLOSING), at("posted", cast, closing=CLOSING + timedelta(days=5))
    closed = at("cancelled", cast, closing=CLOSING)
    text = client.get(reverse("opportunity_list")).text
    places = [text.index(f"/{found.reference}/") for found in (early, late, closed)]
    assert places == sorted(places)
    assert "3 opportunities" in text


def test_the_list_is_searched_and_filtered_from_the_address(client, cast, posted):
    other = at("cancelled", cast, closing=CLOSING)

    def found(**asked):
        with override("en"):
            text = client.get(reverse("opportunity_list"), asked).text
        return {
            opportunity.reference for opportunity in (posted, other) if f"/{opportunity.reference}/" in text
        }

    assert found(status="open") == {posted.reference}
    assert found(status="closed") == {other.reference}
    assert found(q="visit") == found(q="journal") == found(q="statist") == {posted.reference, other.reference}
    assert found(q=posted.reference) == {posted.reference}
    assert found(q="elephants") == set()
    assert found(skill=str(posted.skills.first().pk), status="open") == {posted.reference}
    for strange in ("\x00", "' OR 1=1 --", "((((", "a" * 5000, "🙂", '"'):
        assert (
            client.get(
                reverse("opportunity_list"), {"q": strange, "skill": "x", "status": "?", "page": "zz"}
            ).status_code
            == 200
        )
    assert "Nothing found" in client.get(reverse("opportunity_list"), {"q": "elephants"}).text


def test_search_words_are_escaped(client, db):
    assert "<script>x" not in client.get(reverse("opportunity_list"), {"q": "<script>x</script>"}).text


def test_home_shows_what_is_open(client, posted):
    for language, words_shown in (("en", "Count visits"), ("fr", "Compter les visites")):
        with override(language):
            response = client.get(reverse("home"))
        assert response.status_code == 200
        assert words_shown in response.text


def queries_of(client, address, **asked):
    client.get(address, asked)
    with CaptureQueriesContext(_connection()) as captured:
        assert client.get(address, asked).status_code == 200
    return len(captured)


def _connection():
    from django.db import connection

    return connection


def test_the_same_number_of_queries_at_one_row_and_at_three(client, cast, now):
    first = at("posted", cast, closing=CLOSING)
    ask(first, cast.li, "One?")
    act("publish_answers", first, cast.tess, data=answer(first.questions.get()))
    first.refresh_from_db()
    act("amend", first, cast.tess, data={"work_en": "1", **WHY})
    addresses = [reverse("home"), reverse("opportunity_list"), reverse("opportunity", args=[first.reference])]
    one = [queries_of(client, address) for address in addresses]
    searched = queries_of(client, addresses[1], q="visit")
    for n in range(2):
        at("posted", cast, closing=CLOSING + timedelta(days=n + 1))
        question = ask(first, cast.sam, f"More {n}?")
        first.refresh_from_db()
        act("publish_answers", first, cast.tess, data=answer(question))
        first.refresh_from_db()
        act("amend", first, cast.tess, data={"work_en": f"more {n}", **WHY})
    assert [queries_of(client, address) for address in addresses] == one
    assert queries_of(client, addresses[1], q="visit") == searched
    assert max(one) <= 16, one


def test_the_suppliers_pages_take_the_same_number_of_queries_whoever_else_applies(client, cast, posted):
    applications.apply(posted, cast.li, words(posted))
    client.force_login(cast.li)
    addresses = [
        reverse(name, args=[posted.reference])
        for name in ("apply", "apply_answers", "apply_check", "application", "receipt")
    ]
    one = [queries_of(client, address) for address in addresses]
    for supplier in (cast.sam, cast.noor):
        applications.apply(posted, supplier, words(posted))
    assert [queries_of(client, address) for address in addresses] == one
    assert max(one) <= 16, one


def test_the_list_is_cut_in_pages(client, cast, posted):
    copies = [
        Opportunity(
            reference=f"MA-2027-9{n:03d}",
            client=cast.amara,
            state="posted",
            posted_at=BEFORE,
            closing_at=CLOSING,
            fixed_price=1,
            title_en=f"Number {n}",
        )
        for n in range(30)
    ]
    Opportunity.objects.bulk_create(copies)
    first = client.get(reverse("opportunity_list")).text
    assert "31 opportunities" in first
    second = client.get(reverse("opportunity_list"), {"page": 2}).text
    assert first.count('class="gc-card"') == 25
    assert second.count('class="gc-card"') == 6

"""What machines read of the opportunities, parsed as they would: Atom, iCalendar, JSON, CSV."""

import csv
import io
import json
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.translation import override
from icalendar import Calendar

from evaluations import applications
from microacq import clock
from opportunities.actions import act
from opportunities.models import Opportunity
from opportunities.publishing import tender_csv
from opportunities.views.questions import ask
from tests.factories import at
from tests.posted import BEFORE, CLOSING
from tests.test_applying import words
from tests.test_posting import LATER, WHY, answer

ATOM = {"a": "http://www.w3.org/2005/Atom"}
FEEDS = ("opportunities_atom", "opportunities_ics", "opportunities_json", "opportunities_csv")
OF_ONE = ("opportunity_ics", "opportunity_json")
PAGES = (
    "home",
    "opportunity_list",
    "how_it_works",
    "guide_suppliers",
    "faq",
    "terms",
    "privacy",
    "open_data",
)


def get(client, name, *args, language="en", asked=None, **headers):
    with override(language):
        return client.get(reverse(name, args=args), asked or {}, headers=headers)


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def amend(cast, opportunity):
    opportunity.refresh_from_db()
    act("amend", opportunity, cast.tess, data={"work_en": "Read the logs twice.", **WHY})


# Atom


def entries(client, language="en", **asked):
    response = get(client, "opportunities_atom", language=language, asked=asked)
    assert response.headers["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(response.content)
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == language
    return feed, feed.findall("a:entry", ATOM)


def test_an_entry_keeps_its_id_and_is_updated_by_an_amendment(client, cast, posted, now):
    _feed, [first] = entries(client)
    now.move_to(BEFORE + timedelta(hours=3))
    amend(cast, posted)
    _feed, [second] = entries(client)
    told = [
        {name: e.findtext(f"a:{name}", namespaces=ATOM) for name in ("id", "published", "updated", "summary")}
        for e in (first, second)
    ]
    assert told[0]["id"] == told[1]["id"]
    assert told[0]["id"].startswith("urn:uuid:")
    assert told[0]["published"] == told[0]["updated"] == told[1]["published"]
    assert datetime.fromisoformat(told[1]["updated"]) == BEFORE + timedelta(hours=3)
    assert "A word was missing." in told[1]["summary"]
    assert "$6,500.00" in told[1]["summary"]
    _feed, [french] = entries(client, "fr")
    assert french.findtext("a:id", namespaces=ATOM) != told[0]["id"]
    assert "Il manquait un mot." in french.findtext("a:summary", namespaces=ATOM)


def test_a_feed_can_be_of_what_was_searched_for(client, cast, posted):
    at("cancelled", cast, closing=CLOSING)
    feed, found = entries(client, status="open", q="visits")
    assert [e.find("a:link", ATOM).get("href") for e in found] == [
        f"http://testserver/en/opportunities/{posted.reference}/"
    ]
    assert feed.find("a:link[@rel='self']", ATOM).get("href").endswith("?q=visits&status=open")
    assert (
        feed.find("a:link[@rel='alternate']", ATOM)
        .get("href")
        .endswith("/en/opportunities/?q=visits&status=open")
    )
    _feed, every = entries(client)
    assert len(every) == 2


# iCalendar


def events(response) -> dict:
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in response.content.split(b"\r\n"))
    calendar = Calendar.from_ical(response.content)
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["America/Toronto"]
    return {str(event["UID"]): event for event in calendar.walk("VEVENT")}


def test_both_deadlines_are_in_the_calendar_in_eastern_time(client, posted):
    found = events(get(client, "opportunity_ics", posted.reference))
    closing, questions = (
        found[f"{posted.reference}-{kind}@esdc-edsc.micro-acquisition"] for kind in ("closing", "questions")
    )
    assert closing["DTSTART"].dt == CLOSING
    assert closing["DTSTART"].params["TZID"] == "America/Toronto"
    assert questions["DTSTART"].dt == datetime(2027, 1, 18, 14, 0, tzinfo=clock.EASTERN)
    assert closing["SEQUENCE"] == 0
    assert closing["STATUS"] == "CONFIRMED"
    assert "Count visits" in closing["SUMMARY"]
    french = events(get(client, "opportunity_ics", posted.reference, language="fr"))
    assert set(french) == set(found)
    assert "Compter les visites" in french[str(closing["UID"])]["SUMMARY"]


def test_a_calendar_moves_and_cancels_what_it_holds(client, cast, posted, now):
    before = events(get(client, "opportunities_ics"))
    act("extend_closing", posted, cast.tess, data=LATER)
    moved = events(get(client, "opportunities_ics"))
    assert set(moved) == set(before)
    uid = f"{posted.reference}-closing@esdc-edsc.micro-acquisition"
    assert moved[uid]["DTSTART"].dt == datetime(2027, 1, 25, 16, 30, tzinfo=clock.EASTERN)
    assert moved[uid]["SEQUENCE"] == 1
    assert moved[uid]["DTSTAMP"].dt >= before[uid]["DTSTAMP"].dt
    posted.refresh_from_db()
    act("cancel", posted, cast.tess, data=WHY)
    gone = events(get(client, "opportunities_ics"))
    assert {str(event["STATUS"]) for event in gone.values()} == {"CANCELLED"}
    assert {event["SEQUENCE"] for event in gone.values()} == {2}
    assert get(client, "opportunities_ics").content == get(client, "opportunities_ics").content


def test_what_was_cancelled_after_closing_still_closed(client, cast):
    opened = at("opened", cast)
    act("cancel", opened, cast.tess, data=WHY)
    found = events(get(client, "opportunity_ics", opened.reference))
    assert {str(event["STATUS"]) for event in found.values()} == {"CONFIRMED"}


# JSON


def test_the_page_as_data_says_both_languages_and_nothing_sealed(client, cast, posted, now):
    applications.apply(posted, cast.li, words(posted))
    ask(posted, cast.sam, "Asked by Sam, who must not be named?")
    posted.refresh_from_db()
    act("publish_answers", posted, cast.tess, data=answer(posted.questions.get()))
    amend(cast, posted)
    response = get(client, "opportunity_json", posted.reference)
    record = json.loads(response.content)
    assert record["title"] == {"en": posted.title_en, "fr": posted.title_fr}
    assert record["fixed_price"] == "6500.00"
    assert record["closing_at"] == "2027-01-20T14:00:00-05:00"
    assert record["status"] == "open"
    assert record["result"] is None
    assert len(record["questions"]) == 1
    assert record["amendments"][0]["reason"] == {"en": WHY["reason_en"], "fr": WHY["reason_fr"]}
    assert record["url"]["fr"].endswith(reverse_in("fr", "opportunity", posted.reference))
    for secret in ("Li Supplier", "Sam", "receipt", "li@", "applications"):
        assert secret not in response.text
    now.move_to(CLOSING)
    record = json.loads(get(client, "opportunity_json", posted.reference).content)
    assert record["status"] == "result"
    assert record["result"]["applications"] == 1
    assert record["result"]["supplier"] is None


def reverse_in(language, name, *args):
    with override(language):
        return reverse(name, args=args)


def test_the_result_as_data(client, cast):
    record = json.loads(get(client, "opportunity_json", at("complete", cast).reference).content)["result"]
    assert record["supplier"] == "Li Supplier"
    assert record["price"] == "6500.00"
    assert record["delivered_code"]["revision"] == "v1.0.0"
    assert "Sam Supplier" not in json.dumps(record)


def test_the_list_as_data_is_narrowed_and_cut(client, cast, posted):
    Opportunity.objects.bulk_create(
        Opportunity(
            reference=f"MA-2027-9{n:03d}",
            client=cast.amara,
            state="no_award",
            posted_at=BEFORE,
            closing_at=BEFORE,
            fixed_price=1,
            title_en=f"Number {n}",
        )
        for n in range(150)
    )
    first = json.loads(get(client, "opportunities_json").content)
    assert (first["count"], first["pages"], len(first["opportunities"])) == (151, 2, 100)
    assert first["opportunities"][0]["reference"] == posted.reference
    second = json.loads(client.get(first["next"]).content)
    assert len(second["opportunities"]) == 51
    assert second["next"] is None
    only = json.loads(get(client, "opportunities_json", asked={"status": "open"}).content)
    assert only["count"] == 1


# CSV


def rows(client, **asked):
    content = body(get(client, "opportunities_csv", asked=asked))
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_table_has_the_columns_of_canadabuys(client, cast, posted):
    amend(cast, posted)
    [row] = rows(client)
    assert list(row) == tender_csv.COLUMNS
    assert len(row) == 67
    assert row["title-titre-fra"] == posted.title_fr
    assert row["referenceNumber-numeroReference"] == posted.reference
    assert row["amendmentNumber-numeroModification"] == "001"
    assert row["tenderClosingDate-appelOffresDateCloture"] == "2027-01-20T14:00:00"
    assert row["tenderStatus-appelOffresStatut-eng"] == "Open"
    assert row["tenderStatus-appelOffresStatut-fra"] == "Ouvert"
    assert (
        row["endUserEntitiesName-nomEntitesUtilisateurFinal-fra"] == "Emploi et Développement social Canada"
    )
    assert "6\xa0500,00\xa0$" in row["tenderDescription-descriptionAppelOffres-fra"]
    assert row["noticeURL-URLavis-fra"] == "http://testserver" + reverse_in(
        "fr", "opportunity", posted.reference
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\r="])
def test_no_cell_is_taken_for_a_formula(client, posted, start):
    Opportunity.objects.filter(pk=posted.pk).update(title_en=f'{start}HYPERLINK("https://a.example","x")')
    [row] = rows(client)
    assert row["title-titre-eng"].startswith("'")


def test_whatever_is_in_a_text_stays_in_its_cell(client, posted):
    text = 'Says "a, b";\nand <script>é</script>'
    Opportunity.objects.filter(pk=posted.pk).update(short_description_en=text)
    [row] = rows(client)
    assert row["tenderDescription-descriptionAppelOffres-eng"].endswith(text)


# Asking again


def public_addresses(opportunity) -> list[str]:
    own = [reverse(name, args=[opportunity.reference]) for name in ("opportunity", *OF_ONE)]
    return [reverse(name) for name in (*PAGES[:2], *FEEDS)] + own + ["/sitemap.xml", "/robots.txt"]


def test_who_has_the_latest_is_told_so(client, cast, posted, now):
    for address in public_addresses(posted):
        first = client.get(address)
        for headers in (
            {"if-none-match": first.headers["ETag"]},
            {"if-modified-since": first.headers["Last-Modified"]},
        ):
            again = client.get(address, headers=headers)
            assert again.status_code == 304, (address, headers)
            assert not again.content
            assert again.headers["ETag"] == first.headers["ETag"]
    stale = {address: client.get(address).headers for address in public_addresses(posted)}
    now.move_to(BEFORE + timedelta(minutes=5))
    amend(cast, posted)
    for address in public_addresses(posted):
        changed = "/robots" not in address
        had = stale[address]
        by_etag = client.get(address, headers={"if-none-match": had["ETag"]})
        by_date = client.get(address, headers={"if-modified-since": had["Last-Modified"]})
        if changed and address not in (reverse("home"), reverse("opportunity_list")):
            assert by_etag.status_code == 200, address
        if changed:
            assert by_date.status_code == 200, address


def test_closing_changes_what_is_read_though_nothing_is_saved(client, posted, now):
    now.move_to(CLOSING - timedelta(seconds=1))
    addresses = [
        reverse("opportunity_list"),
        reverse("opportunities_json"),
        reverse("opportunity", args=[posted.reference]),
    ]
    open_still = [client.get(address).headers for address in addresses]
    now.move_to(CLOSING)
    for address, had in zip(addresses, open_still, strict=True):
        assert client.get(address, headers={"if-none-match": had["ETag"]}).status_code == 200
        assert client.get(address, headers={"if-modified-since": had["Last-Modified"]}).status_code == 200


def test_the_signed_out_are_given_no_cookie(client, posted):
    for language in ("en", "fr"):
        for name in (*PAGES, *FEEDS):
            assert not get(client, name, language=language).cookies
        for name in ("opportunity", *OF_ONE):
            assert not get(client, name, posted.reference, language=language).cookies
    assert not client.get("/robots.txt").cookies
    assert not client.get("/").cookies


def test_what_a_signed_in_person_reads_is_kept_nowhere(client, cast, posted):
    public = get(client, "opportunity", posted.reference).headers
    assert public["Cache-Control"] == "public, max-age=0, s-maxage=10, must-revalidate"
    client.force_login(cast.amara)
    asked_again = {"if-none-match": public["ETag"]}
    own = get(client, "opportunity", posted.reference, **asked_again)
    assert own.status_code == 200
    assert "no-store" in own.headers["Cache-Control"]
    assert "Last-Modified" not in own.headers
    late = get(client, "opportunity", posted.reference, **{"if-modified-since": public["Last-Modified"]})
    assert late.status_code == 200
    assert "public" in get(client, "opportunities_json").headers["Cache-Control"]


def test_what_was_never_posted_is_nowhere(client, cast, now):
    reserved = at("reserved", cast, closing=CLOSING)
    for name in OF_ONE:
        assert get(client, name, reserved.reference).status_code == 404
    for name in FEEDS:
        assert reserved.reference.encode() not in body(get(client, name))
    assert settings.SITE_URL == "http://testserver"


def test_only_reading_is_allowed(client, posted):
    for address in public_addresses(posted):
        assert client.post(address).status_code == 405
        assert client.head(address).status_code == 200

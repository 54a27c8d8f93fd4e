"""The opportunity tracker: every column, in three formats, for the team alone, and nothing that a spreadsheet would run."""

import csv
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from microacq import clock
from opportunities.models import HandRecord, InternalNote, Opportunity
from opportunities.publishing import sheets, tracker
from tests.factories import at, journey
from tests.need import NOW

LIST = "/en/admin/opportunities/opportunity/"
KINDS = ("csv", "xlsx", "ods")
RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


def content(answer) -> bytes:
    assert answer.status_code == 200, answer.status_code
    return b"".join(answer.streaming_content)


def table(kind: str, data: bytes) -> list[list]:
    """The cells of a file, as a spreadsheet reads them; of a CSV file as text."""
    if kind == "csv":
        return list(csv.reader(StringIO(data.decode("utf-8-sig"))))
    return (
        CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    )


def fetch(client, kind: str, language="en", **filters) -> list[list]:
    address = f"/{language}/admin/opportunities/opportunity/tracker.{kind}"
    return table(kind, content(client.get(f"{address}?{urlencode(filters)}" if filters else address)))


def by_name(rows, number=0) -> dict:
    return dict(zip(rows[0], rows[1 + number], strict=True))


def test_every_column_is_filled_for_what_went_all_the_way(cast, client):
    trip = journey(cast, state="complete", now=NOW, suppliers=[cast.li, cast.sam], passing=[True, False])
    done = trip.to("complete")
    HandRecord.objects.create(opportunity=done, first_meeting_on=date(2026, 11, 2), draft_pif_sent_on=date(2026, 11, 9), hours_to_draft=Decimal("6.5"), recorded_at=NOW)  # fmt: skip
    InternalNote.objects.create(opportunity=done, author=cast.tess, text="=1+1", written_at=NOW)
    client.force_login(cast.tess)
    found = {kind: fetch(client, kind) for kind in KINDS}
    row = by_name(found["xlsx"])
    day = {name: trip.moment(name).date() for name in trip_states()}
    contract = done.contract
    expected = {
        "No.": done.reference, "Name": "Count visits to the benefits pages", "Meets the criteria?": "Yes", "Fixed price, before taxes": 6500.0,
        "Deadline to apply, original": trip.closing.replace(tzinfo=None), "Deadline to apply, extended": "",
        "Supplier selection date, original": trip.dates["selection_date"], "Supplier selection date, extended": "",
        "Delivery deadline, original": trip.dates["delivery_date"], "Delivery deadline, extended": "",
        "Department": "Employment and Social Development Canada", "Branch": "IITB", "Team": "Benefits Web",
        "Client name": "Amara Client", "Contact": cast.amara.email, "Stage": "post-contractual", "Posted?": "Yes",
        "If eligible but not posted, why": "", "Website status": "closed", "Number of questions": 0, "Number of applications": 2,
        "Number of suppliers who passed": 1, "Supplier chosen?": "Yes", "Delivered?": "Yes", "Repository": contract.repository,
        "In the Open Resource Exchange?": "Yes", "Paid?": "Yes", "First meeting": date(2026, 11, 2), "Statement started": day["preparing"],
        "Statement completed": day["committing"], "Effort, in hours": 40.0, "Draft PIF sent": date(2026, 11, 9),
        "PIF sent to the manager (section 32)": day["committing"], "Sent to finance": day["reserving"], "Funds reserved on": day["reserved"],
        "Posted on": day["posted"], "Winner told": day["selection"], "Supplier confirmed": day["work"], "Terms signed": day["work"],
        "Work started": day["work"], "Delivered on": day["acceptance"], "Contract terminated": "", "Hours to draft": 6.5,
        "Business days to draft": 3, "Notes": "'=1+1",
    }  # fmt: skip
    assert list(row) == list(expected) == tracker.headings()
    assert row == expected
    assert {type(row[name]) for name in ("Posted on", "First meeting", "Delivery deadline, original")} == {
        date
    }
    assert type(row["Deadline to apply, original"]) is datetime
    assert type(row["Fixed price, before taxes"]) is float
    assert by_name(found["ods"]) == row, "the same in OpenDocument, with the same types"
    plain = by_name(found["csv"])
    assert (plain["Fixed price, before taxes"], plain["Posted on"]) == ("6500.00", day["posted"].isoformat())
    assert plain["Deadline to apply, original"] == trip.closing.strftime("%Y-%m-%d %H:%M")
    assert {str(cell) for cell in row.values() if type(cell) is str} <= set(plain.values())
    everything = str(found)
    assert not any(name in everything for name in ("Li Supplier", "Sam Supplier", cast.li.email)), (
        "no supplier is named"
    )


def trip_states():
    return "preparing committing reserving reserved posted selection work acceptance".split()


@pytest.fixture
def desk(cast, client):
    """Tess at the desk, with an open opportunity of Amara's that has two applications, and two drafts."""
    trip = journey(cast, closing=NOW.replace(day=26, hour=14), suppliers=[cast.li, cast.sam])
    posted = trip.to("posted")
    with clock.frozen(trip.closing.replace(day=25)):
        trip.apply()
    Opportunity.objects.create(
        client=cast.bo,
        title_en='=HYPERLINK("http://x.example")',
        title_fr="",
        branch="\t+cmd",
        team_name="@SUM(A1)",
    )
    Opportunity.objects.create(client=cast.bo, title_en="", title_fr="Trier", branch="-1+2", state="declined")
    client.force_login(cast.tess)
    return posted


def test_what_is_sealed_stays_sealed_filters_apply_and_nothing_runs(cast, client, desk, frozen):
    frozen.move_to(NOW.replace(day=25, hour=15))
    whole = {kind: content(client.get(f"{LIST}tracker.{kind}")) for kind in KINDS}
    for kind, data in whole.items():
        rows = table(kind, data)
        assert len(rows) == 4
        assert not any(str(cell).startswith(RUNS) for row in rows for cell in row if isinstance(cell, str)), (
            kind
        )
        row = by_name(rows)
        assert str(row["Number of applications"]).removesuffix(".0") == "2", "the team may know how many"
        assert row["Number of suppliers who passed"] == "" and row["Website status"] == "open"
        text = data.decode("utf-8", "ignore")
        if kind != "csv":
            with zipfile.ZipFile(BytesIO(data)) as archive:
                text = "".join(
                    archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")
                )
            assert "<f>" not in text and "table:formula" not in text
        for sealed in ("From 2021 to 2024", "Li Supplier", cast.sam.email):
            assert sealed not in text
    assert [row[1] for row in fetch(client, "csv", state="declined")] == ["Name", "Trier"]
    assert [row[11] for row in fetch(client, "ods", q="HYPERLINK")][1:] == ["'\t+cmd"]
    assert len(fetch(client, "csv", step="4", late="no")) == 2
    assert client.get(f"{LIST}tracker.csv?nonsense__x=1").status_code in (302, 400)
    french = by_name(fetch(client, "xlsx", "fr", state="posted"))
    assert french[list(french)[1]] == "Compter les visites des pages sur les prestations"
    # Who of the team has a part in the need is told neither how many applied nor what the team notes.
    InternalNote.objects.create(opportunity=desk, author=cast.tess, text="Among us.", written_at=NOW)
    assert by_name(fetch(client, "csv", state="posted"))["Notes"] == "Among us."
    desk.evaluators.add(cast.tom)
    client.force_login(cast.tom)
    seen = by_name(fetch(client, "csv", state="posted"))
    assert (seen["Number of applications"], seen["Notes"]) == ("", "")
    for other in (cast.amara, cast.fin, cast.li, cast.mona):
        client.force_login(other)
        assert client.get(f"{LIST}tracker.xlsx").status_code in (302, 403)
    client.logout()
    assert client.get(f"{LIST}tracker.ods").status_code == 302


def test_the_list_leads_to_its_files_with_the_same_filters_and_queries_do_not_grow(cast, client, desk):
    page = client.get(f"{LIST}?state=declined&q=trier").content.decode()
    assert re.search(r'tracker\.xlsx\?state=declined&amp;q=trier"', page)
    counts = []
    for filters in ({"q": "Trier"}, {}):
        with CaptureQueriesContext(
            connection,
        ) as found:
            fetch(client, "csv", **filters)
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_a_title_in_one_language_is_shown_in_both(cast, client, desk):
    with translation.override("en"):
        rows = list(tracker.rows(Opportunity.objects.filter(title_fr="Trier"), cast.tess, NOW))
    assert rows[0][1] == "Trier"


def test_a_need_that_waits_or_was_cancelled_early_says_why_it_is_not_public(cast):
    waiting = at("waitlisted", cast, now=NOW)
    (row,) = tracker.rows(Opportunity.objects.filter(pk=waiting.pk), cast.tess, NOW)
    told = dict(zip(tracker.headings(), row, strict=True))
    assert (
        told["Meets the criteria?"] == "Yes"
        and told["Posted?"] == "No"
        and told["Stage"] == "pre-contractual"
    )
    assert told["If eligible but not posted, why"].startswith("Waitlisted: The team is at capacity.")


TEXTS = st.text(min_size=1, max_size=30) | st.builds(
    lambda lead, rest: lead + rest,
    st.sampled_from([*RUNS, " =", "\u00a0+", "＝", "'="]),
    st.text(max_size=12),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6), TEXTS)
def test_no_text_begins_with_what_a_spreadsheet_would_run(cells, heading):
    """Whatever is typed, in whatever cell; and every other text comes out as it went in."""
    rows = [cells]
    headings = [heading] * len(cells)
    files = {
        "csv": "".join(sheets.csv_lines(headings, rows)).encode("utf-8", "ignore"),
        "xlsx": sheets.xlsx_file(f"{heading} in a tracker of opportunities", headings, rows).read(),
        "ods": b"".join(sheets.ods_chunks(f"{heading} in a tracker of opportunities", headings, rows, NOW)),
    }
    for kind, data in files.items():
        for row in table(kind, data):
            for cell in row:
                assert isinstance(cell, str) or cell is None
                assert not (cell or "").startswith(RUNS) and not (cell or "").lstrip().startswith(
                    ("=", "+", "-", "@", "＝")
                )
    with zipfile.ZipFile(BytesIO(files["xlsx"])) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    with zipfile.ZipFile(BytesIO(files["ods"])) as archive:
        assert b"table:formula" not in archive.read("content.xml")


def test_numbers_and_days_keep_their_type_and_long_texts_an_end():
    row = [-5, Decimal("-0.50"), date(2027, 1, 2), NOW, None, "x" * 40_000]
    for kind, data in (
        ("xlsx", sheets.xlsx_file("x", list("abcdef"), [row]).read()),
        ("ods", b"".join(sheets.ods_chunks("x", list("abcdef"), [row], NOW))),
    ):
        read = table(kind, data)[1]
        assert read[:5] == [-5.0, -0.5, date(2027, 1, 2), NOW.replace(tzinfo=None), ""]
        assert len(read[5]) == sheets.LONGEST + 1

"""The measures of success, counted by hand on a small world; the charts; what the team records by hand."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from evaluations.models import SurveyAnswer, SurveyInvitation
from microacq import clock
from opportunities import charts, periods
from opportunities.measures import measures
from opportunities.measures_charts import charts as drawn
from opportunities.models import HandRecord, Opportunity, SplittingDecision, SplittingFlag
from tests.factories import at, journey
from tests.need import NOW

pytestmark = pytest.mark.django_db
MONTH = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


def answers(number, kind="supplier", **given):
    for _n in range(number):
        SurveyAnswer.objects.create(kind=kind, month=MONTH, **given)


def queries(asked_of=periods.ALL) -> int:
    """How many queries the page's numbers take."""
    with CaptureQueriesContext(connection) as made:
        measures(asked_of, NOW), drawn(asked_of, NOW)
    return len(made)


def first(cast):
    """The journey of one opportunity that was completed."""
    trip = journey(cast, state="complete", now=NOW)
    trip.to("complete")
    return trip


def more(cast, complete):
    """One ended for default, one open with two applications, one declined, one draft; and the survey."""
    HandRecord.objects.create(opportunity=complete, forks=3, forks_counted_on=NOW.date(), recorded_at=NOW)
    ended = at("terminated", cast, now=NOW)
    flag = SplittingFlag.objects.create(opportunity=ended, occasion="submit", raised_at=NOW)
    for answer in ("not_splitting", "splitting"):  # the later decision is the one that holds
        SplittingDecision.objects.create(flag=flag, answer=answer, reason="Two parts.", decided_at=NOW)
    still_open = journey(cast, closing=NOW + timedelta(days=14, hours=4))
    still_open.to("posted")
    still_open.apply()
    at("declined", cast, now=NOW)
    Opportunity.objects.create(client=cast.bo, title_en="A draft")
    answers(10, new_to_government="yes", region="H2X", size="freelancer", would_again="no")
    answers(5, new_to_government="unsure", region="K1A", size="other", under_represented="yes")
    answers(4, "client", would_again="yes", hours_saved=10)
    answers(1, "client", would_again="no", hours_saved=20)
    for number in range(5):
        SurveyInvitation.objects.create(token_sha256=str(number), kind="supplier", month=MONTH)


def test_every_measure_is_what_one_counts_by_hand(cast, client):
    trip = first(cast)
    few = queries()
    more(cast, trip.opportunity)
    assert queries() == few, "as many queries, however much there is"
    asked = SurveyInvitation.objects.filter(kind="supplier").count() + 15
    asked_clients = SurveyInvitation.objects.filter(kind="client").count() + 5
    found = {measure.key: measure for measure in measures(periods.Period(2026), NOW)}
    days = (trip.moment("registry").date() - trip.moment("certification").date()).days
    assert {key: measure.value for key, measure in found.items()} == {
        "applications": 2, "suppliers": 2, "requests": 4, "eligible": Decimal("0.75"), "posted": 3, "chosen": 1, "delivered": Decimal("0.5"),
        "clients_again": None, "suppliers_again": Decimal(0), "splitting": Decimal("0.25"), "value": Decimal("13000.00"),
        "new_to_government": Decimal(10) / 15, "outside_capital": Decimal(10) / 15, "under_represented": Decimal(1), "repositories": 1,
        "small": Decimal(10) / 15, "entries": 1, "forks": 3, "hours": Decimal("12.0"), "time_to_pay": days,
    }  # fmt: skip
    assert list(found) == [
        "applications", "suppliers", "requests", "eligible", "posted", "chosen", "delivered", "clients_again", "suppliers_again", "splitting",
        "value", "new_to_government", "outside_capital", "under_represented", "small", "repositories", "entries", "forks", "hours", "time_to_pay",
    ], "in the order of the pilot's list"  # fmt: skip
    assert found["applications"].basis == "applications: 4; opportunities: 2", "nothing of the open one"
    assert found["clients_again"].withheld and found["clients_again"].shown == "Not shown"
    assert found["clients_again"].basis == f"5 answered of {asked_clients} asked"
    assert found["outside_capital"].basis == f"15 answered of {asked} asked"
    assert found["forks"].basis == "recorded for 1 of 1"
    assert (found["chosen"].met, found["posted"].met, found["splitting"].met, found["requests"].met) == (True, False, False, None)  # fmt: skip
    assert (
        found["applications"].target_shown == "more than 1"
        and found["chosen"].target_shown == "at least 100%"
    )
    assert found["time_to_pay"].target_shown == "at most 15.5 days" and found["time_to_pay"].met

    shown = {
        chart.key: {bar.label: bar.value for bar in chart.bars} for chart in drawn(periods.Period(2026), NOW)
    }
    assert list(shown) == ["steps", "days", "applications", "value", "pay"]
    assert list(shown["steps"].values()) == [4, 4, 3, 3, 2, 2, 2, 1, 1]
    assert shown["applications"] == {
        "No application": 0,
        "1": 0,
        "2": 2,
        "3 or 4": 0,
        "5 to 9": 0,
        "10 or more": 0,
    }
    assert sum(shown["value"].values()) == Decimal("13000.00")
    assert shown["pay"]["Within 7 days"] == 1
    assert shown["days"]["2. Eligibility"] == 1, "business days from one morning to the next"

    before = {measure.key: measure.value for measure in measures(periods.Period(2024), NOW)}
    assert (before["requests"], before["value"], before["chosen"], before["time_to_pay"]) == (
        0,
        0,
        None,
        None,
    )
    assert before["outside_capital"] == found["outside_capital"].value, "the survey is not split by year"
    the_pages(cast, client)


def the_pages(cast, client):
    """The page for the team alone, in both languages; and the stories."""
    client.force_login(cast.tess)
    page = client.get("/en/workspace/measures/?year=2026-27").content.decode()
    assert "April 2026 to March 2027" in page and "selected>April 2026" in page
    assert page.count('role="img"') == 5 and page.count("<caption") == 6
    for svg in re.findall(r"<svg class=\"gc-chart.*?</svg>", page, re.DOTALL):
        assert " style=" not in svg and "<title id=" in svg and "<desc id=" in svg
        assert not re.search(r'(?:width|x1|y)="[\d]+,', svg)
    with translation.override("fr"):
        french = client.get(reverse("measures") + "?year=2026-27").content.decode()
    assert "13\u00a0000,00\u00a0$" in french and "75\u00a0%" in french
    for svg in re.findall(r"<svg class=\"gc-chart.*?</svg>", french, re.DOTALL):
        assert not re.search(r'(?:width|height|x1|x2|y|y1|y2)="\d+[,\u00a0]', svg), (
            "lengths stay numbers in French"
        )
    assert reverse("measures") in client.get(reverse("admin:index")).content.decode()
    assert client.get("/en/workspace/measures/?year=nonsense").status_code == 200
    answers(1, story="We won & grew.", may_quote=True, region="K1A")
    answers(1, story="Keep this to yourselves.", may_quote=False)
    told = client.get(reverse("stories")).content.decode()
    told = told.split("<main", 1)[1]
    assert "We won &amp; grew." in told
    assert "Keep this" not in told and "K1A" not in told
    for other in (cast.amara, cast.fin, cast.li):
        client.force_login(other)
        assert (
            client.get(reverse("measures")).status_code == client.get(reverse("stories")).status_code == 404
        )
    client.logout()
    assert client.get(reverse("measures")).status_code == client.get(reverse("stories")).status_code == 302


def test_the_team_records_by_hand_what_the_site_cannot_know(cast, client):
    need = Opportunity.objects.create(client=cast.amara, title_en="A need", state="screening")
    address = reverse("by_hand", args=[need.reference])
    client.force_login(cast.tess)
    assert address in client.get(reverse("workspace_opportunity", args=[need.reference])).content.decode()
    given = {
        "version": "0",
        "first_meeting_on": "2027-01-11",
        "hours_to_draft": "7.5",
        "forks": "2",
        "forks_counted_on": "2027-01-12",
    }
    assert client.post(address, given).status_code == 302
    record = HandRecord.objects.get()
    assert (record.first_meeting_on, record.hours_to_draft, record.forks, record.version) == (date(2027, 1, 11), Decimal("7.5"), 2, 1)  # fmt: skip
    stale = client.post(address, given | {"forks": "9"})
    assert stale.status_code == 409 and "Somebody changed" in stale.content.decode()
    for wrong in (
        {"first_meeting_on": "2027-01-13"}, {"forks_counted_on": ""}, {"forks": ""}, {"forks": "-1"}, {"forks": "99999999999"}, {"hours_to_draft": "-1"},
    ):  # fmt: skip
        answer = client.post(address, given | {"version": "1"} | wrong)
        assert answer.status_code == 422, wrong
        assert "gc-error" in answer.content.decode()
    assert client.post(address, {"version": "1"}).status_code == 302, "and may empty it again"
    assert HandRecord.objects.get().forks is None
    need.evaluators.add(cast.tom)
    for other in (cast.amara, cast.tom, cast.fin, cast.li):
        client.force_login(other)
        assert client.get(address).status_code == client.post(address, given).status_code == 404


def test_fiscal_years_begin_in_april_eastern_time():
    assert [periods.fiscal_year(day) for day in (date(2027, 3, 31), date(2027, 4, 1))] == [2026, 2027]
    assert [periods.quarter(date(2027, month, 1)) for month in (1, 4, 7, 12)] == [
        (2026, 4),
        (2027, 1),
        (2027, 2),
        (2027, 3),
    ]
    assert periods.quarter_label(2099, 1) == "2099-00, April to June"
    edge = clock.now().replace(
        year=2027, month=4, day=1, hour=3, minute=59
    )  # 23:59 the evening before, Eastern
    assert [period.key for period in periods.choices(NOW, edge)] == ["", "2026-27"]
    assert [period.key for period in periods.choices(None, edge + timedelta(minutes=1))] == ["", "2027-28"]


def test_a_chart_is_drawn_in_shares_of_the_width():
    bars = [charts.Bar("A" * 40, 10, target=20), charts.Bar("Few", None), charts.Bar("None", 0)]
    drawing = charts.Chart("x", "t", "n", ["l", "v", "t"], bars).drawing
    assert [(row["width"], row["target"]) for row in drawing.rows] == [
        ("49.00%", "98.00%"),
        ("", ""),
        ("", ""),
    ]
    late = charts.Chart(
        "x", "t", "n", ["l", "v", "t"], [charts.Bar("A", 3, target=2), charts.Bar("B", 2, target=2)]
    )
    assert not any(row["late"] for row in late.drawing.rows), "more of what is not days is no lateness"
    assert [row["late"] for row in replace(late, unit="days").drawing.rows] == [True, False]
    assert len(drawing.rows[0]["lines"]) == 2, "long labels are broken for a narrow screen"
    assert drawing.rows[1]["lines"][0][1] == "Few: Not shown"

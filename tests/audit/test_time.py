"""Row 7: the closing time to the second, with no clock's job run, on ordinary days and when clocks change; row 11: typed words stay."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from evaluations import applications
from evaluations.models import Application
from microacq import clock
from tests.choosing import DATA
from tests.factories import at

from .test_races import words_for

SECOND = timedelta(seconds=1)
NIGHTS = {
    "clocks go back": ("2026-11-01", "23:59", datetime(2026, 11, 2, 4, 59, tzinfo=UTC)),
    "clocks go forward": ("2026-03-08", "23:59", datetime(2026, 3, 9, 3, 59, tzinfo=UTC)),
    "half past one, the first time": ("2026-11-01", "01:30", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
    "an ordinary day": ("2026-06-17", "14:00", datetime(2026, 6, 17, 18, 0, tzinfo=UTC)),
}


@pytest.mark.parametrize("night", NIGHTS)
def test_07_a_second_before_closing_is_in_time_and_closing_is_not_whatever_ran(client, cast, night):
    day, time, closing = NIGHTS[night]
    with clock.frozen(closing - timedelta(days=9)) as stopped:
        posted = at("posted", cast, closing=closing - timedelta(days=2))
        stopped.move_to(closing - timedelta(days=3))
        posted.refresh_from_db()
        client.force_login(cast.tess)
        page = reverse("extend_closing", args=[posted.reference])
        typed = {
            "closing_at_0": day, "closing_at_1": time, "reason_en": "More time.", "reason_fr": "Plus de temps.",
            "selection_date": "2026-11-16", "delivery_date": "2026-12-16", "version": posted.version,
        }  # fmt: skip
        assert client.post(page, typed).status_code == 302
        posted.refresh_from_db()
        assert posted.closing_at == closing
        outcomes = {}
        for moment in (-SECOND, 0 * SECOND, SECOND):
            supplier = (cast.li, cast.sam, cast.noor)[len(outcomes)]
            stopped.move_to(closing - 2 * SECOND)
            applications.save_draft(posted, supplier, DATA | words_for(posted), now=clock.now())
            client.force_login(supplier)
            stopped.move_to(closing + moment)
            outcomes[moment] = client.post(reverse("apply_check", args=[posted.reference])).status_code
        assert list(outcomes.values()) == [302, 409, 409]
        assert Application.objects.received().get().supplier == cast.li
        posted.refresh_from_db()
        assert posted.state == "posted", "no job ran: the time alone decided"
        assert not posted.is_open(clock.now())


def test_11_a_page_opened_before_somebody_elses_change_is_refused_and_keeps_what_was_typed(client, cast):
    with clock.frozen(datetime(2027, 1, 18, 15, tzinfo=UTC)):
        opportunity = at("committing", cast)
        client.force_login(cast.mona)
        stale = opportunity.version - 1
        typed = {"reason": "Say more about the licence.", "version": stale}
        answer = client.post(reverse("return_statement", args=[opportunity.reference]), typed)
        assert answer.status_code == 409
        assert "Somebody changed this opportunity" in answer.text
        assert "Say more about the licence." in answer.text
        opportunity.refresh_from_db()
        assert (opportunity.state, opportunity.version) == ("committing", stale + 1)
        fresh = client.post(
            reverse("return_statement", args=[opportunity.reference]), typed | {"version": stale + 1}
        )
        assert fresh.status_code == 302
        back = client.post(
            reverse("return_statement", args=[opportunity.reference]), typed | {"version": stale + 1}
        )
        assert back.status_code == 409
        assert "Say more about the licence." in back.text

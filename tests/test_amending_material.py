"""A change in what suppliers answer to leaves them time, and what is not confirmed after it is not evaluated."""

from datetime import date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from post_office.models import Email

from evaluations import applications, confirming, preparing
from evaluations.models import Application
from microacq import clock
from opportunities.actions import Invalid, act
from opportunities.due import close, next_due
from opportunities.forms.posting import closing_with_room
from opportunities.lifecycle import CLOCK, Refused
from opportunities.models import Amendment, Event, Notification
from opportunities.publishing.posted import statement_sha256
from tests.posted import CLOSING
from tests.test_applying import words

EVE_OF_CLOSING = datetime(2027, 1, 19, 10, 0, tzinfo=clock.EASTERN)
MOVED = datetime(2027, 1, 22, 14, 0, tzinfo=clock.EASTERN)
OTHER_WORK = {
    "work_en": "Other work.",
    "work_fr": "Autre travail.",
    "material": "on",
    "reason_en": "The logs moved.",
    "reason_fr": "Les journaux ont changé de place.",
}


def eastern(*parts):
    return datetime(*parts, tzinfo=clock.EASTERN)


def url(name, opportunity):
    return reverse(name, args=[opportunity.reference])


def mails(user, template):
    return Notification.objects.filter(recipient=user, template=template).count()


@pytest.mark.parametrize(
    ("closing", "moment", "expected"),
    [
        (eastern(2027, 1, 20, 14), eastern(2027, 1, 15, 14), eastern(2027, 1, 20, 14)),  # exactly three
        (eastern(2027, 1, 20, 14), eastern(2027, 1, 15, 14, 1), eastern(2027, 1, 21, 14)),  # a minute less
        (eastern(2027, 1, 20, 14), eastern(2027, 1, 20, 13, 59), eastern(2027, 1, 25, 14)),  # over a week-end
        (
            eastern(2026, 12, 24, 14),
            eastern(2026, 12, 23, 9),
            eastern(2026, 12, 30, 14),
        ),  # Christmas, Boxing Day
        (
            eastern(2026, 10, 30, 16),
            eastern(2026, 10, 29, 9),
            eastern(2026, 11, 3, 16),
        ),  # clocks go back between
        (
            eastern(2026, 3, 6, 16),
            eastern(2026, 3, 5, 9),
            eastern(2026, 3, 10, 16),
        ),  # clocks go forward between
        (eastern(2027, 3, 1, 14), eastern(2027, 1, 15, 14), eastern(2027, 3, 1, 14)),
    ],
)
def test_three_business_days_are_left(closing, moment, expected):
    assert closing_with_room(closing, moment) == expected


def test_closing_and_the_dates_after_it_move_and_the_page_keeps_the_old_ones(client, cast, posted, now):
    now.move_to(EVE_OF_CLOSING)
    selection, delivery = posted.selection_date, posted.delivery_date
    event = act("amend", posted, cast.tess, data=OTHER_WORK)
    posted.refresh_from_db()
    assert posted.closing_at == MOVED
    assert posted.original_closing_at == CLOSING
    assert (selection, delivery) == (date(2027, 1, 26), date(2027, 2, 10))
    assert (posted.selection_date, posted.delivery_date) == (date(2027, 1, 28), date(2027, 2, 12))
    amendment = Amendment.objects.get()
    assert amendment.material
    assert {row["field"] for row in amendment.changes} == {
        "work",
        "closing_at",
        "selection_date",
        "delivery_date",
    }
    assert event.data["old_closing_at"].startswith("2027-01-20T19:00")
    assert event.data["statement_sha256"] == statement_sha256(posted)
    page = client.get(url("opportunity", posted)).text
    assert "January 22, 2027, 2:00 p.m. Eastern time" in page
    assert "Changes what suppliers answer to" in page
    assert posted.is_open(CLOSING + timedelta(hours=1))
    assert Event.first_break() is None


def test_a_change_that_is_not_material_or_early_enough_leaves_closing_alone(cast, posted, now):
    act("amend", posted, cast.tess, data=OTHER_WORK)
    now.move_to(EVE_OF_CLOSING)
    posted.refresh_from_db()
    data = {**OTHER_WORK, "work_en": "Once more."}
    del data["material"]
    act("amend", posted, cast.tess, data=data)
    posted.refresh_from_db()
    assert posted.closing_at == CLOSING


def test_dates_typed_are_kept_and_must_be_in_order_with_the_new_closing(cast, posted, now):
    now.move_to(EVE_OF_CLOSING)
    with pytest.raises(Invalid):
        act("amend", posted, cast.tess, data={**OTHER_WORK, "selection_date": "2027-01-22"})
    act("amend", posted, cast.tess, data={**OTHER_WORK, "selection_date": "2027-02-01"})
    posted.refresh_from_db()
    assert (posted.selection_date, posted.delivery_date) == (date(2027, 2, 1), date(2027, 2, 12))


def test_the_page_shows_the_dates_before_they_are_confirmed(client, cast, posted, now):
    now.move_to(EVE_OF_CLOSING)
    client.force_login(cast.tess)
    address = url("amend", posted)
    first = client.get(address)
    assert 'name="preview"' in first.text
    form = first.context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | OTHER_WORK
    data = {name: value.isoformat() if isinstance(value, date) else value for name, value in data.items()}
    data["version"] = posted.version
    shown = client.post(address, {**data, "preview": "1"})
    assert shown.status_code == 200
    assert "January 22, 2027, 2:00 p.m. Eastern time" in shown.text
    assert "(now: " in shown.text
    assert not Amendment.objects.exists()
    key = shown.context["form"].to_show
    now.move_to(EVE_OF_CLOSING + timedelta(hours=5))  # past two: one more business day is needed
    overtaken = client.post(address, {**data, "shown": key})
    assert overtaken.status_code == 422
    assert "no longer those that you were shown" in overtaken.text
    assert "January 25, 2027" in overtaken.text
    key = overtaken.context["form"].to_show
    assert client.post(address, {**data, "shown": key}).status_code == 302
    posted.refresh_from_db()
    assert posted.closing_at == MOVED + timedelta(days=3)


def test_who_had_applied_is_asked_to_confirm_in_words_of_their_own(client, cast, posted, now):
    applications.apply(posted, cast.li, words(posted))
    applications.save_draft(posted, cast.sam, words(posted))
    now.move_to(EVE_OF_CLOSING)
    act("amend", posted, cast.tess, data=OTHER_WORK)
    assert mails(cast.li, "application_to_confirm") == 1
    assert mails(cast.li, "opportunity_amended") == 0
    assert (mails(cast.sam, "application_to_confirm"), mails(cast.sam, "opportunity_amended")) == (0, 1)
    mail = Email.objects.filter(to=[cast.li.email]).latest("pk")
    assert "January 22, 2027, 2:00 p.m. Eastern time" in mail.message
    client.force_login(cast.li)
    assert "To confirm" in client.get(url("workspace_opportunity", posted)).text
    assert "Confirm the application" in client.get(url("apply_check", posted)).text


def test_a_plain_amendment_asks_nobody_to_confirm(cast, posted, now):
    applications.apply(posted, cast.li, words(posted))
    now.move_to(EVE_OF_CLOSING)
    data = {name: value for name, value in OTHER_WORK.items() if name != "material"}
    act("amend", posted, cast.tess, data=data)
    assert mails(cast.li, "application_to_confirm") == 0
    assert Application.objects.in_play().count() == 1


@pytest.fixture
def changed(cast, posted, now):
    """Li and Sam applied; then the work changed. Li confirmed."""
    for supplier in (cast.li, cast.sam):
        applications.apply(posted, supplier, words(posted))
    now.move_to(EVE_OF_CLOSING)
    act("amend", posted, cast.tess, data=OTHER_WORK)
    now.move_to(EVE_OF_CLOSING + timedelta(hours=1))
    applications.submit(Application.objects.get(supplier=cast.li), cast.li)
    posted.refresh_from_db()
    return posted


def test_who_has_not_confirmed_is_reminded_once_one_business_day_before_closing(cast, changed, now):
    reminder = MOVED - timedelta(days=1)
    now.move_to(reminder - timedelta(seconds=1))
    assert next_due(clock.now()) == reminder
    assert confirming.remind(clock.now()) == 0
    now.move_to(reminder)
    assert confirming.remind(clock.now()) == 1
    assert confirming.remind(clock.now()) == 0
    assert (mails(cast.sam, "confirmation_reminder"), mails(cast.li, "confirmation_reminder")) == (1, 0)
    later = {"closing_at_0": "2027-01-25", "closing_at_1": "14:00", "reason_en": "a", "reason_fr": "b"}
    act("extend_closing", changed, cast.tess, data=later)
    assert confirming.remind(clock.now()) == 0
    now.move_to(MOVED)
    assert confirming.remind(clock.now()) == 1


def test_what_is_not_confirmed_does_not_enter_the_evaluation_and_its_supplier_is_told_why(
    client, cast, changed, now
):
    now.move_to(MOVED)
    client.force_login(cast.sam)
    with pytest.raises(Refused, match="Closing was"):
        applications.submit(Application.objects.get(supplier=cast.sam), cast.sam)
    # Whether the closing job has run or not, only what was confirmed counts.
    for job_has_run in (False, True):
        if job_has_run:
            assert close(clock.now()) == 1
            changed.refresh_from_db()
            assert changed.state == "opened"
        assert [a.supplier for a in changed.applications.in_play()] == [cast.li]
        result = client.get(url("opportunity", changed))
        assert result.context["applications_count"] == 1
        for name in ("application", "workspace_opportunity"):
            assert "not evaluated" in client.get(url(name, changed)).text.lower()
    assert mails(cast.sam, "application_unconfirmed") == 1
    assert mails(cast.sam, "application_period_closed") == 0
    assert mails(cast.li, "application_period_closed") == 1
    preparing.claim(changed, cast.tess, clock.now())
    client.force_login(cast.tess)
    page = client.get(url("prepare_release", changed)).text
    assert "Li Supplier" in page
    assert "Sam Supplier" not in page
    unconfirmed = Application.objects.get(supplier=cast.sam)
    address = reverse("prepare_application", args=[changed.reference, unconfirmed.pk])
    assert client.get(address).status_code == 404
    with pytest.raises(Refused, match="not one that was received"):
        preparing.set_aside(changed, unconfirmed, cast.tess, "No.", clock.now())
    preparing.check(changed, Application.objects.get(supplier=cast.li), cast.tess, {}, clock.now())
    act("release", changed, cast.tess)
    assert set(Application.objects.exclude(label="").values_list("supplier", flat=True)) == {cast.li.pk}
    assert Event.objects.get(transition="release").data["applications"] == 1
    client.force_login(cast.sam)
    assert "Your application is not evaluated" in client.get(url("workspace_opportunity", changed)).text


def test_when_nobody_confirmed_it_closes_without_applications_and_says_so(client, cast, posted, now):
    applications.apply(posted, cast.sam, words(posted))
    now.move_to(EVE_OF_CLOSING)
    act("amend", posted, cast.tess, data=OTHER_WORK)
    now.move_to(MOVED)
    assert close(clock.now()) == 1
    posted.refresh_from_db()
    assert posted.state == "no_award"
    assert "No application was confirmed" in posted.ending_reason_en
    assert posted.ending_reason_fr
    assert mails(cast.sam, "application_unconfirmed") == 1
    assert mails(cast.sam, "opportunity_not_awarded") == 0


def test_a_further_change_asks_again(cast, changed, now):
    now.move_to(EVE_OF_CLOSING + timedelta(hours=2))
    act("amend", changed, cast.tess, data={**OTHER_WORK, "work_en": "Other again."})
    assert mails(cast.li, "application_to_confirm") == 2
    assert not Application.objects.in_play().exists()


def test_nothing_is_changed_after_closing(cast, changed, now):
    now.move_to(MOVED)
    for name in ("amend", "extend_closing"):
        with pytest.raises(Refused, match="closing time has passed"):
            act(name, changed, cast.tess, data={**OTHER_WORK, "work_en": "Too late."})
    act("close", changed, CLOCK)
    with pytest.raises(Refused):
        act("amend", changed, cast.tess, data=OTHER_WORK)


def test_the_job_that_runs_by_itself_reminds_and_closes(cast, changed, now, capsys):
    now.move_to(MOVED - timedelta(hours=3))
    call_command("tick")
    assert "remind to confirm: 1" in capsys.readouterr().out
    now.move_to(MOVED)
    call_command("tick")
    changed.refresh_from_db()
    assert changed.state == "opened"

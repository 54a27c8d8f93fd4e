"""Keeping and disposing: what is past its date goes, what proves and what counts stays, a legal hold keeps everything."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.urls import reverse
from post_office.models import STATUS, Email

from evaluations import closing_account, files, retention
from evaluations.models import Application, Debrief, Offer, Submission, Upload
from microacq import clock
from microacq.models import User
from opportunities import mailing_list
from opportunities.actions import act
from opportunities.models import Disposal, Event, LegalHold, Question, Subscription, SubscriptionRequest
from opportunities.views.questions import ask
from tests.choosing import drawn
from tests.factories import at

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db
SECRET = "wombatology"


def run(capsys, now, *words) -> str:
    with clock.frozen(now):
        call_command("retain", *words)
    return capsys.readouterr().out


def hold(by, kind="set", **about):
    return LegalHold.objects.create(kind=kind, reason="A claim.", by=by, at=clock.now(), **about)


def test_two_years_after_the_ending_unsuccessful_applicants_are_forgotten_and_nothing_breaks(
    cast, client, capsys, settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.UPLOAD_DIR = tmp_path
    opportunity = at("complete", cast)
    lost, won = (opportunity.applications.get(supplier=person) for person in (cast.sam, cast.li))
    kept = files.keep(SimpleUploadedFile("a.pdf", b"%PDF-1.4\n%%EOF\n"), cast.sam, Upload.Scan.CLEAN)
    Application.objects.filter(pk=lost.pk).update(
        sign_off=kept["name"],
        sign_off_name="a.pdf",
        business_name=SECRET,
        set_aside_reason=SECRET,
        working={"a": SECRET},
    )
    Application.objects.create(opportunity=opportunity, supplier=cast.noor, working={"business_name": SECRET})
    Debrief.objects.create(application=lost, question=SECRET, asked_at=clock.now(), content=[{"en": SECRET}])
    Question.objects.create(
        opportunity=opportunity, asker=cast.pat, asked_at=clock.now(), text=SECRET, public_question_en="What?", published_at=clock.now()
    )  # fmt: skip
    facts = (lost.receipt, lost.sha256, lost.submitted_at, lost.passed, lost.province)
    head = opportunity.events.order_by("number").last().hash
    ended = opportunity.state_since

    early = run(capsys, ended + 729 * DAY, "--dry-run")
    assert "applications: " not in early.replace("drafts", "")
    assert f"drafts: {opportunity.reference}" in early
    out = run(capsys, ended + 731 * DAY, "--dry-run")
    assert f"applications: {opportunity.reference} {lost.pk}: would be removed" in out
    assert f"applications: {opportunity.reference} {won.pk}" not in out
    assert cast.sam.name not in out and "@" not in out
    assert not Disposal.objects.exists()
    assert Submission.objects.get(application=lost).content

    with django_capture_on_commit_callbacks(execute=True):
        out = run(capsys, ended + 731 * DAY)
    assert "1 applications, 1 drafts, 1 questions" in out
    lost.refresh_from_db()
    assert (lost.receipt, lost.sha256, lost.submitted_at, lost.passed, lost.province) == facts
    assert (lost.legal_name, lost.business_name, lost.code_account, lost.set_aside_reason, lost.working) == (
        "",
        "",
        "",
        "",
        {},
    )
    assert not lost.sign_off and not storages["private"].exists(kept["name"]) and not Upload.objects.exists()
    assert set(lost.submissions.values_list("content", flat=True)) == {""}
    assert set(lost.answers.values_list("text", "masked")) == {("", "")}
    assert set(lost.marks.values_list("rationale", flat=True)) == {""}
    assert set(lost.marks.values_list("passed", flat=True)) == {False}
    assert won.submissions.get().content and won.marks.first().rationale
    assert Question.objects.values_list("text", "public_question_en").get() == ("", "What?")
    told = Email.objects.filter(notification__recipient=cast.sam, notification__opportunity=opportunity)
    assert told.exists() and not told.exclude(message="").exists()
    assert Email.objects.filter(notification__recipient=cast.li).exclude(message="").exists()
    assert not Application.objects.filter(status="draft").exists()
    assert opportunity.events.order_by("number").last().hash == head
    call_command("verify_events")
    assert Disposal.objects.filter(opportunity=opportunity).count() == 3
    assert "removed: nothing" in run(capsys, ended + 731 * DAY)
    assert Disposal.objects.count() == 3

    # The database lets these be emptied, and nothing else be done to them.
    for change in ({"content": "I won."}, {"sha256": ""}, {"number": 7}):
        with pytest.raises(DatabaseError), transaction.atomic():
            won.submissions.update(**change)
    for records in (won.submissions, opportunity.evaluation_records, Question.objects, Disposal.objects):
        with pytest.raises(DatabaseError), transaction.atomic():
            records.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Question.objects.update(text="Something else?")
    with pytest.raises(DatabaseError), transaction.atomic():
        opportunity.evaluation_records.update(content={"a": 1})

    # Every page still opens: for who lost, for the team, for the public.
    for person, name in ((cast.sam, "application"), (cast.sam, "workspace_opportunity"), (cast.tom, "workspace_opportunity"), (cast.tom, "check_evaluation"), (cast.sam, "receipt")):  # fmt: skip
        client.force_login(person)
        assert client.get(reverse(name, args=[opportunity.reference])).status_code in (200, 302, 409), name
    for name in ("my_data", "my_applications", "my_data_json"):
        client.force_login(cast.sam)
        assert client.get(reverse(name)).status_code == 200, name


def test_a_draw_is_still_proven_and_a_hold_keeps_what_it_names(cast, capsys, tmp_path):
    journey = drawn(cast, cast.li, cast.sam, cast.noor)
    opportunity = journey.opportunity
    act("cancel", opportunity, cast.tess, data={"reason_en": "No money.", "reason_fr": "Pas d’argent."}, now=opportunity.state_since + DAY)  # fmt: skip
    opportunity.refresh_from_db()
    now = opportunity.state_since + 731 * DAY
    hold(cast.tess, opportunity=opportunity)
    out = run(capsys, now)
    assert out.count(f"applications: {opportunity.reference}") == 3
    assert out.count("kept, legal hold") >= 3
    assert not Application.objects.filter(erased_at__isnull=False).exists()
    hold(cast.tom, "lifted", opportunity=opportunity)
    hold(cast.tess, person=cast.noor)
    out = run(capsys, now, "--limit", "1")
    assert "stopped at 1" in out
    run(capsys, now)
    assert set(Application.objects.filter(erased_at=None).values_list("supplier", flat=True)) == {
        cast.noor.pk
    }
    assert opportunity.evaluation_records.first().content, "it speaks of the one who is held, too"
    hold(cast.tom, "lifted", person=cast.noor)
    run(capsys, now)
    assert not Application.objects.filter(erased_at=None).exists()
    assert opportunity.evaluation_records.first().content == {}
    assert set(Offer.objects.values_list("reason", flat=True)) == {""}
    pool = opportunity.pools.get()
    (tmp_path / "pool.txt").write_bytes(pool.text.encode())
    call_command("verify_draw", str(tmp_path / "pool.txt"), signature=pool.draw.signature)
    assert capsys.readouterr().out.split() == pool.draw.order
    assert Event.first_break() is None
    with pytest.raises(DatabaseError), transaction.atomic():
        LegalHold.objects.update(reason="Other.")
    with pytest.raises(DatabaseError), transaction.atomic():
        hold(cast.tess)


def test_accounts_mails_and_addresses_past_their_date(cast, capsys):
    now = clock.now()
    for person in (cast.li, cast.amara, cast.kim):
        User.objects.filter(pk=person.pk).update(is_active=False)
    User.objects.filter(pk=cast.kim.pk).update(closed_at=now - 31 * DAY)
    hold(cast.tess, person=cast.kim)
    never = User.objects.create_user("never@studio.example", None, name="Never Confirmed")
    User.objects.filter(pk=never.pk).update(date_joined=now - 31 * DAY)
    asked = SubscriptionRequest.objects.create(
        email="reader@example.org", language="en", asked_at=now, consent_version="1", consent_text="Yes."
    )
    listed = mailing_list.confirm(asked, now)
    mailing_list.unsubscribe(listed, now - 1096 * DAY)
    mailing_list.ask("other@example.org", "en", [], "Yes.", now)
    Email.objects.update(status=STATUS.sent, created=now - 91 * DAY)

    out = run(capsys, now)
    assert f"accounts: {cast.kim.pk}: kept, legal hold" in out
    assert f"\naccounts: {cast.li.pk}:" not in f"\n{out}", (
        "when it was closed was not written, so its time begins now"
    )
    never.refresh_from_db()
    assert (never.name, never.email, never.is_active) == ("", f"closed-{never.pk}@closed.invalid", False)
    (mail,) = Email.objects.all()
    assert (mail.to, mail.message, mail.html_message, mail.headers) == ([retention.FORGOTTEN], "", "", None)
    assert mail.subject
    left = Subscription.objects.get()
    assert left.email == f"left-{left.pk}@closed.invalid"
    assert {consent.text for consent in left.consents.all()} == {"Yes.", ""}
    assert "studio.example" not in out and "example.org" not in out

    hold(cast.tess, "lifted", person=cast.kim)
    run(capsys, now + 31 * DAY)
    for person, gone in ((cast.li, True), (cast.kim, True), (cast.amara, False), (cast.sam, False)):
        kept = User.objects.get(pk=person.pk)
        assert (kept.name == "") is gone, person.name
        assert EmailAddress.objects.filter(user=person).exists() is not gone
    assert "nothing" in run(capsys, now + 31 * DAY)


def test_a_supplier_under_a_hold_who_closes_the_account_is_kept_until_it_is_lifted(client, cast, capsys):
    opportunity = at("posted", cast)
    ask(opportunity, cast.li, "Is it Python?")
    hold(cast.tess, person=cast.li)
    closing_account.close(cast.li, clock.now())
    kept = User.objects.get(pk=cast.li.pk)
    assert (kept.is_active, kept.name, kept.email) == (False, cast.li.name, cast.li.email)
    assert kept.closed_at and not kept.has_usable_password()
    later = clock.now() + 31 * DAY
    assert "legal hold" in run(capsys, later)
    hold(cast.tess, "lifted", person=cast.li)
    run(capsys, later)
    assert User.objects.get(pk=cast.li.pk).name == ""


def test_a_hold_is_set_and_lifted_in_the_admin_by_the_team_with_its_reason(client, cast):
    opportunity = at("draft", cast)
    add = reverse("admin:opportunities_legalhold_add")
    client.force_login(cast.fin)
    assert client.get(add).status_code in (302, 403)
    client.force_login(cast.tess)
    assert client.get(add).status_code == 200
    for data in ({"subject": "nobody@example.org", "kind": "set", "reason": "x"}, {"subject": opportunity.reference, "kind": "set"}, {"subject": opportunity.reference, "kind": "lifted", "reason": "x"}):  # fmt: skip
        assert client.post(add, data).status_code == 200
    assert not LegalHold.objects.exists()
    client.post(add, {"subject": opportunity.reference.lower(), "kind": "set", "reason": "A claim."})
    client.post(add, {"subject": cast.li.email.upper(), "kind": "set", "reason": "A claim."})
    held, person = LegalHold.objects.all()
    assert (held.opportunity, held.by, person.person, held.reason) == (
        opportunity,
        cast.tess,
        cast.li,
        "A claim.",
    )
    page = client.get(reverse("admin:opportunities_legalhold_changelist")).content.decode()
    assert opportunity.reference in page and cast.li.name in page
    detail = reverse("admin:opportunities_legalhold_change", args=[held.pk])
    assert client.post(detail, {"reason": "Other."}).status_code == 403
    assert client.get(detail).status_code == 200

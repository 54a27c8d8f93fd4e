"""What the site stands on fails: mail server, disk, virus scanner, beacon. What was done stands, what was not is not
half done, and whoever waits reads a sentence. The process itself: test_killed.py; the database: test_database_away.py.
"""

import errno
import re
import resource
import socket
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from post_office.models import STATUS, Email

from evaluations import beacon, tick
from evaluations.models import Application, Upload
from microacq import clock, errors, outbox, uploads
from microacq.outbox import WAITS
from opportunities.actions import Invalid, act
from tests import choosing, smtp
from tests.clamd import clamd
from tests.factories import at
from tests.need import NOW, a_draft
from tests.test_files import CLOSING, PDF, send_sign_off, stored, upload, url
from tests.test_payment import bill

MAIL_LIST = "/en/admin/opportunities/sentmail/"


@pytest.fixture
def smtp_mail(settings):
    return smtp.mail_goes_by_smtp(settings)


def submit(client, need):
    """Amara sends her need by its page."""
    client.force_login(need.client)
    return client.post(reverse("submit", args=[need.reference]), {"version": need.version})


def state(need) -> str:
    need.refresh_from_db()
    return need.state


def waiting() -> set[str]:
    """The Message-IDs of what is not sent."""
    return set(Email.objects.exclude(status=STATUS.sent).values_list("message_id", flat=True))


# 32: mail


@pytest.mark.django_db
def test_32_the_mail_server_is_down_for_days_then_each_mail_goes_once(client, cast, smtp_mail):
    need = a_draft(cast.amara)
    with clock.frozen(NOW) as moment:
        assert submit(client, need).status_code == 302
        assert state(need) == "screening", "the action stands"
        queued = waiting()
        assert len(queued) >= 2
        for _part_of_three_days in range(9):
            call_command("tick", verbosity=0)
            moment.move_to(clock.now() + timedelta(hours=8))
        assert waiting() >= queued, "no mail is to blame, so none is given up"
        assert not Email.objects.filter(status=STATUS.failed).exists()
        client.force_login(cast.tess)
        email = Email.objects.exclude(logs=None).earliest("pk")
        assert "the mail server could not be reached" in client.get(f"{MAIL_LIST}{email.pk}/change/").text
        with smtp.serving(smtp_mail) as server:
            for _round in range(3):
                call_command("tick", verbosity=0)
        assert not waiting()
        counts = server.counts()
        assert queued <= set(counts) and set(counts.values()) == {1}


@pytest.mark.django_db
def test_32_one_recipient_is_refused_and_the_team_sees_it(client, cast, smtp_mail):
    submit(client, a_draft(cast.amara))
    emails, now = Email.objects.order_by("pk"), NOW
    bad, others = cast.amara.email, emails.exclude(to=[cast.amara.email]).count()
    with smtp.serving(smtp_mail) as server:
        server.fault = lambda stage, to: "550 nobody here" if (stage, to) == ("RCPT", bad) else None
        assert outbox.send_due(now) == others
        for wait in WAITS:
            assert outbox.send_due(now + wait - timedelta(seconds=1)) == 0
            now += wait
            assert outbox.send_due(now) == 0
        failed = emails.get(status=STATUS.failed)
        assert failed.to == [bad] and len(server.taken) == others
        client.force_login(cast.tess)
        assert f"status={STATUS.failed}" in client.get(reverse("admin:index")).text
        assert "the mail server refused the address" in client.get(f"{MAIL_LIST}{failed.pk}/change/").text
        server.fault = None
        client.post(reverse("admin:opportunities_sentmail_again", args=[failed.pk]))
        assert outbox.send_due(now) == 1
    assert set(server.counts().values()) == {1} and not waiting()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stage", "manner"),
    [
        *((stage, manner) for stage in ("connect", "MAIL", "DATA", "body") for manner in ("dies", "is slow")),
        *((stage, "closes") for stage in ("connect", "MAIL", "DATA")),
    ],
)
def test_32_the_mail_server_dies_or_hangs_in_the_middle(cast, smtp_mail, stage, manner):
    act("submit", a_draft(cast.amara), cast.amara, now=NOW)
    queued, done = waiting(), threading.Event()

    def fault(at_stage, to):
        if at_stage == stage and manner == "dies":
            raise smtp.HangUp
        if at_stage == stage and manner == "closes":
            return "421 closing"
        if at_stage == stage:
            done.wait(20)
            raise smtp.HangUp
        return None

    with smtp.serving(smtp_mail) as server:
        server.fault, began = fault, time.monotonic()
        assert outbox.send_due(NOW) == 0
        assert time.monotonic() - began < 5, (
            "the rest of the queue, and the other jobs, do not wait behind it"
        )
        assert server.met == 1 and waiting() == queued and not server.taken
        server.fault = None
        done.set()
        assert outbox.send_due(NOW) == len(queued) - 1, (
            "the others do not wait for the one that it happened to"
        )
        assert outbox.send_due(NOW + timedelta(minutes=5)) == 1
    assert server.counts() == dict.fromkeys(queued, 1)


@pytest.mark.django_db
def test_32_a_mail_that_kills_the_server_each_time_is_given_up_in_the_end(cast, smtp_mail):
    act("submit", a_draft(cast.amara), cast.amara, now=NOW)
    first, now = Email.objects.earliest("pk"), NOW

    def fault(stage, to):
        if (stage, to) == ("body", first.to[0]):
            raise smtp.HangUp

    with smtp.serving(smtp_mail) as server:
        server.fault = fault
        for wait in (*WAITS, timedelta()):
            outbox.send_due(now)
            outbox.send_due(now)
            now += wait
    first.refresh_from_db()
    assert first.status == STATUS.failed and server.counts() == dict.fromkeys(waiting_but(first), 1)


def waiting_but(email) -> set[str]:
    return set(Email.objects.exclude(pk=email.pk).values_list("message_id", flat=True))


# 35: the disk is full


@contextmanager
def full_disk(room: int = 0):
    """No file of this process may grow beyond `room` bytes: the system says so to whoever writes more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_35_a_full_disk_is_told_from_other_errors(tmp_path):
    with pytest.raises(OSError) as raised, open("/dev/full", "wb", buffering=0) as file:
        file.write(b"x")
    assert raised.value.errno == errno.ENOSPC and errors.what_is_away(raised.value) == "disk"
    with pytest.raises(OSError) as raised, full_disk(), open(tmp_path / "x", "wb", buffering=0) as file:
        file.write(b"x")
    assert errors.what_is_away(raised.value) == "disk"
    assert errors.what_is_away(FileNotFoundError(errno.ENOENT, "x")) == ""


@pytest.mark.django_db
def test_35_a_sign_off_that_the_disk_does_not_take(client, cast):
    with clock.frozen(CLOSING - timedelta(days=1)):
        opportunity, before = at("posted", cast, closing=CLOSING), stored()
        client.force_login(cast.li)
        with full_disk():
            answer = send_sign_off(client, opportunity, PDF)
        assert answer.status_code == 422 and "The file could not be kept" in answer.text
        assert re.search(r'value="canada"[^>]*checked', answer.text), "what was typed is there"
        assert stored() == before and not Upload.objects.exists(), "nothing is left of it"
        assert send_sign_off(client, opportunity, PDF).status_code == 302


@pytest.mark.django_db
def test_35_an_invoice_that_the_disk_does_not_take_is_not_sent(client, cast):
    opportunity, before = at("invoicing", cast), stored()
    address = reverse("invoice", args=[opportunity.reference])
    client.force_login(cast.li)
    data = bill(file_total="6,500.00") | {"version": opportunity.version}
    with full_disk(), pytest.raises(Invalid, match="could not be kept"):
        act("invoice", opportunity, cast.li, data=bill(file_total="6,500.00"), files={"file": upload(PDF)})
    with full_disk():
        answer = client.post(address, data | {"file": upload(PDF)})
    assert answer.status_code == 422 and "could not be kept" in answer.text
    assert "6,500.00" in answer.text, "what was typed is there"
    assert state(opportunity) == "invoicing" and not opportunity.invoices.exists() and stored() == before


@pytest.mark.django_db
def test_35_a_large_upload_with_no_room_even_to_receive_it(client, cast):
    with clock.frozen(CLOSING - timedelta(days=1)):
        opportunity = at("posted", cast, closing=CLOSING)
        client.force_login(cast.li)
        client.raise_request_exception = False
        with full_disk(1_000_000):
            answer = send_sign_off(client, opportunity, PDF + b"0" * 3_000_000 + b"%%EOF\n")
    assert answer.status_code == 503 and answer["Retry-After"]
    assert "Le site est fermé" in answer.text and "The site is closed" in answer.text
    assert not Application.objects.exists()


@pytest.mark.django_db
def test_35_mail_in_files_waits_for_room(cast, settings, tmp_path):
    settings.EMAIL_FILE_PATH = str(tmp_path)
    act("submit", a_draft(cast.amara), cast.amara, now=NOW)
    queued = waiting()
    for minutes in range(0, 600, 60):
        with full_disk():
            assert outbox.send_due(NOW + timedelta(minutes=minutes)) == 0
    assert waiting() == queued and not Email.objects.filter(status=STATUS.failed).exists()
    assert outbox.send_due(NOW + timedelta(minutes=700)) == len(queued)
    text = "".join(path.read_text() for path in tmp_path.iterdir())
    assert all(text.count(f"Message-ID: {name}") == 1 for name in queued)


# 36 and 37: the virus scanner, the beacon


@pytest.mark.django_db
def test_36_without_the_scanner_a_file_waits_and_nobody_else_opens_it(client, cast, settings):
    settings.CLAMD_URL = "unix:/nowhere/clamd.ctl"
    with clock.frozen(CLOSING - timedelta(days=1)):
        opportunity = at("posted", cast, closing=CLOSING)
        client.force_login(cast.li)
        assert send_sign_off(client, opportunity, PDF).status_code == 302
        assert "waiting for the virus scan" in client.get(url("apply_eligibility", opportunity)).text
        kept = Upload.objects.get()
        assert kept.scan == "waiting" and "waits for the virus scan" in uploads.held_back(kept.name)
        call_command("tick", verbosity=0)
        assert uploads.held_back(kept.name), "fail closed: only a verdict opens it"
        with clamd() as (settings.CLAMD_URL, _seen):
            call_command("tick", verbosity=0)
        assert uploads.held_back(kept.name) == ""


@pytest.mark.django_db
def test_37_without_the_beacon_the_draw_waits_and_the_rest_goes_on(client, cast, settings, smtp_mail):
    opportunity = choosing.frozen(cast, cast.li, cast.sam).opportunity
    with socket.socket() as silent:  # answers nothing: refused at once
        silent.bind(("127.0.0.1", 0))
        settings.BEACON_RELAYS = [f"https://127.0.0.1:{silent.getsockname()[1]}", "https://nowhere.invalid"]
        with clock.frozen(choosing.ROUND_AT + timedelta(hours=1)), smtp.serving(smtp_mail) as server:
            Email.objects.update(status=STATUS.sent)
            need = a_draft(cast.amara)
            assert submit(client, need).status_code == 302
            call_command("tick", verbosity=0)
            assert len(server.taken) >= 2, "the other jobs are done"
            assert state(opportunity) == "drawing" and not opportunity.offers.exists()
            client.logout()
            page = reverse("draw_page", args=[opportunity.reference])
            assert client.get(page).status_code == 200
            sent = client.post(
                reverse("beacon", args=[opportunity.reference]), {"signature_hex": choosing.SIGNATURE}
            )
            assert sent.status_code == 302, "anybody may bring the value"
            assert state(opportunity) == "selection" and opportunity.offers.count() == 1
            assert tick.draw_pools(clock.now()) == 0 and beacon.TIMEOUT <= 5

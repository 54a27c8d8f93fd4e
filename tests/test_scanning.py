"""Files pass the virus scanner where there is one; when it is away they wait, and nobody else opens them meanwhile."""

import io
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.exceptions import ValidationError

from evaluations import applications, preparing, scanning
from evaluations.models import Application, Upload
from microacq import clock
from opportunities.actions import act
from opportunities.lifecycle import CLOCK
from opportunities.models import Notification
from tests.clamd import EICAR, clamd
from tests.factories import at
from tests.test_applying import words
from tests.test_files import CLOSING, PDF, send_sign_off, stored, upload, url

INFECTED = PDF[:-7] + EICAR + PDF[-7:]


@pytest.fixture
def now():
    with clock.frozen(CLOSING - timedelta(days=3)) as stopped:
        yield stopped


@pytest.fixture
def posted(cast, now, transactional_db):
    return at("posted", cast, closing=CLOSING)


@pytest.fixture
def scanner(settings):
    with clamd() as (address, seen):
        settings.CLAMD_URL = address
        yield seen


@pytest.fixture
def away(settings):
    """An address where nothing answers."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.CLAMD_URL = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        yield


@pytest.mark.parametrize("over", ["tcp", "unix"])
def test_the_scanner_sees_every_byte_and_its_verdict_counts(settings, tmp_path, over):
    big = b"0" * (3 * scanning.CHUNK + 17)
    with clamd(tmp_path / "clamd.ctl" if over == "unix" else None) as (address, seen):
        settings.CLAMD_URL = address
        file = io.BytesIO(big)
        assert scanning.refuses(file) is False
        assert seen == [big]
        assert file.tell() == 0
        assert scanning.judge(upload(PDF)) == "clean"
        with pytest.raises(ValidationError, match="virus scanner refuses"):
            scanning.judge(upload(INFECTED))


def test_no_verdict_is_no_verdict(settings, away):
    with pytest.raises(scanning.Away):
        scanning.refuses(io.BytesIO(PDF))
    with clamd(limit=10) as (address, _seen):
        settings.CLAMD_URL = address
        with pytest.raises(scanning.Away):
            scanning.refuses(io.BytesIO(PDF))
    settings.CLAMD_URL = "unix:/nowhere/clamd.ctl"
    assert scanning.judge(upload(PDF)) == "waiting"


def test_without_a_scanner_nothing_is_asked(settings):
    assert settings.CLAMD_URL == ""
    assert scanning.judge(upload(INFECTED)) == "off"


def test_a_refused_file_is_said_and_not_kept(client, cast, posted, scanner):
    before = stored()
    client.force_login(cast.li)
    response = send_sign_off(client, posted, INFECTED)
    assert response.status_code == 422
    assert "virus scanner refuses this file" in response.text
    assert stored() == before
    assert not Upload.objects.exists()
    assert send_sign_off(client, posted, PDF).status_code == 302
    kept = Upload.objects.get()
    assert (kept.scan, kept.owner, kept.scanned_at) == ("clean", cast.li, clock.now())


def sent_with(client, cast, posted, content):
    """Bo, a public servant, applies with a sign-off of this content."""
    client.force_login(cast.bo)
    assert send_sign_off(client, posted, content).status_code == 302
    applications.save_draft(posted, cast.bo, words(posted) | {"needs_sign_off": True})
    application = Application.objects.get()
    applications.submit(application, cast.bo)
    application.refresh_from_db()
    return application


def opened_by_tess(cast, posted, now):
    now.move_to(CLOSING)
    act("close", posted, CLOCK)
    posted.refresh_from_db()
    preparing.claim(posted, cast.tess, clock.now())


def test_when_the_scanner_is_away_the_file_waits_and_the_team_cannot_open_it(
    client, cast, posted, now, settings, away
):
    application = sent_with(client, cast, posted, PDF)
    assert "waiting for the virus scan" in client.get(url("apply_eligibility", posted)).text
    address = url("sign_off", posted, application.pk)
    assert client.get(address).status_code == 200  # one's own
    assert scanning.scan_waiting(clock.now()) == 0
    assert Upload.objects.get().scan == "waiting"
    opened_by_tess(cast, posted, now)
    client.force_login(cast.tess)
    response = client.get(address)
    assert response.status_code == 409
    assert "waits for the virus scan" in response.text
    page = url("prepare_application", posted, application.pk)
    assert "waits for the virus scan" in client.get(page).text
    assert address not in client.get(page).text
    with clamd() as (scanner, _seen):
        settings.CLAMD_URL = scanner
        assert scanning.scan_waiting(clock.now()) == 1
        assert scanning.scan_waiting(clock.now()) == 0
    assert client.get(address).status_code == 200
    assert address in client.get(page).text


def test_a_file_refused_later_is_removed_and_its_owner_is_told(client, cast, posted, now, settings, away):
    application = sent_with(client, cast, posted, INFECTED)
    name = application.sign_off.name
    with clamd() as (scanner, _seen):
        settings.CLAMD_URL = scanner
        assert scanning.scan_waiting(clock.now()) == 1
    assert not (Path(site.UPLOAD_DIR) / name).exists()
    assert Upload.objects.get().scan == "refused"
    assert Notification.objects.filter(recipient=cast.bo, template="file_refused").count() == 1
    assert "Add another file" in client.get(url("apply_check", posted)).text
    assert client.get(url("sign_off", posted, application.pk)).status_code == 404
    opened_by_tess(cast, posted, now)
    client.force_login(cast.tess)
    assert client.get(url("sign_off", posted, application.pk)).status_code == 409
    assert "refused this file" in client.get(url("prepare_application", posted, application.pk)).text


def test_what_was_kept_before_there_was_a_scanner_is_scanned_once_there_is_one(
    client, cast, posted, now, settings
):
    application = sent_with(client, cast, posted, PDF)
    assert Upload.objects.get().scan == "off"
    opened_by_tess(cast, posted, now)
    client.force_login(cast.tess)
    address = url("sign_off", posted, application.pk)
    assert client.get(address).status_code == 200
    with clamd() as (scanner, _seen):
        settings.CLAMD_URL = scanner
        assert client.get(address).status_code == 409
        assert scanning.scan_waiting(clock.now()) == 1
        assert client.get(address).status_code == 200

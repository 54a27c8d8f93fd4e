"""The sign-off file: known by its content, kept under a random name, given back only to whoever may read it."""

import io
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from evaluations import applications, files
from evaluations.models import Application
from microacq import clock
from opportunities.actions import act
from opportunities.lifecycle import CLOCK
from tests.factories import at
from tests.test_applying import words

CLOSING = datetime(2027, 1, 20, 14, 0, tzinfo=clock.EASTERN)
PDF = b"%PDF-1.4\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
JPEG = b"\xff\xd8\xff\xe0" + b"0" * 40
EXE = b"MZ\x90\x00" + b"0" * 200


def zipped(**entries):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/"), content)
    return target.getvalue()


ODT = zipped(mimetype=files.KINDS["odt"], **{"content.xml": "<x/>"})
DOCX = zipped(**{"[Content_Types].xml": "<x/>", "word__document.xml": "<x/>"})
MACROS = zipped(**{"[Content_Types].xml": "<x/>", "word__document.xml": "<x/>", "word__vbaProject.bin": "x"})


def upload(content, name="signoff.pdf"):
    return SimpleUploadedFile(name, content, content_type="application/pdf")


@pytest.mark.parametrize(
    ("content", "kind"), [(PDF, "pdf"), (PNG, "png"), (JPEG, "jpg"), (ODT, "odt"), (DOCX, "docx")]
)
def test_a_file_is_known_by_its_content(content, kind):
    assert files.check(upload(content, "whatever.exe")) == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        EXE,
        b"%PDF-1.4 without an end",
        EXE + PDF,
        b"<html><script>",
        b"PK\x03\x04 not a zip",
        zipped(a="b"),
        MACROS,
        b"#!/bin/sh\n",
        b"GIF89a",
    ],
)
def test_anything_else_is_refused_whatever_its_name(content):
    with pytest.raises(ValidationError):
        files.check(upload(content))


def test_ten_megabytes_is_the_most():
    assert files.check(upload(PDF.ljust(100, b"\n")))
    body = PDF[:-7] + b"0" * (files.MAX_BYTES - len(PDF)) + PDF[-7:]
    assert len(body) == files.MAX_BYTES
    assert files.check(upload(body)) == "pdf"
    with pytest.raises(ValidationError):
        files.check(upload(b"0" * 1 + body))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\r\nb.pdf", "a__b.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\lettre d’appui.pdf", "lettre d_appui.pdf"),
        ('q".pdf', "q_.pdf"),
        ("", "file"),
    ],
)
def test_names_are_made_harmless(name, shown):
    assert files.shown_name(name) == shown


@pytest.fixture
def now():
    with clock.frozen(CLOSING - timedelta(days=3)) as stopped:
        yield stopped


@pytest.fixture
def posted(cast, now, transactional_db):
    return at("posted", cast, closing=CLOSING)


def url(name, opportunity, *args):
    return reverse(name, args=[opportunity.reference, *args])


def send_sign_off(client, opportunity, content, name="lettre.pdf"):
    data = {
        "of_age": "True",
        "standing": "canada",
        "uses_git": "True",
        "needs_sign_off": "True",
        "sign_off": upload(content, name),
    }
    return client.post(url("apply_eligibility", opportunity), data)


def stored():
    return (
        {path.name for path in Path(settings.UPLOAD_DIR).iterdir()}
        if Path(settings.UPLOAD_DIR).exists()
        else set()
    )


def test_a_public_servants_sign_off_is_kept_under_a_random_name_and_given_back_safely(client, cast, posted):
    before = stored()
    client.force_login(cast.bo)
    assert send_sign_off(client, posted, PDF).status_code == 302
    application = applications.save_draft(posted, cast.bo, {"answers": {}})
    (name,) = stored() - before
    assert len(name) == 32
    assert int(name, 16)
    response = client.get(url("sign_off", posted, application.pk))
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Disposition"] == 'attachment; filename="lettre.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "application/pdf"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


def test_a_wrong_file_is_said_and_not_kept(client, cast, posted):
    before = stored()
    client.force_login(cast.li)
    response = send_sign_off(client, posted, EXE, "letter.pdf")
    assert response.status_code == 422
    assert "whatever its name says" in response.text
    assert stored() == before


def test_a_file_that_is_replaced_before_sending_is_removed(client, cast, posted):
    before = stored()
    client.force_login(cast.li)
    send_sign_off(client, posted, PDF)
    send_sign_off(client, posted, PNG, "new.png")
    assert len(stored() - before) == 1
    client.post(url("withdraw_application", posted))
    assert stored() == before


def test_a_file_that_was_sent_stays_with_its_submission(client, cast, posted):
    before = stored()
    client.force_login(cast.bo)
    send_sign_off(client, posted, PDF)
    application = Application.objects.get()
    applications.save_draft(posted, cast.bo, words(posted) | {"needs_sign_off": True})
    first = applications.submit(application, cast.bo)
    send_sign_off(client, posted, PNG, "new.png")
    assert len(stored() - before) == 2
    application.refresh_from_db()
    assert application.sign_off_name == "lettre.pdf"
    applications.submit(application, cast.bo)
    application.refresh_from_db()
    assert application.sign_off_name == "new.png"
    assert '"shown":"lettre.pdf"' in first.content


def test_the_file_is_sealed_until_closing_then_for_who_prepares_the_release(client, cast, posted, now):
    client.force_login(cast.bo)
    send_sign_off(client, posted, PDF)
    applications.save_draft(posted, cast.bo, words(posted) | {"needs_sign_off": True})
    application = Application.objects.get()
    applications.submit(application, cast.bo)
    address = url("sign_off", posted, application.pk)

    def readers():
        found = set()
        for who in ("bo", "li", "amara", "mona", "tess", "tom", "fin", "root"):
            client.force_login(getattr(cast, who))
            if client.get(address).status_code == 200:
                found.add(who)
        client.logout()
        assert client.get(address).status_code == 302
        return found

    assert readers() == {"bo"}
    now.move_to(CLOSING)
    assert readers() == {"bo"}
    act("close", posted, CLOCK)
    from evaluations import preparing

    posted.refresh_from_db()
    preparing.claim(posted, cast.tess, clock.now())
    assert readers() == {"bo", "tess"}

"""Row 16 of docs/assurance.md: files that are not what they say, too large, badly named, or that hold a virus."""

import io
import re
import shutil
import tempfile
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django import forms
from django.conf import settings as site
from django.test import Client
from django.urls import reverse

from evaluations.models import Application
from evaluations.views.contract import SignOffForm
from microacq import clock, uploads
from tests.clamd import EICAR
from tests.factories import at
from tests.test_files import (
    CLOSING,
    DOCX,
    EXE,
    JPEG,
    MACROS,
    PDF,
    PNG,
    send_sign_off,
    stored,
    upload,
    url,
    zipped,
)

from .scanner import clamd

pytestmark = pytest.mark.django_db
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="zqx()"><script>zqx()</script></svg>'
HTML = b"<!doctype html><script>zqx()</script>"
HOSTILE = {
    "SVG": SVG,
    "HTML": HTML,
    "HTML before a PDF": HTML + PDF,
    "Windows program": EXE,
    "program before a PDF": EXE + PDF,
    "Linux program": b"\x7fELF\x02\x01\x01" + b"\0" * 200,
    "shell script": b"#!/bin/sh\nrm -rf /\n",
    "script": b"alert(1)//",
    "GIF with a script": b"GIF89a/*" + HTML + b"*/",
    "XML entity": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
    "macros": MACROS,
    "macros, in capitals": zipped(
        **{"[Content_Types].xml": "x", "word__document.xml": "x", "word__VBAPROJECT.BIN": "x"}
    ),
    "ZIP": zipped(a="b"),
    "ZIP with a wrong end": zipped(a="b")[:-10],
    "JAR": zipped(**{"META-INF__MANIFEST.MF": "Main-Class: X", "X.class": "\xca\xfe"}),
    "spreadsheet": zipped(**{"[Content_Types].xml": "x", "xl__workbook.xml": "x"}),
    "nothing": b"",
    "NUL": b"\0" * 1000,
}
TWO_THINGS = {
    "PDF with HTML inside": PDF[:9] + HTML + PDF[9:],
    "PDF with a ZIP behind": PDF + zipped(a="b") + b"%%EOF",
    "PNG with a script behind": PNG + HTML,
    "JPEG with a script inside": JPEG[:20] + HTML + JPEG[20:],
    "DOCX with names that climb": zipped(
        **{"[Content_Types].xml": "x", "word__document.xml": "x", "..__..__zqx": HTML}
    ),
}
NAMES = (
    "../../../etc/passwd.pdf", "..\\..\\windows\\x.pdf", "/etc/passwd", "a" * 300 + ".pdf", "invoice\u202efdp.exe", "\u2066x\u2069.pdf",
    "x\r\nSet-Cookie: zqx=1\r\n.pdf", 'x"; filename="zqx.exe', "x\x00.pdf", ".htaccess", "...", "<script>zqx()</script>.pdf", "%2e%2e%2fx", "é🙂.pdf",
)  # fmt: skip


@pytest.fixture
def posted(cast):
    with clock.frozen(CLOSING - timedelta(days=3)):
        yield at("posted", cast, closing=CLOSING)


@pytest.fixture
def li(cast):
    client = Client()
    client.force_login(cast.li)
    return client


@pytest.fixture(scope="module")
def scanner():
    folder = Path(tempfile.mkdtemp(prefix="clamd-"))  # a socket's path may hold 100 characters
    try:
        with clamd(folder) as address:
            yield address
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def every_form(base=forms.BaseForm):
    for form in base.__subclasses__():
        yield form
        yield from every_form(form)


def test_16_these_are_the_only_doors_for_files():
    reverse("home")  # every module with an address is loaded
    doors = {
        f"{form.__module__}.{form.__name__}.{name}"
        for form in every_form()
        if form.__module__.startswith(("microacq.", "opportunities.", "evaluations."))
        for name, field in form.base_fields.items()
        if isinstance(field, forms.FileField)
    }
    assert doors == {
        "evaluations.forms.application.EligibilityForm.sign_off",
        "evaluations.views.contract.SignOffForm.sign_off",
        "opportunities.forms.own_invoice.OwnInvoiceForm.file",
        "opportunities.forms.payment.InvoiceForm.file",
        "opportunities.forms.registry.FileForm.upload",
    }


def test_16_what_is_no_document_is_refused_whatever_it_is_called(li, posted):
    before = stored()
    for what, content in HOSTILE.items():
        for name in ("letter.pdf", "letter.png"):
            assert send_sign_off(li, posted, content, name).status_code == 422, what
        assert not SignOffForm({}, {"sign_off": upload(content, "letter.pdf")}).is_valid(), what
    assert stored() == before


def test_16_what_is_two_things_comes_back_as_one_that_no_browser_opens(li, posted):
    for what, content in TWO_THINGS.items():
        assert send_sign_off(li, posted, content, "letter.html").status_code == 302, what
        response = li.get(url("sign_off", posted, Application.objects.get().pk))
        assert b"".join(response.streaming_content) == content, what
        assert response["Content-Type"] in uploads.KINDS.values(), what
        assert response["Content-Disposition"].startswith("attachment"), what
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response["Cross-Origin-Resource-Policy"] == "same-origin"


def test_16_a_name_leads_nowhere(li, posted):
    outside = {path for path in Path(site.VAR_DIR).rglob("*") if Path(site.UPLOAD_DIR) not in path.parents}
    for name in NAMES:
        boundary = "zqx"
        fields = {"of_age": "True", "standing": "canada", "uses_git": "True", "needs_sign_off": "True"}
        body = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        )
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="sign_off"; filename="{quoted}"\r\n'.encode()
        body += b"Content-Type: application/pdf\r\n\r\n" + PDF + f"\r\n--{boundary}--\r\n".encode()
        address = reverse("apply_eligibility", args=[posted.reference])
        response = li.generic("POST", address, body, content_type=f"multipart/form-data; boundary={boundary}")
        assert response.status_code in (302, 422), name
        if response.status_code == 422:
            continue
        sent = li.get(url("sign_off", posted, Application.objects.get().pk))
        assert b"".join(sent.streaming_content) == PDF
        header = sent["Content-Disposition"]
        assert re.fullmatch(
            r"attachment; filename(\*=utf-8''[\w.%()+-]+|=\"[\w .()+-]+\")", header, re.ASCII
        ), header
        assert len(Application.objects.get().working["sign_off"]["shown"]) <= 150
        page = li.get(url("apply_eligibility", posted)).text
        assert "<script>zqx" not in page
        assert "\u202e" not in page
    assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in stored())
    assert outside == {
        path for path in Path(site.VAR_DIR).rglob("*") if Path(site.UPLOAD_DIR) not in path.parents
    }


def test_16_ten_megabytes_and_one_byte_more(li, posted):
    full = PDF[:-7] + b"0" * (uploads.MAX_BYTES - len(PDF)) + PDF[-7:]
    assert send_sign_off(li, posted, full).status_code == 302
    response = send_sign_off(li, posted, full + b"\n")
    assert response.status_code == 422
    assert "larger than 10 MB" in response.text


def bomb(*, of: int, entries: int = 1) -> bytes:
    """A DOCX that is small until it is opened: `of` bytes of nothing in each of its entries."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        for number in range(entries):
            archive.writestr("word/document.xml" if not number else f"word/{number}.xml", b"\0" * of)
    return target.getvalue()


def test_16_a_bomb_is_never_opened_here_and_the_scanner_refuses_it(li, posted, settings, scanner):
    big, many = bomb(of=60_000_000), bomb(of=1, entries=50_000)
    assert max(len(big), len(many)) < uploads.MAX_BYTES
    spent = time.process_time()
    assert uploads.check(upload(big)) == uploads.check(upload(many)) == "docx"
    assert time.process_time() - spent < 3
    settings.CLAMD_URL = scanner
    response = send_sign_off(li, posted, big, "letter.docx")
    assert response.status_code == 422
    assert "virus scanner refuses" in response.text


def test_16_a_virus_is_refused_by_a_real_clamd_at_every_door(cast, li, posted, settings, scanner):
    settings.CLAMD_URL = scanner
    before = stored()
    infected = (
        PDF[:-7] + EICAR + PDF[-7:],
        PNG + EICAR,
        zipped(**{"[Content_Types].xml": "x", "word__document.xml": EICAR}),
    )
    for content in infected:
        response = send_sign_off(li, posted, content)
        assert response.status_code == 422
        assert "virus scanner refuses" in response.text
        assert "virus scanner refuses" in str(SignOffForm({}, {"sign_off": upload(content)}).errors)
    assert stored() == before
    for content in (PDF, PNG, DOCX):
        assert send_sign_off(li, posted, content).status_code == 302
    owed = at("invoicing", cast)
    data = {
        "number": "1",
        "supplier_name": "Li",
        "supplier_address": "Ottawa",
        "province": "ON",
        "charges_tax": "no",
    }
    more = {"version": owed.version, "shown": "6500.00", "file_total": "6500.00", "file": upload(infected[0])}
    response = li.post(reverse("invoice", args=[owed.reference]), data | more)
    assert response.status_code == 422
    assert "virus scanner refuses" in response.text
    assert not any(EICAR in (Path(site.UPLOAD_DIR) / name).read_bytes() for name in stored() - before)

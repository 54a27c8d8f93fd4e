"""The virus scanner, ClamAV's clamd, asked over its own protocol (INSTREAM, clamd(8)). Optional: settings.CLAMD_URL.

Knows how a file is judged and what becomes of one that the scanner refuses later. When the scanner is away nothing
is refused and nothing is released: the file waits.
"""

import logging
import socket
import struct
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import Q
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from microacq import uploads
from opportunities.due import claimed, job
from opportunities.notifications import mail_context, queue

from . import files
from .models import Application, Upload

log = logging.getLogger("evaluations.scanning")
PORT = 3310
SECONDS = 20
"""How long clamd may take to answer."""
CHUNK = 64 * 1024
REPLY_BYTES = 4096
Scan = Upload.Scan


class Away(Exception):
    """The scanner cannot be reached, or gives no verdict."""


def _connect() -> socket.socket:
    address = urlsplit(settings.CLAMD_URL)
    if address.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(SECONDS)
        try:
            connection.connect(address.path)
        except OSError:
            connection.close()
            raise
        return connection
    return socket.create_connection((address.hostname or "", address.port or PORT), timeout=SECONDS)


def refuses(file) -> bool:
    """Whether clamd finds something in a seekable binary file, which is left at its start. Raises Away."""
    file.seek(0)
    try:
        with _connect() as connection:
            connection.sendall(b"zINSTREAM\0")
            while chunk := file.read(CHUNK):
                connection.sendall(struct.pack("!L", len(chunk)) + chunk)
            connection.sendall(struct.pack("!L", 0))
            reply = b""
            while not reply.endswith(b"\0") and len(reply) < REPLY_BYTES:
                if not (more := connection.recv(REPLY_BYTES)):
                    break
                reply += more
    except OSError as problem:
        raise Away(type(problem).__name__) from None
    finally:
        file.seek(0)
    verdict = reply.rstrip(b"\0\n")
    if verdict.endswith(b" FOUND"):
        return True
    if verdict == b"stream: OK":
        return False
    raise Away("no verdict")


def judge(file) -> str:
    """What to keep of an uploaded file's scan: OFF, CLEAN or WAITING. Raises ValidationError when it is refused."""
    if not settings.CLAMD_URL:
        return Scan.OFF
    try:
        refused = refuses(file)
    except Away as problem:
        log.warning("The virus scanner is away (%s): a file waits.", problem)
        return Scan.WAITING
    if refused:
        raise ValidationError(
            _("The virus scanner refuses this file, so it was not kept. Send another one."), code="virus"
        )
    return Scan.CLEAN


@receiver(uploads.judging, dispatch_uid="evaluations.scanning.judging")
def judging(file, **kwargs) -> str:
    """Files that do not come with an application are scanned too."""
    return judge(file)


@receiver(uploads.kept, dispatch_uid="evaluations.scanning.kept")
def kept(name, owner, found, **kwargs) -> None:
    files.register(name, owner, found[0] if found else Scan.OFF)


@receiver(uploads.opening, dispatch_uid="evaluations.scanning.opening")
def opening(name, **kwargs):
    """Why a file may not be opened: it waits for the scanner, or the scanner refused it."""
    upload = files.state_of(name)
    return upload.held_back if upload else None


@job("scan files", order=70)
def scan_waiting(now: datetime) -> int:
    """Scan what waits, and what was kept before there was a scanner. Stops when the scanner is away."""
    done, seen = 0, 0
    while settings.CLAMD_URL:
        with transaction.atomic():
            waiting = Upload.objects.filter(scan__in=(Scan.WAITING, Scan.OFF), pk__gt=seen)
            upload = claimed(waiting.order_by("pk"))
            if upload is None:
                break
            seen = upload.pk
            try:
                with storages["private"].open(upload.name) as file:
                    refused = refuses(file)
            except FileNotFoundError:
                log.error("The file of upload %s is gone.", upload.pk)
                continue
            except Away as problem:
                log.warning("The virus scanner is away (%s): files wait.", problem)
                break
            upload.scan, upload.scanned_at = (Scan.REFUSED if refused else Scan.CLEAN), now
            upload.save(update_fields=["scan", "scanned_at"])
            if refused:
                _remove(upload)
            done += 1
    return done


def _remove(upload: Upload) -> None:
    """Take a refused file away, and tell its owner. The row stays and says why."""
    name = upload.name
    transaction.on_commit(lambda: storages["private"].delete(name))
    for application in Application.objects.filter(
        Q(working__sign_off__name=name) | Q(sign_off=name), supplier=upload.owner
    ).select_related("opportunity"):
        opportunity = application.opportunity
        context = mail_context(opportunity)
        queue("file_refused", upload.owner, context, opportunity=opportunity, audience_name="applicant")

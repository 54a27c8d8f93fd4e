"""Uploaded files: what they may be, where they are kept, how they are sent back.

Knows file types by their content, never by their name. Knows no record that points to a file, and asks nothing about who
may read: whoever scans files, or holds one back, connects to the signals.
"""

import errno
import hashlib
import logging
import re
import uuid
import zipfile
from contextlib import suppress
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.dispatch import Signal
from django.http import FileResponse, Http404
from django.utils.translation import gettext_lazy as _

judging = Signal()
"""Sent with `file` before it is kept. A receiver raises ValidationError to refuse it, or gives what it found."""
kept = Signal()
"""Sent with `name`, `owner` and `found` (what the receivers of `judging` gave) when a file was kept."""
opening = Signal()
"""Sent with `name` before a file is sent back. A receiver gives the sentence why it may not be opened, or None."""

log = logging.getLogger("microacq.uploads")
MAX_BYTES = 10 * 1024 * 1024
NOT_KEPT = _(
    "The file could not be kept. The fault is ours. Try again in a few minutes; the rest is still here."
)
KINDS = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "odt": "application/vnd.oasis.opendocument.text",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def kind_of(file) -> str:
    """The kind of a seekable binary file, a key of KINDS, or "" for anything else. Leaves it at its start."""
    file.seek(0)
    head = file.read(16)
    found = ""
    if head.startswith(b"%PDF-") and _ends_like_pdf(file):
        found = "pdf"
    elif head.startswith(b"\x89PNG\r\n\x1a\n"):
        found = "png"
    elif head.startswith(b"\xff\xd8\xff"):
        found = "jpg"
    elif head.startswith(b"PK\x03\x04"):
        found = _kind_of_zip(file)
    file.seek(0)
    return found


def _ends_like_pdf(file) -> bool:
    size = file.seek(0, 2)
    file.seek(max(0, size - 2048))
    return b"%%EOF" in file.read()


def _kind_of_zip(file) -> str:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if any(PurePath(name).name.lower() == "vbaproject.bin" for name in names):
                return ""
            if "mimetype" in names:
                with archive.open("mimetype") as entry:
                    return "odt" if entry.read(100).strip() == KINDS["odt"].encode() else ""
            return "docx" if {"[Content_Types].xml", "word/document.xml"} <= names else ""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
        return ""


def check(file, *, only_pdf: bool = False) -> str:
    """The kind of an uploaded file. Raises ValidationError with the sentence the person reads."""
    if not file.size:
        raise ValidationError(_("The file is empty."), code="empty")
    if file.size > MAX_BYTES:
        raise ValidationError(_("The file is larger than 10 MB. Send a smaller one."), code="too_large")
    kind = kind_of(file)
    if only_pdf and kind != "pdf":
        raise ValidationError(_("This is not a PDF file, whatever its name says."), code="kind")
    if not kind:
        raise ValidationError(
            _("This is not a PDF, PNG, JPEG, ODT or DOCX file, whatever its name says."), code="kind"
        )
    return kind


def store(file) -> dict[str, str]:
    """Put an uploaded file, already checked, under a random name: {"name": as stored, "shown": its own name, "sha256"}.

    Raises ValidationError, with nothing left behind, when the disk takes no more.
    """
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    name = uuid.uuid4().hex
    try:
        stored = storages["private"].save(name, file)
    except OSError as problem:
        log.error(
            "An uploaded file could not be kept (%s).", errno.errorcode.get(problem.errno or 0, "unknown")
        )
        with suppress(OSError):
            storages["private"].delete(name)  # what was written of it
        raise ValidationError(NOT_KEPT, code="not_kept") from None
    return {"name": stored, "shown": shown_name(file.name), "sha256": digest.hexdigest()}


def judge(file) -> list:
    """What those who scan files find in one. Raises ValidationError when one of them refuses it."""
    return [found for _receiver, found in judging.send(sender=None, file=file)]


def keep(file, owner, found: list) -> dict[str, str]:
    """Store a file that was checked and judged, and say so: gives, and raises, what `store` does."""
    stored = store(file)
    kept.send(sender=None, name=stored["name"], owner=owner, found=found)
    return stored


def held_back(name: str) -> str:
    """Why a stored file may not be opened now, as a sentence; "" when it may."""
    sentences = [sentence for _receiver, sentence in opening.send(sender=None, name=name)]
    return next((str(sentence) for sentence in sentences if sentence), "")


def shown_name(name: str) -> str:
    """A file's own name without folders, control characters or marks that a header or a page would trip over."""
    plain = re.sub(r"[^\w .()+-]", "_", PurePath((name or "").replace("\\", "/")).name).strip(" .")
    return plain[-150:] or "file"


def as_attachment(name: str, shown: str) -> FileResponse:
    """A stored file as a download that no browser opens in the site's own name. Http404 when it is gone."""
    try:
        file = storages["private"].open(name)
    except (FileNotFoundError, ValueError):
        raise Http404 from None
    kind = kind_of(file)
    response = FileResponse(
        file, as_attachment=True, filename=shown, content_type=KINDS.get(kind, "application/octet-stream")
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response

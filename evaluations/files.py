"""The files that come with applications: what they may be, where they are kept, how they are sent back.

Knows file types by their content, never by their name; what is in them is for `scanning` to say. Knows no opportunity
and asks nothing about who may read.
"""

import hashlib
import re
import uuid
import zipfile
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.http import FileResponse, Http404
from django.utils.translation import gettext_lazy as _

from microacq import clock

from .models import Upload

MAX_BYTES = 10 * 1024 * 1024
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


def check(file) -> str:
    """The kind of an uploaded file. Raises ValidationError with the sentence the person reads."""
    if not file.size:
        raise ValidationError(_("The file is empty."), code="empty")
    if file.size > MAX_BYTES:
        raise ValidationError(_("The file is larger than 10 MB. Send a smaller one."), code="too_large")
    kind = kind_of(file)
    if not kind:
        raise ValidationError(
            _("This is not a PDF, PNG, JPEG, ODT or DOCX file, whatever its name says."), code="kind"
        )
    return kind


def keep(file, owner, scan: str) -> dict[str, str]:
    """Store an uploaded file, already checked, under a random name, with what `scanning.judge` gave.

    Gives {"name": as stored, "shown": its own name, "sha256"}.
    """
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    stored = storages["private"].save(uuid.uuid4().hex, file)
    scanned_at = clock.now() if scan == Upload.Scan.CLEAN else None
    Upload.objects.create(name=stored, owner=owner, scan=scan, scanned_at=scanned_at)
    return {"name": stored, "shown": shown_name(file.name), "sha256": digest.hexdigest()}


def drop(name: str) -> None:
    """Remove a stored file that no record points to any more."""
    storages["private"].delete(name)
    Upload.objects.filter(name=name).exclude(scan=Upload.Scan.REFUSED).delete()


def state_of(name: str) -> Upload | None:
    """What is known of a stored file, by its random name."""
    return Upload.objects.filter(name=name).first()


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

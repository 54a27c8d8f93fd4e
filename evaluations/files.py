"""The files that come with applications: kept with what the virus scanner says of each.

What a file may be, and how it is sent back, is `microacq.uploads`'; what is in it is for `scanning` to say. Knows no
opportunity and asks nothing about who may read.
"""

from django.core.files.storage import storages

from microacq import clock, uploads
from microacq.uploads import KINDS, MAX_BYTES, as_attachment, check, kind_of, shown_name

from .models import Upload

__all__ = [
    "KINDS",
    "MAX_BYTES",
    "as_attachment",
    "check",
    "drop",
    "keep",
    "kind_of",
    "register",
    "shown_name",
    "state_of",
]


def keep(file, owner, scan: str) -> dict[str, str]:
    """Store an uploaded file, already checked, under a random name, with what `scanning.judge` gave.

    Gives {"name": as stored, "shown": its own name, "sha256"}.
    """
    stored = uploads.store(file)
    register(stored["name"], owner, scan)
    return stored


def register(name: str, owner, scan: str) -> None:
    """Remember what the scanner said of a stored file."""
    scanned_at = clock.now() if scan == Upload.Scan.CLEAN else None
    Upload.objects.create(name=name, owner=owner, scan=scan, scanned_at=scanned_at)


def drop(name: str) -> None:
    """Remove a stored file that no record points to any more."""
    storages["private"].delete(name)
    Upload.objects.filter(name=name).exclude(scan=Upload.Scan.REFUSED).delete()


def state_of(name: str) -> Upload | None:
    """What is known of a stored file, by its random name."""
    return Upload.objects.filter(name=name).first()

"""A ZIP with a manifest: written piece by piece, in bounded memory, and checked without unpacking anything.

The manifest, `manifest.json`, is the last file: facts that the writer gives, and path, length and SHA-256 of each other
file. Knows nothing of what is in the files. Pure: no Django.
"""

import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO

MANIFEST = "manifest.json"
CHUNK = 64 * 1024
MAX_MANIFEST = 16 * 1024 * 1024
MAX_FILES = 20_000
MAX_BYTES = 4 * 1024**3
"""What a checked file may unpack to in all. A ZIP that says more is refused before anything is read."""
PLAIN_PATH = re.compile(r"[A-Za-z0-9_][\w .()+-]*(/[A-Za-z0-9_][\w .()+-]*)*")


class Entry:
    """One file of the ZIP while it is written: takes text or bytes, counts and hashes."""

    def __init__(self, target: Any):
        self.target, self.size, self.digest = target, 0, hashlib.sha256()

    def write(self, piece: str | bytes) -> None:
        data = piece.encode() if isinstance(piece, str) else piece
        self.size += len(data)
        self.digest.update(data)
        self.target.write(data)


class Writer:
    """Writes the ZIP into a binary file, one file of it after the other; `close()` adds the manifest."""

    def __init__(self, target: BinaryIO, at: datetime):
        self.zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True)
        self.at = at
        self.files: list[dict[str, Any]] = []

    @contextmanager
    def entry(self, path: str) -> Iterator[Entry]:
        """Write one file. Raises ValueError for a path that is taken, or that no system would take."""
        if not is_plain(path) or any(path == file["path"] for file in self.files):
            raise ValueError(f"not a path for an archive: {path!r}")
        with self.zip.open(self._info(path), "w", force_zip64=True) as target:
            entry = Entry(target)
            yield entry
        self.files.append({"path": path, "bytes": entry.size, "sha256": entry.digest.hexdigest()})

    def add(self, path: str, pieces: Iterable[str | bytes]) -> None:
        """Write one file from its pieces."""
        with self.entry(path) as entry:
            for piece in pieces:
                entry.write(piece)

    def close(self, facts: dict[str, Any]) -> None:
        """Write the manifest: the facts, then the files. Nothing can be added after it."""
        text = json.dumps({**facts, "files": self.files}, ensure_ascii=False, indent=1)
        self.zip.writestr(self._info(MANIFEST), text)
        self.zip.close()

    def _info(self, path: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(path, self.at.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o640 << 16
        return info


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """A binary file's bytes, piece by piece."""
    while piece := file.read(CHUNK):
        yield piece


def is_plain(path: str) -> bool:
    """Whether a path stays in its folder, on any system, and is not the manifest's."""
    return len(path) <= 250 and path != MANIFEST and PLAIN_PATH.fullmatch(path) is not None


class Unreadable(Exception):
    """The file is no archive of ours, or one that is not to be opened. The message says why, in English."""


class Reader:
    """A ZIP that somebody hands in: nothing of it is unpacked to disk, and no more is read than its manifest says."""

    def __init__(self, file: BinaryIO):
        """Opens it and reads its manifest. Raises Unreadable."""
        try:
            self.zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            raise Unreadable("this is not a ZIP file, or it is damaged") from None
        entries = self.zip.infolist()
        if len(entries) > MAX_FILES:
            raise Unreadable(f"it holds more than {MAX_FILES} files")
        if sum(entry.file_size for entry in entries) > MAX_BYTES:
            raise Unreadable(f"it unpacks to more than {MAX_BYTES} bytes")
        self.names = [entry.filename for entry in entries]
        if MANIFEST not in self.names:
            raise Unreadable(f"it holds no {MANIFEST}")
        self.manifest = self.json(MANIFEST, MAX_MANIFEST)
        files = self.manifest.get("files") if isinstance(self.manifest, dict) else None
        if not isinstance(files, list) or not all(_is_file(file) for file in files):
            raise Unreadable(f"{MANIFEST} does not say which files there are")
        self.files: list[dict[str, Any]] = files

    def json(self, path: str, limit: int) -> Any:
        """One file of it, as JSON, of `limit` bytes at most. Raises Unreadable."""
        data = b"".join(self._pieces(path, limit + 1))
        if len(data) > limit:
            raise Unreadable(f"{path} is too long")
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise Unreadable(f"{path} is not JSON") from None

    def problems(self) -> Iterator[str]:
        """What differs between the files and the manifest, one sentence each, in English."""
        listed: dict[str, dict[str, Any]] = {}
        for file in self.files:
            if not is_plain(file["path"]):
                yield f"{MANIFEST} names a path that leaves its folder: {file['path']!r}"
            elif file["path"] in listed:
                yield f"{MANIFEST} names {file['path']} twice"
            listed[file["path"]] = file
        there = Counter(self.names)
        for name in sorted(there):
            if there[name] > 1:
                yield f"{name!r} is in the file twice"
            elif name != MANIFEST and name not in listed:
                yield f"{name!r} is not in {MANIFEST}"
        for path, file in listed.items():
            if there[path] == 1:
                yield from self._differs(path, file)
            elif not there[path]:
                yield f"{path!r} is missing"

    def _differs(self, path: str, file: dict[str, Any]) -> Iterator[str]:
        size, digest = 0, hashlib.sha256()
        try:
            for piece in self._pieces(path, file["bytes"] + 1):
                size += len(piece)
                digest.update(piece)
        except Unreadable as problem:
            yield str(problem)
            return
        if size != file["bytes"]:
            yield f"{path!r} is not {file['bytes']} bytes long"
        elif digest.hexdigest() != file["sha256"]:
            yield f"{path!r} was changed: its SHA-256 is {digest.hexdigest()}"

    def _pieces(self, path: str, limit: int) -> Iterator[bytes]:
        """At most `limit` bytes of a file."""
        try:
            with self.zip.open(path) as source:
                while limit > 0 and (piece := source.read(min(CHUNK, limit))):
                    limit -= len(piece)
                    yield piece
        except Exception as problem:  # what zipfile and zlib raise has no common class
            raise Unreadable(f"{path!r} cannot be read ({type(problem).__name__})") from None


def _is_file(file: Any) -> bool:
    return (
        isinstance(file, dict)
        and isinstance(file.get("path"), str)
        and isinstance(file.get("sha256"), str)
        and type(file.get("bytes")) is int
        and 0 <= file["bytes"] <= MAX_BYTES
    )

"""Settings of a site on more than one machine, worked out from what the environment says. Pure; imports no Django.

Each function gives the setting, and adds to `problems` the sentences about what cannot be so.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
SPOOL = 2 * 1024 * 1024
"""Bytes of a stored file that are held in memory while it is read; the rest of it waits in a temporary file."""


def pooled(database: dict[str, Any], problems: list[str]) -> dict[str, Any]:
    """A database behind PgBouncer in transaction mode: nothing in it outlives a transaction."""
    if "options" in database.get("OPTIONS", {}):
        problems.append(
            "DATABASE_POOLED is set, and DATABASE_URL has options: a pooler in transaction mode keeps no session for "
            "them. Give them to the role (ALTER ROLE ... SET ...)."
        )
    return database | {"DISABLE_SERVER_SIDE_CURSORS": True}


def replica(database: dict[str, Any], primary: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """A streaming replica of the database, given as read from DATABASE_REPLICA_URL."""
    place = ("HOST", "PORT", "NAME")
    if [database.get(name) for name in place] == [primary.get(name) for name in place]:
        problems.append("DATABASE_REPLICA_URL names the same database as DATABASE_URL: unset it.")
    # A replica that does not answer is passed by at once: the primary is there.
    options = {"connect_timeout": 2, **database.get("OPTIONS", {})}
    return database | {"OPTIONS": options, "TEST": {"MIRROR": "default"}}


def s3(environment: Mapping[str, str], problems: list[str]) -> dict[str, Any] | None:
    """The storage of uploads on an S3-compatible server, from UPLOAD_S3_...; None when none is named."""
    given = {
        name: environment.get(f"UPLOAD_S3_{name}", "").strip()
        for name in ("BUCKET", "ENDPOINT", "REGION", "ACCESS_KEY", "SECRET_KEY")
    }
    if not any(given.values()):
        return None
    for name, why in (
        ("BUCKET", "name the bucket, which nobody else can read."),
        ("ACCESS_KEY", "the store lets nobody in without one."),
        ("SECRET_KEY", "the store lets nobody in without one."),
    ):
        if not given[name]:
            problems.append(f"UPLOAD_S3_{name} is not set: {why}")
    if given["BUCKET"] and not BUCKET.fullmatch(given["BUCKET"]):
        problems.append(
            "UPLOAD_S3_BUCKET is not the name of a bucket: 3 to 63 small letters, digits, dots and hyphens."
        )
    if given["ENDPOINT"]:
        address = urlsplit(given["ENDPOINT"])
        local = address.hostname in ("127.0.0.1", "localhost", "::1")
        if address.scheme not in ("http", "https") or not address.hostname:
            problems.append("UPLOAD_S3_ENDPOINT cannot be read: write https://store.example.ca.")
        elif address.scheme == "http" and not local:
            problems.append("UPLOAD_S3_ENDPOINT is unsafe: files travel over https, except on this machine.")
    return {
        "BACKEND": "microacq.stores.S3",
        "OPTIONS": {
            "bucket_name": given["BUCKET"],
            "endpoint_url": given["ENDPOINT"] or None,
            "region_name": given["REGION"] or None,
            "access_key": given["ACCESS_KEY"],
            "secret_key": given["SECRET_KEY"],
            # With an endpoint of one's own the bucket is a folder of it; Amazon wants a host for each.
            "addressing_style": "path" if given["ENDPOINT"] else "virtual",
            "signature_version": "s3v4",
            "default_acl": None,
            "file_overwrite": False,
            "max_memory_size": SPOOL,
        },
    }


def for_other_origins(headers: Any, path: str, url: str) -> None:
    """WhiteNoise's hook: static files may be shown by pages of another origin than a CDN's."""
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"


def static_url(given: str, problems: list[str]) -> tuple[str, list[str]]:
    """Where static files are read from, and the origins that pages must be allowed to read them from."""
    given = given.strip() or "/static/"
    address = urlsplit(given)
    if address.scheme == "https" and address.hostname and address.path.endswith("/"):
        return given, [f"{address.scheme}://{address.netloc}"]
    if not (given.startswith("/") and given.endswith("/") and not address.netloc) or given == "/":
        problems.append("STATIC_URL cannot be read: write /static/ or https://cdn.example.ca/static/.")
    return given, []

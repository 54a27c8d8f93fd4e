"""Addresses of public code: which may be kept and shown, and what those of GitHub, GitLab and Bitbucket point to.

Pure: reads the address alone. Nothing is ever fetched.
"""

import re
from urllib.parse import SplitResult, urlsplit

_NOT_PUBLIC = set(
    "localhost local localdomain internal intranet lan home corp private test invalid arpa".split()
)
_PULL_REQUEST = {
    "github": re.compile(r"/[^/]+/[^/]+/pull/\d+(/.*)?"),
    "gitlab": re.compile(r"/.+?(/-)?/merge_requests/\d+(/.*)?"),
    "bitbucket": re.compile(r"/[^/]+/[^/]+/pull-requests/\d+(/.*)?"),
}
_LICENCE = {
    "github": "/blob/HEAD/LICENSE",
    "gitlab": "/-/blob/HEAD/LICENSE",
    "bitbucket": "/src/HEAD/LICENSE",
}


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises ValueError when it is no port
    except ValueError:
        return None
    return parts


def is_public(address: str) -> bool:
    """Whether it is an https address on a named public host: no IP address, no local name, no sign-in in it."""
    parts = _split(address)
    if not parts or parts.scheme != "https" or parts.username is not None or parts.password is not None:
        return False
    labels = (parts.hostname or "").rstrip(".").split(".")
    # The last label of a name starts with a letter; that of any way of writing an IP address does not.
    return (
        len(labels) > 1
        and bool(re.fullmatch(r"[a-z][a-z0-9-]+", labels[-1]))
        and labels[-1] not in _NOT_PUBLIC
    )


def host_kind(address: str) -> str:
    """ "github", "gitlab", "bitbucket", or "" for another host."""
    host = ((parts := _split(address)) and parts.hostname) or ""
    if host in ("github.com", "www.github.com"):
        return "github"
    if host == "bitbucket.org":
        return "bitbucket"
    return "gitlab" if host == "gitlab.com" or host.startswith("gitlab.") else ""


def is_pull_request(address: str) -> bool:
    """Whether it can be a pull or merge request; on a host that is not known any page can."""
    kind, parts = host_kind(address), _split(address)
    return bool(parts and parts.path.strip("/")) and (
        not kind or bool(_PULL_REQUEST[kind].fullmatch(parts.path))
    )


def repository_of(address: str) -> str:
    """The repository that an address of code belongs to; the address without its query where the host is not known."""
    parts = _split(address)
    if parts is None:
        return address
    path = parts.path.rstrip("/")
    kind = host_kind(address)
    if kind == "gitlab":
        path = re.split(r"/-/|/merge_requests/", path)[0]
    elif kind:
        path = "/".join(path.split("/")[:3])
    return f"{parts.scheme}://{parts.netloc}{path.removesuffix('.git')}"


def licence_file(repository: str) -> str:
    """Where a repository's licence file is, as a first guess; the repository itself where the host is not known."""
    return repository_of(repository) + _LICENCE.get(host_kind(repository), "")

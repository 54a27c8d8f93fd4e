"""Fetches a round's signature from the beacon's public relays.

Knows the relays' address format and how to ask without waiting or reading for long. Trusts no relay: what
it gives back has been verified against the chain's key. Knows nothing of Django, pools or opportunities, and
does not read the clock of the house: call it once the round's time has come.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable
from http.client import HTTPException
from typing import IO, Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from evaluations import draw

TIMEOUT = 5.0  # seconds without a byte
DEADLINE = 15.0  # seconds for one relay's whole answer, from its first byte
MAX_ANSWER = 4096  # bytes; an answer of quicknet has about 300

logger = logging.getLogger(__name__)


def fetch(relays: Iterable[str], chain: draw.Chain, round_number: int) -> str | None:
    """The chain's signature of that round, in hex and verified, or None when no relay gave it.

    `relays`: base addresses (https only), asked one after the other. The demonstration chain has no relay:
    its signature is made here. Never raises for what a relay or the network does.
    """
    if chain.is_demonstration:
        return draw.demonstration_signature(round_number)
    for relay in relays:
        try:
            answer = get(f"{relay.rstrip('/')}/{chain.chain_hash}/public/{round_number}")
            signature = _signature_in(answer, round_number)
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            logger.warning("Beacon relay %s gave no signature of round %d: %s", relay, round_number, error)
            continue
        if draw.verify_signature(chain, round_number, signature):
            return signature.lower()
        logger.error("Beacon relay %s gave a false signature of round %d", relay, round_number)
    return None


def get(url: str) -> bytes:
    """The body at an https address: no redirects, at most MAX_ANSWER bytes.

    ValueError for another scheme or a larger answer; OSError or HTTPException for what the network does.
    """
    if urlsplit(url).scheme != "https":
        raise ValueError("a relay's address must begin with https://")
    headers = {
        "Accept": "application/json",
        "User-Agent": "esdc-microacq",
    }  # urllib's own name is often refused
    request = Request(url, headers=headers)  # noqa: S310  (https, see above)
    with build_opener(_NoRedirect).open(request, timeout=TIMEOUT) as response:
        until = time.monotonic() + DEADLINE
        body = b""
        while chunk := response.read1(MAX_ANSWER + 1 - len(body)):
            body += chunk
            if len(body) > MAX_ANSWER:
                raise ValueError("the answer is too large")
            if time.monotonic() > until:
                raise TimeoutError("the answer came too slowly")
    return body


def _signature_in(answer: bytes, round_number: int) -> str:
    """The signature in a relay's answer, not verified. ValueError when the answer is not about the round."""
    record = json.loads(answer)
    if not isinstance(record, dict) or record.get("round") != round_number:
        raise ValueError("the answer is not about that round")
    signature = record.get("signature")
    if not isinstance(signature, str):
        raise ValueError("the answer holds no signature")
    return signature


class _NoRedirect(HTTPRedirectHandler):
    """A redirect becomes an HTTPError: it could lead away from https, or into our own network."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None

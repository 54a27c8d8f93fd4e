"""How often something may be done: places counted in the cache that all machines share. Knows no page."""

import hashlib
import ipaddress

from allauth.account.adapter import get_adapter
from django.core.cache import cache


def room(what: str, who: str, limit: int, seconds: int) -> bool:
    """Take one of the `limit` places that `who` has for `what`; each is free again after `seconds`.

    False when none is left. A place is taken by adding it, so two requests at once never take the same.
    """
    key = f"{what}:{digest(who)}"
    return any(cache.add(f"{key}:{place}", 1, seconds) for place in range(limit))


def visitor(request) -> str:
    """The network that a request comes from, behind the proxies that the settings trust.

    An IPv6 address counts as its /64: a household has that many addresses, and would never run out of places.
    """
    address = str(get_adapter().get_client_ip(request))
    try:
        return str(ipaddress.IPv6Network(f"{address}/64", strict=False).network_address)
    except ValueError:
        return address


def digest(who: str) -> str:
    """An address as a key that does not show it."""
    return hashlib.sha256(who.encode()).hexdigest()[:32]

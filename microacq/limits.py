"""How often something may be done: places counted in the cache that all machines share. Knows no page."""

import hashlib

from allauth.account.adapter import get_adapter
from django.core.cache import cache


def room(what: str, who: str, limit: int, seconds: int) -> bool:
    """Take one of the `limit` places that `who` has for `what`; each is free again after `seconds`.

    False when none is left. A place is taken by adding it, so two requests at once never take the same.
    """
    key = f"{what}:{digest(who)}"
    return any(cache.add(f"{key}:{place}", 1, seconds) for place in range(limit))


def visitor(request) -> str:
    """The network address that a request comes from, behind the proxies that the settings trust."""
    return str(get_adapter().get_client_ip(request))


def digest(who: str) -> str:
    """An address as a key that does not show it."""
    return hashlib.sha256(who.encode()).hexdigest()[:32]

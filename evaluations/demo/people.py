"""Who takes part in the demonstration: one person per part, each with a name, a role and a language.

Knows accounts only. The addresses and the password are public, and exist with DEMO=1 alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password

from microacq.accounts import mark_verified
from microacq.models import User
from opportunities.views.demo_tools import CAST, PASSWORD

# address before the @: name, role, preferred language
PARTS = {
    "client": ("Claire MacDonald", "client", "en"),
    "client2": ("Luc Ngoy", "client", "fr"),
    "evaluator": ("Marie-Ève Papatie", "client", "fr"),
    "manager": ("Harpreet Gill", "client", "en"),
    "team": ("Sofia Marchetti", "team", "en"),
    "team2": ("Olivier Tran", "team", "fr"),
    "finance": ("Geneviève Bouchard", "finance", "fr"),
    "supplier1": ("Nadia Haddad", "supplier", "en"),
    "supplier2": ("Mathieu Ouellet", "supplier", "fr"),
    "supplier3": ("Tanya Littlechild", "supplier", "en"),
    "supplier4": ("Aïcha Diallo", "supplier", "fr"),
    "supplier5": ("Kwame Mensah", "supplier", "en"),
    "admin": ("Sam Whitehorse", "team", "en"),
}

# what each supplier says of themselves when they apply
SUPPLIERS: dict[str, dict[str, Any]] = {
    "supplier1": {"business_name": "", "province": "ON", "code_account": "https://gitlab.com/nadia-codes-example", "standing": "canada", "means": "visa"},
    "supplier2": {
        "business_name": "Atelier Boréal", "province": "QC", "code_account": "https://github.com/atelier-boreal-example", "standing": "canada", "means": "visa",
    },
    "supplier3": {
        "business_name": "Two Rivers Code", "province": "BC", "code_account": "https://github.com/two-rivers-code-example", "standing": "canada", "means": "paypal",
    },
    "supplier4": {"business_name": "", "province": "NB", "code_account": "https://gitlab.com/aicha-diallo-example", "standing": "permit", "means": "paypal"},
    "supplier5": {"business_name": "", "province": "NS", "code_account": "https://bitbucket.org/kmensah-example", "standing": "canada", "means": "visa"},
}  # fmt: skip

# how each supplier invoices: where, and whether they charge taxes
INVOICING: dict[str, dict[str, str]] = {
    "supplier1": {"supplier_address": "12 Example Street\nOttawa ON  K1A 0B1", "charges_tax": "yes", "gst_number": "123456782 RT0001"},
    "supplier2": {
        "supplier_address": "34, rue de l’Exemple\nRimouski QC  G5L 0A1", "charges_tax": "yes", "gst_number": "123456782 RT0002", "pst_number": "1234567890 TQ0001",
    },
    "supplier3": {"supplier_address": "56 Example Road\nKamloops BC  V2C 0A1", "charges_tax": "yes", "gst_number": "123456782 RT0003"},
    "supplier4": {"supplier_address": "78, rue de l’Exemple\nMoncton NB  E1C 0A1", "charges_tax": "no"},
    "supplier5": {"supplier_address": "90 Example Lane\nHalifax NS  B3H 0A1", "charges_tax": "yes", "gst_number": "123456782 RT0005"},
}  # fmt: skip


@dataclass
class Cast:
    """Everybody, by the part of the address before the @."""

    by_part: dict[str, User]

    def __getattr__(self, part: str) -> User:
        try:
            return self.__dict__["by_part"][part]
        except KeyError:
            raise AttributeError(part) from None

    def some(self, parts: str) -> list[User]:
        """The people named in "part part ..."."""
        return [self.by_part[part] for part in parts.split()]

    def suppliers(self, numbers: str) -> list[User]:
        """The suppliers of these numbers, such as "134"."""
        return [self.by_part[f"supplier{number}"] for number in numbers]


def part_of(user: User) -> str:
    """The part that somebody plays: their address before the @."""
    return user.email.partition("@")[0]


def make_cast(joined: datetime) -> Cast:
    """Create everybody, with a verified address and the public password."""
    password = make_password(PASSWORD)  # one hash for all: it costs a second, and hides nothing here
    people = {}
    for address in CAST:
        part = address.partition("@")[0]
        name, role, language = PARTS[part]
        user = User(
            email=address,
            name=name,
            role=role,
            language=language,
            date_joined=joined,
            password=password,
            is_superuser=part == "admin",
        )
        user.save()
        mark_verified(user)
        people[part] = user
    return Cast(people)

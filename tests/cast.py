"""The named cast: one person per part, so that a test reads as a sentence ("Li must not see Amara's draft")."""

from dataclasses import dataclass, fields

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from microacq.models import User

PASSWORD = "correct horse battery"  # noqa: S105
HASHED = make_password(PASSWORD)


@dataclass
class Cast:
    """Everybody. Amara is the client; Mona her manager; Eve evaluates; Tess, Tom and Tia are the team."""

    amara: User
    bo: User
    eve: User
    mona: User
    tess: User
    tom: User
    tia: User
    fin: User
    fay: User
    li: User
    sam: User
    noor: User
    kim: User
    pat: User
    root: User


PARTS = {
    "amara": ("client", "en"),
    "bo": ("client", "fr"),
    "eve": ("client", "fr"),
    "mona": ("client", "fr"),
    "tess": ("team", "en"),
    "tom": ("team", "fr"),
    "tia": ("team", "en"),
    "fin": ("finance", "en"),
    "fay": ("finance", "fr"),
    "li": ("supplier", "en"),
    "sam": ("supplier", "fr"),
    "noor": ("supplier", "en"),
    "kim": ("supplier", "fr"),
    "pat": ("supplier", "en"),
    "root": ("team", "en"),
}


keys: dict[str, int] = {}
"""Everybody's key, the same in every test of a process (tests/worlds.py)."""


def make_cast() -> Cast:
    """Create everybody, verified, with `PASSWORD`: in two queries, since most tests begin so."""
    people = {}
    for name, (role, language) in PARTS.items():
        domain = "studio.example" if role == "supplier" else "hrsdc-rhdcc.gc.ca"
        title = f"{name.title()} {role.title()}"
        people[name] = User(
            pk=keys.get(name),
            email=f"{name}@{domain}",
            password=HASHED,
            name=title,
            role=role,
            language=language,
            is_superuser=name == "root",
        )
    User.objects.bulk_create(people.values())
    keys.update((name, user.pk) for name, user in people.items())
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in people.values()
    )
    return Cast(**people)


@pytest.fixture
def cast(db) -> Cast:
    """Everybody, in the test's database."""
    return make_cast()


NAMES = [field.name for field in fields(Cast)]

"""The named cast: one person per part, so that a test reads as a sentence ("Li must not see Amara's draft")."""

from dataclasses import dataclass, fields

import pytest

from microacq.accounts import mark_verified
from microacq.models import User

PASSWORD = "correct horse battery"  # noqa: S105


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


def make_cast() -> Cast:
    """Create everybody, verified, with `PASSWORD`."""
    people = {}
    for name, (role, language) in PARTS.items():
        domain = "studio.example" if role == "supplier" else "hrsdc-rhdcc.gc.ca"
        user = User.objects.create_user(f"{name}@{domain}", PASSWORD, name=f"{name.title()} {role.title()}", role=role, language=language, is_superuser=name == "root")
        mark_verified(user)
        people[name] = user
    return Cast(**people)


@pytest.fixture
def cast(db) -> Cast:
    """Everybody, in the test's database."""
    return make_cast()


NAMES = [field.name for field in fields(Cast)]

"""One site for the tests of who may see what: Amara's needs in five states, and Kim, whose applications nobody may read yet.

Who plays which part is said in `PEOPLE`. Built once a file; knows nothing of pages.
"""

import io
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, override_settings

from evaluations import applications, files
from evaluations.models import Upload
from microacq import clock
from tests.cast import Cast, make_cast
from tests.factories import journey
from tests.roles import as_runtime

from .resolver import every_address
from .who_matrix import ABOUT_ONE, CODES, PARTS, STATES

NOW = datetime(2027, 3, 10, 11, 0, tzinfo=clock.EASTERN)
PEOPLE = dict(
    zip(
        PARTS,
        (None, "pat", "sam", "li", "amara", "bo", "eve", "mona", "tom", "tess", "fin", "root"),
        strict=True,
    )
)
"""Who plays each part of who_matrix.py. Sam applied everywhere; Li holds the contracts."""
SEALED = "zebracadabra"
"""In every answer of Kim, and in the file sent with it, as long as it is sealed."""
NAMES = ("Quentavious", "Brzeczyszczykiewicz", "Zorbatek", "kwijibo")
"""Kim's own, of the business and of the account: told to nobody before the evaluation is confirmed."""
ANSWERED = "zanzibarofanswers"
"""In every answer where the evaluation is long over: still nothing for the admin."""
IDENTITY = {
    "legal_name": "Quentavious Brzeczyszczykiewicz",
    "business_name": "Zorbatek Digital",
    "code_account": "https://gitlab.com/kwijibo",
}
AFTER = ("drawing", "work", "complete")
"""States in which it may be known who applied: Kim did not."""


@dataclass
class Stage:
    """The cast, the opportunities by state, and Kim's sealed application."""

    cast: Cast
    opportunities: dict
    sealed: object

    def person(self, part: str):
        """Who plays the part; None for nobody."""
        return PEOPLE[part] and getattr(self.cast, PEOPLE[part])

    def client(self, part: str) -> Client:
        """A browser in which whoever plays the part is signed in. A fault of the site is an answer, 500."""
        client = Client(raise_request_exception=False)
        if self.person(part):
            client.force_login(self.person(part))
        return client

    @property
    def secrets_of_the_application(self) -> tuple[str, ...]:
        """The same where accounts are listed, which is no secret."""
        return (SEALED, IDENTITY["business_name"], NAMES[-1], self.sealed.receipt, self.sealed.sha256)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be nowhere: Kim's words, name and address, and what stands for the sealed application."""
        return (SEALED, *NAMES, self.cast.kim.email, self.sealed.receipt, self.sealed.sha256)

    def addresses(self, state: str, language: str = "en", only: str = "reference") -> list[tuple[str, str]]:
        """(name, address) about the opportunity in a state, with its own objects where an address wants their number."""
        opportunity = self.opportunities[state]

        def number(name):
            if name.startswith(("edit_", "add_")):
                criteria = "evaluation_criteria" if "evaluation" in name else "acceptance_criteria"
                return getattr(opportunity, criteria).first().pk
            kims = opportunity.applications.filter(supplier=self.cast.kim)
            found = (kims or opportunity.applications.all()).order_by("pk").first()
            return found.pk if found else 1

        return every_address(opportunity.reference, language, only, pk=number, label="A", token="1" * 64)

    def other_addresses(self, language: str = "en") -> list[tuple[str, str]]:
        """(name, address) of everything else."""
        given = {
            "pk": self.newest,
            "token": "1" * 64,
            "name": "accept",
            "object_id": self.newest,
            "content_type_id": 1,
        }
        return [pair for pair in every_address("x", language, **given) if pair[0] not in ABOUT_ONE]

    def newest(self, name: str) -> int:
        """The number of the newest object that an address of the admin is about."""
        words = name.removeprefix("admin:").split("_")
        try:
            model = apps.get_model(words[0], words[1])
        except (LookupError, IndexError):
            return 1
        return model.objects.order_by("-pk").values_list("pk", flat=True).first() or 1


def _identified(way):
    """A journey, on which Kim sends her own name, business and account."""
    sent = way.application
    way.application = lambda supplier, number: (
        sent(supplier, number) | (IDENTITY if supplier.name == IDENTITY["legal_name"] else {})
    )
    return way


def build() -> Stage:
    """Everything, at `NOW`."""
    cast = make_cast()
    kim = cast.kim
    kim.name = IDENTITY["legal_name"]
    kim.save(update_fields=["name"])
    made = {}
    for state in STATES:
        suppliers = [cast.li, cast.sam] if state in AFTER else [kim, cast.sam]
        passing = [True, True] if state == "drawing" else None
        way = _identified(
            journey(cast, state=state, now=NOW, suppliers=suppliers, evaluators=[cast.eve], passing=passing)
        )
        about = (
            SEALED if state == "posted" else "Quentavious of Zorbatek Digital (https://gitlab.com/kwijibo)"
        )
        way.words.answers[:] = [f"I am {about}. I know Python.", "I know Python too."]
        if state in AFTER:
            way.words.answers[:] = [f"I know how: {ANSWERED}."]
        made[state] = way.to(state)
        if state == "posted":
            _apply(way, made[state], cast)
    return Stage(cast, made, made["posted"].applications.get(supplier=kim))


def _apply(way, opportunity, cast) -> None:
    """Kim and Sam apply, Kim with a file; Noor has begun."""
    file = SimpleUploadedFile("sign-off.pdf", b"%PDF-1.4\n" + SEALED.encode() + b"\n%%EOF\n")
    with_file = {"needs_sign_off": True, "sign_off": files.keep(file, cast.kim, Upload.Scan.CLEAN)}
    moment = NOW - timedelta(hours=1)
    applications.apply(opportunity, cast.kim, way.application(cast.kim, 0) | with_file, moment)
    applications.apply(opportunity, cast.sam, way.application(cast.sam, 1), moment)
    applications.save_draft(opportunity, cast.noor, way.application(cast.li, 0), moment)


def told(response) -> str:
    """All that an answer says: its headers, its body, and what is in it where it is an archive or a sheet."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return " ".join([_unpacked(body), *(f"{name}: {value}" for name, value in response.items())])


def _unpacked(body: bytes) -> str:
    if not body.startswith(b"PK\x03\x04"):
        return body.decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return " ".join(f"{name} {_unpacked(archive.read(name))}" for name in archive.namelist())


def code(response) -> str:
    """The letter of who_matrix.py for an answer, or its number."""
    if response.status_code == 302:
        where = response["Location"]
        return "i" if "/accounts/" in where or "/comptes/" in where or "/admin/login" in where else "r"
    letters = {number: letter for letter, number in CODES.items()}
    return letters.get(response.status_code, str(response.status_code))


@contextmanager
def built(blocker, folders):
    """The stage in a transaction that is taken back: for a fixture of a whole file. `folders` makes one for uploads."""
    uploads = override_settings(UPLOAD_DIR=folders.mktemp("uploads"))
    with clock.frozen(NOW), blocker.unblock(), uploads, as_runtime(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)

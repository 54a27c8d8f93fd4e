"""Row 15 of docs/assurance.md: formulas typed into every text, in every file that a spreadsheet opens."""

import csv
import io
import re
import unicodedata
import zipfile
from datetime import datetime
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from microacq import clock
from opportunities.publishing import sheets

from .planting import PlantedJourney, Tricks, plant
from .resolver import every_address

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 10, 11, 0, tzinfo=clock.EASTERN)
FORMULAS = (
    "=zqx(1)", "+zqx+1", "-zqx+1", "@SUM(zqx)", "=cmd|' /C zqx'!A0", "=HYPERLINK(\"https://zqx.example\";\"zqx\")", "\xa0=zqx(2)", "＝zqx(3)",
    '"=zqx(4)', "zqx;=zqx(5)", 'zqx";=zqx(6);"', "zqx,=zqx(7)", " @zqx", "－zqx＋1", "'=zqx(8)", "zqx;-zqx+1",
)  # fmt: skip
RUNS = re.compile(r"\s*[=+\-@]")
KINDS = (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.spreadsheet",
)


class Formulas(Tricks):
    """Formulas in turn, whatever the field."""

    def for_length(self, most=None, *, lines=True):
        self.turn += 1
        return FORMULAS[self.turn % len(FORMULAS)]

    short = for_length


def cells_of(kind: str, content: bytes) -> list[str]:
    """The text of every cell, as the file holds it; what is a number or a day is none. Fails where a formula is one."""
    if kind == "text/csv":
        text = content.decode("utf-8-sig")
        return [
            cell
            for separator in ",;\t"
            for row in csv.reader(io.StringIO(text), delimiter=separator)
            for cell in row
        ]
    found = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.endswith(".xml") and ("sheet" in name.lower() or name == "content.xml"):
                for node in ElementTree.fromstring(archive.read(name)).iter():
                    assert not node.tag.endswith("}f"), "a formula"
                    assert not any(attribute.endswith("}formula") for attribute in node.attrib), "a formula"
            if name in ("xl/sharedStrings.xml", "content.xml") or name.startswith("xl/worksheets/"):
                found += [
                    node.text
                    for node in ElementTree.fromstring(archive.read(name)).iter()
                    if node.text and node.tag[-2:] in ("}t", "}p")
                ]
    return found


def test_15_no_cell_of_any_file_for_spreadsheets_is_a_formula(cast, monkeypatch):
    monkeypatch.setattr(PlantedJourney, "tricks", Formulas())
    for person in (cast.amara, cast.mona, cast.li):
        person.name = FORMULAS[0]
        person.save(update_fields=["name"])
    with clock.frozen(NOW):
        posted = plant("posted", cast)
        for state in ("waitlisted", "complete", "terminated"):
            plant(state, cast)
        tess = Client()
        tess.force_login(cast.tess)
        read = {}
        for language in ("en", "fr"):
            for name, address in every_address(posted.reference, language):
                if not re.search(r"csv|xlsx|ods|tracker|statistics|under_10k", name):
                    continue
                response = tess.get(address)
                kind = response["Content-Type"].partition(";")[0]
                if response.status_code != 200 or kind not in KINDS:
                    continue
                content = b"".join(response.streaming_content) if response.streaming else response.content
                assert response["Content-Disposition"].startswith("attachment"), address
                cells = cells_of(kind, content)
                runs = [
                    cell
                    for cell in cells
                    if RUNS.match(unicodedata.normalize("NFKC", cell)) and not _is_number(cell)
                ]
                assert runs == [], address
                read[name, language] = sum("zqx" in cell for cell in cells)
    holding = {name for (name, _language), number in read.items() if number}
    assert {"opportunities_csv", "admin:tracker_csv", "admin:tracker_xlsx", "admin:tracker_ods"} <= holding
    assert {"contracts_under_10k", "statistics_csv"} <= {name for name, _language in read}


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-\d+(\.\d+)?", cell.strip()) is not None


def test_15_a_list_in_a_text_stays_a_list():
    assert sheets.safe("Do:\n- this\n- that; + those") == "Do:\n- this\n- that; + those"
    assert sheets.safe("a;=b") == "a;'=b"
    with override("fr"):
        assert reverse("opportunities_csv").startswith("/fr/")

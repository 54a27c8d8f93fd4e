"""Tables as files for spreadsheets: CSV, XLSX and ODS, written row by row, so that memory does not grow with their length.

Knows cells: text, whole numbers, decimals, days, moments, nothing; no opportunity. Dates and numbers keep their type.
A text never begins with what a spreadsheet would run, in any of the three: a cell that is text today is a formula once
somebody edits it, or saves the table as CSV.
"""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO

import xlsxwriter
from stream_write_ods import stream_write_ods

from microacq import clock

Cell = str | int | Decimal | date | datetime | None

_RUNS = frozenset("=+-@＝＋－＠")
_BREAKS = frozenset("\t\r\n")
_RUNS_ELSEWHERE = re.compile(r"(?<=[\s\S])([;\t\r\n]\s*)(?=[=@＝＠]|[+＋－-]\S)")
"""Where a spreadsheet set for another separator, such as the semicolon of French ones, would begin a cell inside a text."""
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LONGEST = 16_000
"""Characters in one cell: as many as spreadsheets take, whatever the characters."""
WIDTH = 22
"""Of a column, in characters."""
ENCODERS = (
    (int, ("float", "office:value", None, str)),
    (Decimal, ("float", "office:value", None, str)),
    (date, ("date", "office:date-value", "date", date.isoformat)),
    (datetime, ("date", "office:date-value", None, lambda moment: moment.isoformat(timespec="seconds"))),
    (str, ("string", None, None, str)),
    (type(None), (None, None, None, lambda nothing: nothing)),
)
"""How each type of cell is written in OpenDocument."""


class Line:
    """Gives back each line that the csv module writes."""

    def write(self, text: str) -> str:
        return text


def sheet_name(name: str) -> str:
    """A sheet's name as every spreadsheet takes it, whatever language it was translated into: 31 characters at most."""
    plain = _NO_XML.sub("", re.sub(r"[\[\]:*?/\\]", " ", name))
    return plain.encode("utf-16-le")[:62].decode("utf-16-le", "ignore").strip("' ") or "1"


def safe(text: str) -> str:
    """The text of a cell, with an apostrophe in front of what a spreadsheet would run, whatever separates its cells."""
    text = _RUNS_ELSEWHERE.sub(r"\1'", text)
    return f"'{text}" if text.lstrip()[:1] in _RUNS or text[:1] in _BREAKS else text


def _plain(cell: Cell) -> Cell:
    """A cell as all three formats take it: moments in Eastern time without their zone, texts safe and of a bearable length."""
    if isinstance(cell, datetime):
        return cell.astimezone(clock.EASTERN).replace(tzinfo=None, microsecond=0)
    if cell is None or isinstance(cell, int | Decimal | date):
        return cell
    text = _NO_XML.sub("", str(cell))
    return safe(text if len(text) <= LONGEST else text[:LONGEST] + "…")


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The table as CSV, line by line: UTF-8 with a byte-order mark, days and moments as ISO 8601, decimals with a point."""
    writer = csv.writer(Line())
    yield "\ufeff" + writer.writerow([safe(str(heading)) for heading in headings])
    for row in rows:
        cells = [_plain(cell) for cell in row]
        yield writer.writerow(
            [cell.isoformat(" ", "minutes") if isinstance(cell, datetime) else cell for cell in cells]
        )


def xlsx_file(name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> IO[bytes]:
    """The table as XLSX in a temporary file, open at its beginning, that is gone once closed. `name` is the sheet's."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        looks = {
            "heading": book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            Decimal: book.add_format({"num_format": "#,##0.00"}),
        }
        sheet = book.add_worksheet(sheet_name(name))
        sheet.set_column(0, len(headings) - 1, WIDTH)
        sheet.freeze_panes(1, 1)
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, safe(str(heading)), looks["heading"])
        last = 0
        for last, row in enumerate(rows, start=1):
            for column, cell in enumerate(map(_plain, row)):
                if isinstance(cell, str):
                    sheet.write_string(last, column, cell)
                elif isinstance(cell, date):
                    sheet.write_datetime(last, column, cell, looks[type(cell)])
                elif cell is not None:
                    sheet.write_number(last, column, cell, looks.get(type(cell)))
        sheet.autofilter(0, 0, last, len(headings) - 1)
    file.seek(0)
    return file


def ods_chunks(
    name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], now: datetime
) -> Iterator[bytes]:
    """The table as OpenDocument, piece by piece. `name` is the sheet's, `now` the file's time."""
    cells = ([_plain(cell) for cell in row] for row in rows)
    sheets = [(sheet_name(name), [safe(str(heading)) for heading in headings], cells)]
    local = now.astimezone(clock.EASTERN).replace(tzinfo=None)
    yield from stream_write_ods(sheets, encoders=ENCODERS, get_modified_at=lambda: local)

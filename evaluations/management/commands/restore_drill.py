"""Restore a backup elsewhere and see that it is whole: tables, chains of events, daily heads, draws, files."""

import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from evaluations.models import Application, Draw, Upload
from microacq import backup
from opportunities import verifying
from opportunities.models import DailyHead, Event, Invoice


class Command(BaseCommand):
    help = (
        "Restore a backup (made by the command backup) into another, empty database, and check there every row count, every "
        "chain of events, every daily head, every draw and every file. The site itself is not touched. Exit 0, or 1 "
        "naming what is wrong."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="the backup")
        parser.add_argument(
            "--into", metavar="URL", required=True, help="an empty database, postgresql://user@host/name"
        )

    def handle(self, *args, folder, into, **options):
        try:
            found = list(backup.differences(folder))
            if not found:
                backup.restore(folder, into)
        except backup.Failed as problem:
            raise CommandError(str(problem)) from None
        if not found:
            with backup.reading(into):
                found = list(self.wrong(folder))
        for sentence in found:
            self.stderr.write(sentence)
        if found:
            raise SystemExit(1)
        self.stdout.write("The backup is whole, and can be restored.")

    def wrong(self, folder: Path) -> Iterator[str]:
        """What is not as it was, in the database that was restored."""
        expected, rows = json.loads((folder / backup.MANIFEST).read_text())["rows"], backup.counts()
        for table in sorted(expected.keys() | rows.keys()):
            if expected.get(table) != rows.get(table):
                yield f"{table} has {rows.get(table)} rows; it had {expected.get(table)}"
        yield from verifying.breaks()
        yield from verifying.wrong_heads(())
        yield from wrong_draws()
        yield from wrong_files(folder / backup.FILES)
        self.stdout.write(
            f"{sum(rows.values())} rows, {Event.objects.count()} events, {DailyHead.objects.count()} daily heads, "
            f"{Draw.objects.count()} draws, {Upload.objects.count()} uploaded files looked at."
        )


def wrong_draws() -> Iterator[str]:
    """Draws whose pool and signature, checked as anybody would with verify_draw, do not give the order recorded."""
    for draw in Draw.objects.select_related("pool__opportunity"):
        name = f"the draw of pool {draw.pool.number} of {draw.pool.opportunity.reference}"
        said = io.StringIO()
        with tempfile.NamedTemporaryFile("w", encoding="ascii", newline="") as file:
            file.write(draw.pool.text)
            file.flush()
            try:
                call_command(
                    "verify_draw", file.name, signature=draw.signature, stdout=said, stderr=io.StringIO()
                )
            except CommandError as problem:
                yield f"{name}: {problem}"
                continue
        if said.getvalue().split() != draw.order:
            yield f"{name} gives another order"


def wrong_files(folder: Path) -> Iterator[str]:
    """Files that a record points to and that are missing, or are not what the record says."""
    known: dict[str, str] = dict.fromkeys(
        Upload.objects.exclude(scan=Upload.Scan.REFUSED).values_list("name", flat=True), ""
    )
    for sign_off in Application.objects.exclude(working__sign_off=None).values_list(
        "working__sign_off", flat=True
    ):
        known[sign_off["name"]] = sign_off["sha256"]
    known |= dict(Invoice.objects.exclude(file="").values_list("file", "file_sha256"))
    for name, sha256 in known.items():
        path = folder / name
        if not path.is_file():
            yield f"the file {name} is missing"
        elif sha256 and backup.sha256_of(path) != sha256:
            yield f"the file {name} is not what its record says: its SHA-256 differs"

"""Back up the database and the uploaded files into a new folder."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from microacq import backup


class Command(BaseCommand):
    help = (
        "Back up the database, as one moment saw it, and the uploaded files, into a new folder, with the SHA-256 of each "
        "file. It holds sealed applications: encrypt it. Try it with restore_drill."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="a folder that is not there yet")

    def handle(self, *args, folder, **options):
        try:
            manifest = backup.make(folder)
        except backup.Failed as problem:
            raise CommandError(str(problem)) from None
        rows, files = sum(manifest["rows"].values()), len(manifest["files"]) - 1
        self.stdout.write(f"{folder}: {rows} rows of {len(manifest['rows'])} tables, {files} uploaded files.")

"""Check every chain of events, and the daily heads over them."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from opportunities import verifying
from opportunities.models import DailyHead, Event


class Command(BaseCommand):
    help = (
        "Check the hash chain of every opportunity's events, and each state against its last event. Exit 0, or 1 "
        "naming the first bad event of each chain. With --heads, the daily heads too: they find a chain whose end "
        "was cut off, or that was written anew."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--heads", action="store_true", help="check the daily heads against the chains too"
        )
        parser.add_argument(
            "--published",
            metavar="FILE",
            help="a copy of the published heads (JSON), kept elsewhere: each must still be here (implies --heads)",
        )

    def handle(self, *args, heads, published, **options):
        found = list(verifying.breaks())
        if heads or published:
            found += verifying.wrong_heads(self.read(published) if published else ())
        for sentence in found:
            self.stderr.write(sentence)
        if found:
            raise SystemExit(1)
        self.stdout.write(f"{Event.objects.count()} events, every chain holds.")
        if heads or published:
            self.stdout.write(f"{DailyHead.objects.count()} daily heads, every one holds.")

    @staticmethod
    def read(name: str) -> list[dict]:
        try:
            kept = json.loads(Path(name).read_text(encoding="utf-8"))["heads"]
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise CommandError(
                f"{name} is no copy of the published heads ({type(problem).__name__})."
            ) from None
        if not isinstance(kept, list) or not all(isinstance(head, dict) for head in kept):
            raise CommandError(f"{name} is no copy of the published heads.")
        return kept

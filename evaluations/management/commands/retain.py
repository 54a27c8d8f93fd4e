"""Disposes of personal data that is past its date (docs/operations.md, "How long things are kept")."""

from collections import Counter

from django.core.management.base import BaseCommand

from evaluations import retention
from microacq import clock

LIMIT = 1000


class Command(BaseCommand):
    help = (
        "Removes personal data past its date: unsuccessful applications, closed accounts, old emails. What a legal hold keeps "
        "is named and left. Prints numbers, never names. May be run again, and by several at once."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--dry-run", action="store_true", help="List what would be removed; remove nothing."
        )
        parser.add_argument(
            "--limit",
            type=int,
            default=LIMIT,
            metavar="N",
            help=f"How many records at most (default {LIMIT}).",
        )

    def handle(self, *args, **options):
        now, limit, done = clock.now(), max(options["limit"], 0), Counter()
        for rule, record, held in retention.overdue(now, limit):
            if held:
                self.stdout.write(f"{rule.name}: {retention.name_of(record)}: kept, legal hold")
            elif options["dry_run"]:
                self.stdout.write(f"{rule.name}: {retention.name_of(record)}: would be removed")
                done[rule.name] += 1
        if not options["dry_run"]:
            for rule, name, emptied in retention.dispose(now, limit):
                self.stdout.write(
                    f"{rule.name}: {name}: {'removed' if emptied else 'kept, a contract is under way'}"
                )
                done[rule.name] += bool(emptied)
        verb = "would be removed" if options["dry_run"] else "removed"
        summary = ", ".join(f"{count} {name}" for name, count in done.items() if count) or "nothing"
        self.stdout.write(f"{verb}: {summary}")
        if sum(done.values()) >= limit:
            self.stdout.write(f"stopped at {limit}: run it again for the rest")

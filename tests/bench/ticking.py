"""The jobs that time makes due: many mails and many closings at once, and ten times as many.

Run with the site's settings in a database of its own as `python -m tests.bench.ticking`; mail goes to files. Prints JSON.
"""

import json
import logging
import sys
import time
from datetime import timedelta

MAILS = (1_000, 10_000)
CLOSINGS = (100, 1_000)
MOST_GROWTH, MOST_MEMORY = 1.2, 8
"""What each of many may cost, of what each of few does; and MiB."""
SENT = 20_000
"""Mails that were sent before, among which those that are due have to be found."""


def queue(number: int, status: int) -> None:
    """So many mails in the queue, or already sent."""
    from post_office.models import Email

    words = "An opportunity that you follow closes soon. " * 40
    for start in range(0, number, 1_000):
        Email.objects.bulk_create(
            Email(
                to=[f"supplier{start + n}@bench.example"],
                from_email="micro-acquisition@bench.example",
                subject="An opportunity closes soon",
                message=words,
                status=status,
            )
            for n in range(min(1_000, number - start))
        )


def make_due(number: int, now) -> None:
    """So many posted opportunities reach their closing time now."""
    from opportunities.models import Opportunity

    keys = list(
        Opportunity.objects.filter(state__in=("posted", "cancelled"))
        .order_by("pk")
        .values_list("pk", flat=True)[:number]
    )
    assert len(keys) == number, f"only {len(keys)} can be"
    Opportunity.objects.filter(pk__in=keys).update(state="posted", closing_at=now - timedelta(minutes=1))


def main() -> None:
    import django

    django.setup()
    logging.disable()
    from django.core.management import call_command
    from django.db import connection
    from post_office.models import STATUS, Email

    from evaluations.management.commands import load_sample
    from microacq import clock, outbox
    from opportunities import due
    from opportunities.models import Opportunity

    from . import processes

    roots = (processes.database_server(),)

    def measure(kind: str, number: int, work) -> dict:
        processes.forget_peak()
        idle, cpu, begun = processes.peak_mib(), processes.cpu_seconds(roots), time.perf_counter()
        own, asked = time.process_time(), 0

        def count(execute, *given):
            nonlocal asked
            asked += 1
            return execute(*given)

        with connection.execute_wrapper(count):
            done = work(clock.now())
        assert done == number, f"{kind}: {done} of {number}"
        row = {
            "kind": kind,
            "number": number,
            "cost": processes.cpu_seconds(roots) - cpu + time.process_time() - own,
            "time": time.perf_counter() - begun,
            "queries": asked / number,
            "memory": processes.peak_mib() - idle,
        }
        print(f"tick: {row}", file=sys.stderr, flush=True)
        return row

    call_command("migrate", verbosity=0)
    if (missing := 5 * CLOSINGS[-1] - Opportunity.objects.count()) > 0:
        load_sample.load(missing, clock.now())
    Email.objects.all().delete()
    queue(SENT, STATUS.sent)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    queue(20, STATUS.queued)
    outbox.send_due(clock.now())
    found = []
    for number in MAILS:
        queue(number, STATUS.queued)
        found.append(measure("mails", number, outbox.send_due))
    make_due(5, clock.now())
    due.close(clock.now())
    for number in CLOSINGS:
        make_due(number, clock.now())
        found.append(measure("closings", number, due.close))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()

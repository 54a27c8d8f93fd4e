"""Search in 100,000 opportunities: eight kinds of words, beside what `icontains` takes for the same words and rows.

The page is asked for as a visitor does, nothing kept from one request to the next, and costs what the process and
PostgreSQL spend on it together. With `icontains` two queries are asked, as Django's paginator does: how many there are,
and the first page in the same order.

Run with the site's settings as `python -m tests.bench.search ROWS`; prints the measures as JSON.
"""

import json
import logging
import sys
import time
from statistics import median

ROWS = 100_000
ROUNDS = 5
MOST = 1 / 50
WORDS = {
    "in none": "xylophone",
    "in 0.1%": "quillon",
    "in 1%": "trebuchet",
    "in 10%": "astrolabe",
    "in all": "continuum",
    "two common": "meridian parallax",
    "a phrase": '"celestial sphere"',
    "French, accents": "données",
}
TEXTS = ("title", "short_description", "background", "work", "deliverables")


def planted(key: int) -> str:
    """The words by which rows are found, in the share that WORDS says; a phrase has as many turned round."""
    words = ["A continuum of work."]
    words += ["With a quillon."] * (key % 1000 == 7)
    words += ["With a trebuchet."] * (key % 100 == 11)
    words += ["With an astrolabe."] * (key % 10 == 3)
    words += ["Along the meridian."] * (key % 2 == 0)
    words += ["By parallax."] * (key % 3 == 0)
    words += ["In the celestial sphere."] * (key % 20 == 1) + ["A sphere, celestial."] * (key % 20 == 2)
    return " ".join(words)


def fill(rows: int) -> None:
    """See that the database has so many opportunities."""
    from django.core.management import call_command
    from django.db import connection

    from evaluations.management.commands import load_sample
    from microacq import clock
    from opportunities.models import Opportunity

    call_command("migrate", verbosity=0)
    if missing := rows - Opportunity.objects.count():
        load_sample.load(missing, clock.now(), planted)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        connection.close()


def plain_search(words: str, now) -> tuple[int, list[int]]:
    """What a site without an index would ask: how many have each word, or the phrase, in any text, and the first page."""
    from django.db.models import Q

    from opportunities import listing
    from opportunities.models import Opportunity

    found = Opportunity.objects.public()
    for word in [words.strip('"')] if words.startswith('"') else words.split():
        anywhere = Q()
        for name in TEXTS:
            anywhere |= Q(**{f"{name}_en__icontains": word}) | Q(**{f"{name}_fr__icontains": word})
        found = found.filter(anywhere)
    first = listing.in_order(found, now, "closing").values_list("pk", flat=True)[:25]
    return found.count(), list(first)


def main(rows: int) -> None:
    import django

    django.setup()
    logging.disable()
    fill(rows)
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from microacq import clock
    from opportunities import listing

    from . import processes

    client, address = Client(), reverse("opportunity_list")
    roots = (processes.database_server(),)

    def spent() -> float:
        return processes.cpu_seconds(roots) + time.process_time()

    def ask(words: str) -> None:
        listing.COUNTED.clear()
        response = client.get(address, {"q": words}, secure=True, headers={"host": "127.0.0.1"})
        assert response.status_code == 200

    found = []
    for kind, words in WORDS.items():
        ask(words)
        costs, times = [], []
        for _round in range(ROUNDS):
            cpu, begun = spent(), time.perf_counter()
            ask(words)
            costs.append(1000 * (spent() - cpu))
            times.append(1000 * (time.perf_counter() - begun))
        now = clock.now()
        looked = listing.look(listing.Asked.in_address({"q": words}), now)
        with CaptureQueriesContext(connection) as queries:
            ask(words)
        found.append(
            {
                "kind": kind,
                "words": words,
                "path": "order" if looked.more else "keys",
                "total": f"more than {looked.total:,}" if looked.more else f"{looked.total:,}",
                "cost": median(costs),
                "time": median(times),
                "slowest": max(times),
                "queries": len(queries),
            }
        )
        cpu, begun = spent(), time.perf_counter()
        plain_search(words, now)
        found[-1] |= {
            "plain_cost": 1000 * (spent() - cpu),
            "plain_time": 1000 * (time.perf_counter() - begun),
        }
        print(f"search: {found[-1]}", file=sys.stderr, flush=True)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))

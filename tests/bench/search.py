"""Search in 100,000 opportunities: eight kinds of words, beside what `icontains` takes for the same words and rows.

The page is asked for as a visitor does, nothing kept from one request to the next, and costs what the process and
PostgreSQL spend on it together. `icontains` is one query for the first page of what has the words, in the same order.

Run with the site's settings as `python -m tests.bench.search ROWS`; prints the measures as JSON.
"""

import json
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
    from django.db import connection, transaction

    from evaluations.management.commands import load_sample
    from microacq import clock
    from opportunities.models import Opportunity

    call_command("migrate", verbosity=0)
    if missing := rows - Opportunity.objects.count():
        with transaction.atomic():
            load_sample.load(missing, clock.now(), planted)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        connection.close()


def plain_search(words: str, now) -> list[int]:
    """What a site without an index would ask: every text, in either language, has each word or the phrase."""
    from django.db.models import Q

    from opportunities import listing
    from opportunities.models import Opportunity

    found = Opportunity.objects.public()
    for word in [words.strip('"')] if words.startswith('"') else words.split():
        anywhere = Q()
        for name in TEXTS:
            anywhere |= Q(**{f"{name}_en__icontains": word}) | Q(**{f"{name}_fr__icontains": word})
        found = found.filter(anywhere)
    return list(listing.in_order(found, now, "closing").values_list("pk", flat=True)[:25])


def main(rows: int) -> None:
    import django

    django.setup()
    fill(rows)
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from microacq import clock
    from opportunities import listing, search

    from . import processes, servers

    client, address = Client(), reverse("opportunity_list")
    roots = (servers.postmaster(),)

    def spent() -> float:
        return processes.cpu_seconds(roots) + time.process_time()

    def ask(words: str):
        listing.COUNTED.clear()
        response = client.get(address, {"q": words}, secure=True, headers={"host": "127.0.0.1"})
        assert response.status_code == 200
        return response

    found = []
    for kind, words in WORDS.items():
        ask(words)
        costs, times = [], []
        for _round in range(ROUNDS):
            cpu, begun = spent(), time.perf_counter()
            response = ask(words)
            costs.append(1000 * (spent() - cpu))
            times.append(1000 * (time.perf_counter() - begun))
        with CaptureQueriesContext(connection) as queries:
            ask(words)
        found.append(
            {
                "kind": kind,
                "words": words,
                "path": "keys" if search.few(words) is not None else "order",
                "total": response.context["found"].total,
                "cost": median(costs),
                "time": median(times),
                "slowest": max(times),
                "queries": len(queries),
            }
        )
        now = clock.now()
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

"""Loading 10,000 opportunities, beside COPY of the same rows; then every export of them, and what memory each takes.

Both ways the database works out each one's words for the search. Run with the site's settings in an empty database as
`python -m tests.bench.exports ROWS`; prints JSON.
"""

import gc
import json
import logging
import sys
import tempfile
import time
from statistics import median

ROWS = 10_000
ROUNDS = 3
MOST_MEMORY = 64
"""MiB above what the process holds when it does nothing."""
MOST_COST = 1.25
"""Of COPY."""
WARM = 200
"""Rows of an export that is thrown away first, so that what the process loads once counts as idle."""


def tables() -> list[str]:
    """What the sample fills, in the order in which it is put back: the words are taken once, with the opportunity."""
    from opportunities.models import AcceptanceCriterion, EvaluationCriterion, Opportunity

    models = (Opportunity.skills.through, Opportunity, EvaluationCriterion, AcceptanceCriterion)
    return [model._meta.db_table for model in models]


def empty() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables())}, opportunities_searchword CASCADE")
        cursor.execute("VACUUM")


def copy_out(folder: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for table in tables():
            with open(f"{folder}/{table}", "wb") as file:
                cursor.copy_expert(f"COPY {table} TO STDOUT", file)


def copy_in(folder: str) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables():
            with open(f"{folder}/{table}", "rb") as file:
                cursor.copy_expert(f"COPY {table} FROM STDIN", file)


def exports(now) -> dict[str, object]:
    """What writes each file, by name: called with how many rows it may have, gives its pieces."""
    from microacq.models import User
    from opportunities import listing
    from opportunities.models import Opportunity
    from opportunities.publishing import calendar, ocds, sheets, tender_csv, tracker

    team, _new = User.objects.get_or_create(
        email="tess@bench.example", defaults={"name": "Tess", "role": User.Role.TEAM, "password": "!"}
    )

    def rows(few: bool):
        asked = Opportunity.objects.all()
        keys = asked.order_by("pk").values("pk")[:WARM] if few else None
        return tracker.rows(asked.filter(pk__in=keys) if few else asked, team, now)

    def asked(few: bool):
        return listing.Asked.in_address({"closing": "3"} if few else {})

    headings = tracker.headings()
    return {
        "tracker, XLSX": lambda few: _read(sheets.xlsx_file("Tracker", headings, rows(few))),
        "tracker, ODS": lambda few: sheets.ods_chunks("Tracker", headings, rows(few), now),
        "tracker, CSV": lambda few: sheets.csv_lines(headings, rows(few)),
        "OCDS, all": lambda few: _some(ocds.bulk(now, now), few),
        "CanadaBuys CSV": lambda few: tender_csv.lines(asked(few), now),
        "iCalendar (500 at most)": lambda few: [calendar.calendar_of_all(asked(few), now)],
    }


def _read(file):
    with file:
        while piece := file.read(64 * 1024):
            yield piece


def _some(pieces, few: bool):
    return (piece for number, piece in enumerate(pieces) if not few or number < WARM)


def measure(work) -> dict:
    """What a piece of work costs this process and PostgreSQL, and the memory that it takes above what is held idle."""
    from . import processes

    gc.collect()
    processes.forget_peak()
    roots = (processes.database_server(),)
    idle, cpu, own = processes.peak_mib(), processes.cpu_seconds(roots), time.process_time()
    begun = time.perf_counter()
    size = work() or 0
    return {
        "cost": processes.cpu_seconds(roots) - cpu + time.process_time() - own,
        "time": time.perf_counter() - begun,
        "memory": processes.peak_mib() - idle,
        "bytes": size,
    }


def of_import(rows: int) -> dict:
    """The import and COPY in turn; medians of a few rounds. The database holds the rows afterwards."""
    from evaluations.management.commands import load_sample
    from microacq import clock

    ways: dict[str, list[dict]] = {"import": [], "COPY": []}
    load_sample.load(50, clock.now())
    with tempfile.TemporaryDirectory() as folder:
        for _round in range(ROUNDS):
            empty()
            ways["import"].append(measure(lambda: load_sample.load(rows, clock.now())))
            copy_out(folder)
            empty()
            ways["COPY"].append(measure(lambda: copy_in(folder)))
            print({name: way[-1] for name, way in ways.items()}, file=sys.stderr, flush=True)
    return {
        name: {key: median(row[key] for row in way) for key in ("cost", "time", "memory")}
        for name, way in ways.items()
    }


def of_exports() -> dict:
    """Every export of what the database holds."""
    from django.db import connection

    from microacq import clock

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    # As behind a pooler, where no cursor is kept: whoever relied on one would hold every row.
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    found = {}
    for name, export in exports(clock.now()).items():
        sum(len(piece) for piece in export(True))
        found[name] = measure(lambda export=export: sum(len(piece) for piece in export(False)))
        print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
    return found


def main(rows: int) -> None:
    import django

    django.setup()
    logging.disable()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    json.dump({"import": of_import(rows), "exports": of_exports()}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))

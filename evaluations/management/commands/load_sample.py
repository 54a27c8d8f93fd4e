"""Loads many posted opportunities at once, to see that the public pages stay quick. Never in production."""

import csv
import io
import random
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, models, transaction

from evaluations.demo.story import data
from microacq import business_days, clock
from microacq.models import User
from opportunities import statement
from opportunities.models import AcceptanceCriterion, EvaluationCriterion, Opportunity

BATCH = 500
MOST = 100_000
STATES = ("posted",) * 8 + ("evaluation",) * 4 + ("cancelled",) * 20 + ("no_award",) * 68
"""In a hundred: states that need no other record, so that every page of them can be read."""
CRITERION = {
    "text_en": "Show that you have the required skills, or similar ones.",
    "text_fr": "Montrez que vous avez les compétences requises, ou des compétences semblables.",
}


class Command(BaseCommand):
    help = (
        "Load many opportunities, with words as long as real ones, to measure with (DEMO=1 or DEBUG=1 only)."
    )

    def add_arguments(self, parser):
        parser.add_argument("--opportunities", type=int, required=True, metavar="N", help="how many")

    def handle(self, *, opportunities: int, **options):
        if not (settings.DEMO or settings.DEBUG):
            raise CommandError(
                "Made-up opportunities are loaded with DEMO=1 or DEBUG=1 only, never in production."
            )
        if not 0 < opportunities <= MOST:
            raise CommandError(f"--opportunities must be from 1 to {MOST}.")
        load(opportunities, clock.now())
        with connection.cursor() as cursor:  # as the server does by itself after a while
            cursor.execute("ANALYZE" if connection.in_atomic_block else "VACUUM ANALYZE")
        self.stdout.write(f"{opportunities} opportunities were loaded.")


@transaction.atomic
def load(number: int, now, more: Callable[[int], str] = lambda key: "") -> None:
    """Make `number` opportunities, the same ones each time, posted over the last two years.

    What `more` gives for a key is added to that one's work, in both languages.
    """
    chance = random.Random(1)  # noqa: S311 - the same sample each time, nobody's secret
    client, _new = User.objects.get_or_create(
        email=f"sample@{settings.ESDC_EMAIL_DOMAINS[0]}",
        defaults={"name": "Sample Client", "role": User.Role.CLIENT, "password": "!"},
    )
    statements = data("statements")
    skills = [[statement.skill(pair) for pair in row["skills"]] for row in statements]
    through = Opportunity.skills.through
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('opportunities_opportunity', 'id')) FROM generate_series(1, %s)",
            [number],
        )
        keys = [key for (key,) in cursor.fetchall()]
    for start in range(0, number, BATCH):
        batch = [(key, key % len(statements)) for key in keys[start : start + BATCH]]
        # The skills come first, so that the database takes each one's words into the search once.
        copy(
            through,
            (through(opportunity_id=key, skill=skill) for key, which in batch for skill in skills[which]),
        )
        copy(
            Opportunity,
            (one(key, client, statements[which], chance, now, more(key)) for key, which in batch),
        )
        copy(EvaluationCriterion, (EvaluationCriterion(opportunity_id=key, **CRITERION) for key, _w in batch))
        copy(
            AcceptanceCriterion,
            (
                AcceptanceCriterion(opportunity_id=key, order=order, text_en=english, text_fr=french)
                for key, which in batch
                for order, (english, french) in enumerate(
                    zip(
                        *(statements[which][language]["acceptance"] for language in ("en", "fr")), strict=True
                    )
                )
            ),
        )


def copy(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    """Put rows into their table with COPY: as INSERT does, triggers and all, in one go. Keys not given are made there.

    For columns whose values are written as they are: texts, numbers, moments; no JSON.
    """
    fields = None
    lines = io.StringIO()
    writer = csv.writer(lines)
    for row in rows:
        fields = fields or [f for f in model._meta.concrete_fields if not (f.primary_key and row.pk is None)]
        values = [getattr(row, field.attname) for field in fields]
        writer.writerow([r"\N" if value is None else value for value in values])
    if fields is None:
        return
    lines.seek(0)
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            rf"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN WITH (FORMAT csv, NULL '\N')", lines
        )


def one(key: int, client, row: dict, chance: random.Random, now, more: str) -> Opportunity:
    """One opportunity as its row would be; `more` is added to its work."""
    state = chance.choice(STATES)
    hours = chance.randint(1, 24 * 25)
    closing = now + timedelta(hours=hours) if state == "posted" else now - timedelta(hours=hours)
    if state in ("cancelled", "no_award"):
        closing -= timedelta(days=chance.randint(20, 700))
    closing = closing.replace(minute=0, second=0, microsecond=0)
    posted = closing - timedelta(days=chance.randint(26, 40))
    day = closing.astimezone(clock.EASTERN).date()
    texts = {
        f"{name}_{language}": row[language][name]
        for language in ("en", "fr")
        for name in ("short_description", "background", "work", "deliverables")
    }
    if more:
        texts |= {name: f"{texts[name]}\n\n{more}" for name in ("work_en", "work_fr")}
    return Opportunity(
        pk=key,
        reference=f"MA-{posted.astimezone(clock.EASTERN):%Y}-{key:04d}",
        state=state,
        state_since=posted if state == "posted" else closing,
        created_at=posted,
        posted_at=posted,
        modified_at=posted if state == "posted" else closing,
        client=client,
        team_name="Sample",
        branch="IITB",
        title_en=f"{row['en']['title'][:92]} {key}",
        title_fr=f"{row['fr']['title'][:92]} {key}",
        repository=row["repository"],
        fixed_price=Decimal(chance.randint(20, 345) * 25),
        closing_at=closing,
        original_closing_at=closing,
        selection_date=business_days.add(day, 4),
        delivery_date=business_days.add(day, 15),
        ending_reason_en="No application passed." if state == "no_award" else "",
        ending_reason_fr="Aucune demande n’a été retenue." if state == "no_award" else "",
        **texts,
    )

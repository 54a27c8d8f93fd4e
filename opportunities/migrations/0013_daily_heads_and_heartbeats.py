"""The daily head over all chains of events, and when `tick` last ran."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("opportunities", "0012_facts_by_hand"),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyHead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True, verbose_name="date")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("chains", models.PositiveIntegerField(verbose_name="chains")),
                ("events", models.PositiveIntegerField(verbose_name="events")),
                ("body", models.TextField()),
                ("previous", models.CharField(max_length=64, verbose_name="hash of the head before it")),
                ("hash", models.CharField(max_length=64, verbose_name="hash")),
            ],
            options={
                "verbose_name": "daily head",
                "verbose_name_plural": "daily heads",
                "ordering": ["day"],
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("done_at", models.DateTimeField(null=True, verbose_name="last done")),
                ("failed_at", models.DateTimeField(null=True, verbose_name="last failed")),
            ],
            options={
                "verbose_name": "heartbeat",
                "verbose_name_plural": "heartbeats",
                "ordering": ["name"],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailyhead",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="feec297596a4f6a12aee25c387a058e398fc5c4e",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7b068",
                    table="opportunities_dailyhead",
                    when="BEFORE",
                ),
            ),
        ),
    ]

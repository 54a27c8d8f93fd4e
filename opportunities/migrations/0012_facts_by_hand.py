from decimal import Decimal

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0011_desk_and_splitting")]

    operations = [
        migrations.CreateModel(
            name="HandRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "first_meeting_on",
                    models.DateField(blank=True, null=True, verbose_name="first meeting with the client"),
                ),
                (
                    "draft_pif_sent_on",
                    models.DateField(
                        blank=True, null=True, verbose_name="draft procurement initiation form (PIF) sent"
                    ),
                ),
                (
                    "hours_to_draft",
                    models.DecimalField(
                        blank=True,
                        decimal_places=1,
                        max_digits=5,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="hours to draft the statement",
                    ),
                ),
                (
                    "forks",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="forks of the repository"
                    ),
                ),
                ("forks_counted_on", models.DateField(blank=True, null=True, verbose_name="forks counted")),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("recorded_at", models.DateTimeField(verbose_name="recorded")),
                (
                    "opportunity",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hand_record",
                        to="opportunities.opportunity",
                    ),
                ),
            ],
            options={
                "verbose_name": "facts recorded by hand",
                "verbose_name_plural": "facts recorded by hand",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("forks__isnull", True), ("forks_counted_on__isnull", True)),
                            models.Q(("forks__isnull", False), ("forks_counted_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="forks_have_a_day",
                    )
                ],
            },
        ),
    ]

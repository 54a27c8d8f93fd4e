"""Migrations: one line in each app, and none that keeps the site waiting behind a lock on a large table.

That each goes forward over the demonstration's rows: test_drill.py.
"""

import inspect
import uuid

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

OURS = ("microacq", "opportunities", "evaluations")
LARGE = {
    *(
        "opportunities.event",
        "opportunities.notification",
        "opportunities.opportunity",
        "opportunities.question",
    ),
    *("opportunities.subscription", "opportunities.message", "evaluations.application", "evaluations.answer"),
    *("evaluations.criterionresult", "evaluations.upload", "microacq.user"),
}
"""What grows with use: one row for each event, mail, application, answer, person."""
FIRST = {
    ("microacq", "0001_initial"),
    ("opportunities", "0001_initial"),
    ("evaluations", "0001_initial"),
    ("evaluations", "0002_initial"),
}
"""Make the tables: they are empty."""
NO_ROWS = "made before the first release: no site that upgrades holds rows yet"
LOOKED_AT = {
    ("opportunities", "0004_search"): NO_ROWS,
    ("opportunities", "0014_public_state"): f"functions and triggers, and one index: {NO_ROWS}",
    (
        "opportunities",
        "0016_posted_counts",
    ): "functions and triggers; with them what is posted is counted once from an index, 30 ms of 10,000",
    ("microacq", "0003_mail_due"): f"an index of the mails that wait, which are few: {NO_ROWS}",
}
"""Why these may, by hand. A new one is not added here without the reason that its lock is short."""


@pytest.fixture(scope="module")
def loader():
    return MigrationLoader(None)


def ours(loader):
    return {key: migration for key, migration in loader.disk_migrations.items() if key[0] in OURS}


def test_39_the_history_of_each_app_is_one_line(loader):
    assert loader.detect_conflicts() == {}
    for app in OURS:
        names = sorted(name for label, name in ours(loader) if label == app)
        assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
        for before, name in zip(names, names[1:], strict=False):
            own = [needed for needed in loader.disk_migrations[app, name].dependencies if needed[0] == app]
            assert own == [(app, before)], f"{app} {name} follows the one before it and no other"
        assert len(loader.graph.leaf_nodes(app)) == 1
    assert not any(migration.replaces for migration in ours(loader).values())


def locks_long(app: str, operation) -> str:
    """Why an operation may hold a lock on a large table while it reads or writes every row; "" when it does not."""
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        return next(filter(None, (locks_long(app, inner) for inner in operation.database_operations)), "")
    if isinstance(operation, migrations.RunPython):
        source = inspect.getsource(operation.code)
        all_rows = ".all()" in source or ".update(" in source or ".save(" in source
        return "goes through rows without batches" if all_rows and ".iterator(" not in source else ""
    if isinstance(operation, migrations.RunSQL):
        sql = str(operation.sql).upper()
        heavy = ("CREATE INDEX", "CREATE UNIQUE INDEX", "UPDATE ", "ALTER TABLE", "LOCK TABLE")
        rows = any(word in sql for word in heavy) and "CONCURRENTLY" not in sql
        return "SQL that may read or write every row" if rows and "CREATE TRIGGER" not in sql else ""
    model = getattr(operation, "model_name", "")
    if f"{app}.{model}".lower() not in LARGE:
        return ""
    if isinstance(operation, migrations.AddField):
        field = operation.field
        if getattr(field, "generated", False):
            return "writes every row"
        if (
            callable(field.default)
            and field.default is not NOT_PROVIDED
            and field.default not in (dict, list, str)
        ):
            return "a default that is another for each row"
        return "reads every row for an index" if field.unique or field.db_index and not field.null else ""
    if type(operation) is migrations.AddIndex:
        return "makes an index, and writes wait: use AddIndexConcurrently"
    if isinstance(operation, migrations.AddConstraint):
        return "reads every row: use AddConstraintNotValid and ValidateConstraint"
    return ""


def changed_type(loader, key, operation) -> str:
    """Why an AlterField writes the table anew: another kind of column, or a shorter one."""
    app, model = key[0], operation.model_name.lower()
    if f"{app}.{model}" not in LARGE:
        return ""
    before = (
        loader.project_state([key], at_end=False).apps.get_model(app, model)._meta.get_field(operation.name)
    )
    after = operation.field
    if before.get_internal_type() != after.get_internal_type():
        return f"becomes {after.get_internal_type()}"
    if before.null and not after.null:
        return "reads every row for NOT NULL"
    if after.unique and not before.unique or after.db_index and not before.db_index:
        return "makes an index"
    shorter = (after.max_length or 10**9) < (before.max_length or 10**9)
    return "is shorter" if shorter and isinstance(after, models.CharField) else ""


def test_39_no_migration_locks_a_large_table_for_long(loader):
    assert {model._meta.label_lower for model in apps.get_models()} >= LARGE
    found = {}
    for key, migration in ours(loader).items():
        if key in FIRST:
            continue
        new = {made.name_lower for made in migration.operations if isinstance(made, migrations.CreateModel)}
        for operation in migration.operations:
            if getattr(operation, "model_name", "").lower() in new:
                continue  # its table is empty yet
            why = locks_long(key[0], operation)
            if isinstance(operation, migrations.AlterField):
                why = changed_type(loader, key, operation)
            if why:
                found.setdefault(key, []).append(f"{operation.describe()}: {why}")
    unlooked = {key: why for key, why in found.items() if key not in LOOKED_AT}
    assert unlooked == {}, unlooked


def rewrite(apps, schema_editor):
    for row in apps.get_model("opportunities", "event").objects.all():
        row.save()


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RunPython(rewrite),
        migrations.RunSQL("UPDATE opportunities_event SET number = 1"),
        migrations.RunSQL("CREATE INDEX x ON opportunities_event (at)"),
        migrations.AddIndex("event", models.Index(fields=["at"], name="x")),
        migrations.AddConstraint("event", models.UniqueConstraint(fields=["at"], name="x")),
        migrations.AddField("event", "x", models.UUIDField(default=uuid.uuid4)),
    ],
    ids=lambda operation: operation.describe(),
)
def test_39_each_kind_of_long_lock_is_noticed(operation):
    assert locks_long("opportunities", operation)

"""The mark of everything posted, another one after each change, and what finds the last change at once.

The triggers are written by hand: they run as the last thing before the commit, which no model can say.
"""

from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION opportunities_public_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    -- One a statement: while a transaction commits that is one for all of it.
    fresh text := pg_current_xact_id()::text || '.' || (extract(epoch FROM statement_timestamp()) * 1000000)::bigint;
BEGIN
    INSERT INTO opportunities_publicstate AS state (id, mark) VALUES (1, fresh)
    ON CONFLICT (id) DO UPDATE SET mark = excluded.mark WHERE state.mark <> excluded.mark;
    RETURN NULL;
END $$;
"""
UNDO_FUNCTIONS = "DROP FUNCTION opportunities_public_changed();"
LATE = "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
TRIGGERS = f"""
CREATE CONSTRAINT TRIGGER public_added AFTER INSERT ON opportunities_opportunity {LATE}
    WHEN (NEW.posted_at IS NOT NULL) EXECUTE FUNCTION opportunities_public_changed();
CREATE CONSTRAINT TRIGGER public_changed AFTER UPDATE ON opportunities_opportunity {LATE}
    WHEN (OLD.posted_at IS NOT NULL OR NEW.posted_at IS NOT NULL) EXECUTE FUNCTION opportunities_public_changed();
CREATE CONSTRAINT TRIGGER public_removed AFTER DELETE ON opportunities_opportunity {LATE}
    WHEN (OLD.posted_at IS NOT NULL) EXECUTE FUNCTION opportunities_public_changed();
CREATE CONSTRAINT TRIGGER public_skills_changed AFTER INSERT OR UPDATE OR DELETE ON opportunities_opportunity_skills
    {LATE} EXECUTE FUNCTION opportunities_public_changed();
CREATE CONSTRAINT TRIGGER public_skill_renamed AFTER UPDATE ON opportunities_skill
    {LATE} EXECUTE FUNCTION opportunities_public_changed();
"""
UNDO_TRIGGERS = """
DROP TRIGGER public_added ON opportunities_opportunity;
DROP TRIGGER public_changed ON opportunities_opportunity;
DROP TRIGGER public_removed ON opportunities_opportunity;
DROP TRIGGER public_skills_changed ON opportunities_opportunity_skills;
DROP TRIGGER public_skill_renamed ON opportunities_skill;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("opportunities", "0013_daily_heads_and_heartbeats"),
    ]

    operations = [
        migrations.CreateModel(
            name="PublicState",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("mark", models.CharField(max_length=60)),
            ],
        ),
        migrations.AddIndex(
            model_name="opportunity",
            index=models.Index(
                condition=models.Q(("posted_at__isnull", False)),
                fields=["modified_at"],
                name="public_modified",
            ),
        ),
        migrations.RunSQL(FUNCTIONS, UNDO_FUNCTIONS),
        migrations.RunSQL(TRIGGERS, UNDO_TRIGGERS),
    ]

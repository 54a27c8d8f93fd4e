"""How many are posted, of each state, price, closing and skill: the numbers beside the filters of the public list.

Written by hand, as the triggers of `public_state`. Each change writes what it adds to which number, waiting for nobody;
the last thing before the commit adds it all up, once a transaction, in the row that holds the mark.
"""

from django.db import migrations, models

# The limits of prices are those of the list's filter (listing.PRICES).
FUNCTIONS = """
CREATE FUNCTION opportunities_count_key(state text, price numeric, closing timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat_ws(' ', state, (price > 2500)::int + (price > 5000)::int,
                     CASE WHEN state = 'posted' THEN extract(epoch FROM closing)::float8 END)
$$;

CREATE FUNCTION opportunities_counted() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    -- OLD is empty when a row is added, NEW when it is deleted.
    was boolean := OLD.posted_at IS NOT NULL;
    is_now boolean := NEW.posted_at IS NOT NULL;
BEGIN
    IF was THEN
        INSERT INTO opportunities_countchange (key, number)
        VALUES (opportunities_count_key(OLD.state, OLD.fixed_price, OLD.closing_at), -1);
    END IF;
    IF is_now THEN
        INSERT INTO opportunities_countchange (key, number)
        VALUES (opportunities_count_key(NEW.state, NEW.fixed_price, NEW.closing_at), 1);
    END IF;
    IF was <> is_now THEN
        INSERT INTO opportunities_countchange (key, number)
        SELECT 'skill ' || skill_id, CASE WHEN is_now THEN 1 ELSE -1 END
        FROM opportunities_opportunity_skills WHERE opportunity_id = coalesce(NEW.id, OLD.id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION opportunities_skill_counted() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO opportunities_countchange (key, number)
    SELECT 'skill ' || changed.skill_id, changed.number
    FROM (VALUES (OLD.opportunity_id, OLD.skill_id, -1), (NEW.opportunity_id, NEW.skill_id, 1))
        AS changed (opportunity_id, skill_id, number)
    JOIN opportunities_opportunity posted ON posted.id = changed.opportunity_id
    WHERE posted.posted_at IS NOT NULL;
    RETURN NULL;
END $$;
"""
CHANGED = """
CREATE OR REPLACE FUNCTION opportunities_public_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    -- One a statement: while a transaction commits that is one for all of it.
    fresh text := pg_current_xact_id()::text || '.' || (extract(epoch FROM statement_timestamp()) * 1000000)::bigint;
BEGIN
    INSERT INTO opportunities_publicstate AS state (id, mark) VALUES (1, fresh)
    ON CONFLICT (id) DO UPDATE SET mark = excluded.mark WHERE state.mark <> excluded.mark;
    IF FOUND THEN
        WITH added AS (DELETE FROM opportunities_countchange RETURNING key, number)
        UPDATE opportunities_publicstate SET counts = (
            SELECT coalesce(jsonb_object_agg(key, number), '{}') FROM (
                SELECT key, sum(number) AS number FROM (
                    SELECT key, value::bigint AS number FROM jsonb_each_text(counts)
                    UNION ALL SELECT key, number FROM added
                ) AS each GROUP BY key HAVING sum(number) <> 0
            ) AS summed
        ) WHERE EXISTS (SELECT FROM added);
    END IF;
    RETURN NULL;
END $$;
"""
UNDO_CHANGED = """
CREATE OR REPLACE FUNCTION opportunities_public_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    fresh text := pg_current_xact_id()::text || '.' || (extract(epoch FROM statement_timestamp()) * 1000000)::bigint;
BEGIN
    INSERT INTO opportunities_publicstate AS state (id, mark) VALUES (1, fresh)
    ON CONFLICT (id) DO UPDATE SET mark = excluded.mark WHERE state.mark <> excluded.mark;
    RETURN NULL;
END $$;
"""
COLUMNS = ("posted_at", "state", "fixed_price", "closing_at")
OLD, NEW = (", ".join(f"{row}.{name}" for name in COLUMNS) for row in ("OLD", "NEW"))
TRIGGERS = f"""
CREATE TRIGGER counted_added AFTER INSERT ON opportunities_opportunity FOR EACH ROW
    WHEN (NEW.posted_at IS NOT NULL) EXECUTE FUNCTION opportunities_counted();
CREATE TRIGGER counted_changed AFTER UPDATE ON opportunities_opportunity FOR EACH ROW
    WHEN (({OLD}) IS DISTINCT FROM ({NEW})) EXECUTE FUNCTION opportunities_counted();
CREATE TRIGGER counted_removed AFTER DELETE ON opportunities_opportunity FOR EACH ROW
    WHEN (OLD.posted_at IS NOT NULL) EXECUTE FUNCTION opportunities_counted();
CREATE TRIGGER skills_counted AFTER INSERT OR UPDATE OR DELETE ON opportunities_opportunity_skills FOR EACH ROW
    EXECUTE FUNCTION opportunities_skill_counted();

INSERT INTO opportunities_countchange (key, number)
SELECT opportunities_count_key(state, fixed_price, closing_at), count(*)
FROM opportunities_opportunity WHERE posted_at IS NOT NULL GROUP BY 1
UNION ALL
SELECT 'skill ' || through.skill_id, count(*)
FROM opportunities_opportunity_skills through JOIN opportunities_opportunity posted ON posted.id = through.opportunity_id
WHERE posted.posted_at IS NOT NULL GROUP BY 1;
"""  # noqa: S608 - only names of columns, written above
UNDO_TRIGGERS = """
DROP TRIGGER counted_added ON opportunities_opportunity;
DROP TRIGGER counted_changed ON opportunities_opportunity;
DROP TRIGGER counted_removed ON opportunities_opportunity;
DROP TRIGGER skills_counted ON opportunities_opportunity_skills;
"""
UNDO_FUNCTIONS = """
DROP FUNCTION opportunities_skill_counted();
DROP FUNCTION opportunities_counted();
DROP FUNCTION opportunities_count_key(text, numeric, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("opportunities", "0015_share_of_the_whole"),
    ]

    operations = [
        migrations.AddField(
            model_name="publicstate",
            name="counts",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.CreateModel(
            name="CountChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=80)),
                ("number", models.IntegerField()),
            ],
        ),
        migrations.RunSQL(FUNCTIONS, UNDO_FUNCTIONS),
        migrations.RunSQL(CHANGED, UNDO_CHANGED),
        migrations.RunSQL(TRIGGERS, UNDO_TRIGGERS),
    ]

"""The search of posted opportunities, kept right by the database itself.

Written by hand: extensions, text-search configurations, functions and triggers are nothing that a model can say. The
extensions unaccent and pg_trgm are trusted, so that whoever may create in the database may install them.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.comparison
from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations, models

# Accents are taken off before stemming, on both sides, so that "donnees" finds "données" and so does "donnée".
CONFIGURATIONS = """
CREATE TEXT SEARCH CONFIGURATION microacq_english (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION microacq_english
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem;
CREATE TEXT SEARCH CONFIGURATION microacq_french (COPY = pg_catalog.french);
ALTER TEXT SEARCH CONFIGURATION microacq_french
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, french_stem;
"""

FUNCTIONS = """
CREATE FUNCTION opportunities_search_refresh(ids bigint[]) RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO opportunities_searchentry (opportunity_id, words)
    SELECT o.id,
        setweight(to_tsvector('microacq_english', coalesce(o.title_en, '')), 'A')
        || setweight(to_tsvector('microacq_french', coalesce(o.title_fr, '')), 'A')
        || setweight(to_tsvector('microacq_english', coalesce(s.english, '')), 'B')
        || setweight(to_tsvector('microacq_french', coalesce(s.french, '')), 'B')
        || setweight(to_tsvector('microacq_english', coalesce(o.short_description_en, '')), 'C')
        || setweight(to_tsvector('microacq_french', coalesce(o.short_description_fr, '')), 'C')
        || to_tsvector('microacq_english', concat_ws(' ', o.background_en, o.work_en, o.deliverables_en))
        || to_tsvector('microacq_french', concat_ws(' ', o.background_fr, o.work_fr, o.deliverables_fr))
    FROM opportunities_opportunity o
    LEFT JOIN LATERAL (
        SELECT string_agg(skill.name_en, ' ') AS english, string_agg(skill.name_fr, ' ') AS french
        FROM opportunities_opportunity_skills through JOIN opportunities_skill skill ON skill.id = through.skill_id
        WHERE through.opportunity_id = o.id
    ) s ON true
    WHERE o.id = ANY(ids) AND o.posted_at IS NOT NULL
    ON CONFLICT (opportunity_id) DO UPDATE SET words = excluded.words;

    -- Always in the same order, so that two at once wait for each other instead of locking each other out.
    INSERT INTO opportunities_searchword (word)
    SELECT DISTINCT found[1]
    FROM opportunities_opportunity o,
        LATERAL regexp_matches(lower(unaccent(concat_ws(' ',
            o.title_en, o.title_fr, o.short_description_en, o.short_description_fr, o.background_en, o.background_fr,
            o.work_en, o.work_fr, o.deliverables_en, o.deliverables_fr,
            (SELECT string_agg(concat_ws(' ', skill.name_en, skill.name_fr), ' ')
             FROM opportunities_opportunity_skills through JOIN opportunities_skill skill ON skill.id = through.skill_id
             WHERE through.opportunity_id = o.id)
        ))), '[a-z][a-z0-9]{3,39}', 'g') AS found
    WHERE o.id = ANY(ids) AND o.posted_at IS NOT NULL
    ORDER BY 1
    ON CONFLICT DO NOTHING;
$$;

CREATE FUNCTION opportunities_search_text_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM opportunities_search_refresh(ARRAY[NEW.id]);
    RETURN NULL;
END $$;

CREATE FUNCTION opportunities_search_skills_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM opportunities_search_refresh(ARRAY(
        SELECT DISTINCT changed.opportunity_id FROM changed JOIN opportunities_searchentry USING (opportunity_id)
    ));
    RETURN NULL;
END $$;

CREATE FUNCTION opportunities_search_skill_renamed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM opportunities_search_refresh(ARRAY(
        SELECT opportunity_id FROM opportunities_opportunity_skills WHERE skill_id = NEW.id
    ));
    RETURN NULL;
END $$;
"""

COLUMNS = [
    f"{name}_{language}"
    for name in ("title", "short_description", "background", "work", "deliverables")
    for language in ("en", "fr")
]
OLD, NEW = (", ".join(f"{row}.{name}" for name in ["posted_at", *COLUMNS]) for row in ("OLD", "NEW"))

TRIGGERS = f"""
CREATE TRIGGER search_posted AFTER INSERT ON opportunities_opportunity FOR EACH ROW
    WHEN (NEW.posted_at IS NOT NULL) EXECUTE FUNCTION opportunities_search_text_changed();
CREATE TRIGGER search_text_changed AFTER UPDATE ON opportunities_opportunity FOR EACH ROW
    WHEN (NEW.posted_at IS NOT NULL AND ({OLD}) IS DISTINCT FROM ({NEW}))
    EXECUTE FUNCTION opportunities_search_text_changed();
CREATE TRIGGER search_skills_added AFTER INSERT ON opportunities_opportunity_skills
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION opportunities_search_skills_changed();
CREATE TRIGGER search_skills_removed AFTER DELETE ON opportunities_opportunity_skills
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION opportunities_search_skills_changed();
CREATE TRIGGER search_skill_renamed AFTER UPDATE ON opportunities_skill FOR EACH ROW
    WHEN ((OLD.name_en, OLD.name_fr) IS DISTINCT FROM (NEW.name_en, NEW.name_fr))
    EXECUTE FUNCTION opportunities_search_skill_renamed();

SELECT opportunities_search_refresh(ARRAY(SELECT id FROM opportunities_opportunity WHERE posted_at IS NOT NULL));
"""  # noqa: S608 - only names of columns, written above

UNDO_CONFIGURATIONS = """
DROP TEXT SEARCH CONFIGURATION microacq_english;
DROP TEXT SEARCH CONFIGURATION microacq_french;
"""

UNDO_FUNCTIONS = """
DROP FUNCTION opportunities_search_skill_renamed();
DROP FUNCTION opportunities_search_skills_changed();
DROP FUNCTION opportunities_search_text_changed();
DROP FUNCTION opportunities_search_refresh(bigint[]);
"""

UNDO_TRIGGERS = """
DROP TRIGGER search_skill_renamed ON opportunities_skill;
DROP TRIGGER search_skills_removed ON opportunities_opportunity_skills;
DROP TRIGGER search_skills_added ON opportunities_opportunity_skills;
DROP TRIGGER search_text_changed ON opportunities_opportunity;
DROP TRIGGER search_posted ON opportunities_opportunity;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("opportunities", "0003_names_of_records"),
    ]

    operations = [
        UnaccentExtension(),
        TrigramExtension(),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "opportunity",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_entry",
                        serialize=False,
                        to="opportunities.opportunity",
                    ),
                ),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[("word", models.CharField(max_length=40, primary_key=True, serialize=False))],
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=django.contrib.postgres.indexes.GinIndex(fields=["words"], name="search_words"),
        ),
        migrations.AddIndex(
            model_name="searchword",
            index=django.contrib.postgres.indexes.GistIndex(
                django.contrib.postgres.indexes.OpClass("word", name="gist_trgm_ops"),
                name="search_word_likeness",
            ),
        ),
        migrations.AddIndex(
            model_name="opportunity",
            index=models.Index(
                condition=models.Q(("posted_at__isnull", False)),
                fields=["closing_at", "id"],
                include=("state", "fixed_price", "posted_at", "modified_at"),
                name="public_facts",
            ),
        ),
        migrations.AddIndex(
            model_name="opportunity",
            index=models.Index(
                models.OrderBy(
                    django.db.models.functions.comparison.Coalesce("amended_at", "posted_at"), descending=True
                ),
                condition=models.Q(("posted_at__isnull", False)),
                name="news_first",
            ),
        ),
        migrations.RunSQL(CONFIGURATIONS, UNDO_CONFIGURATIONS),
        migrations.RunSQL(FUNCTIONS, UNDO_FUNCTIONS),
        migrations.RunSQL(TRIGGERS, UNDO_TRIGGERS),
    ]

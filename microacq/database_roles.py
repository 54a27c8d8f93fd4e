"""The two roles of PostgreSQL that production runs with: one owns the tables, one runs the application and owns nothing.

Knows which rights each table needs from what its model declares: a table whose rows the triggers protect gives no more
than they allow. Rights and triggers say the same twice because neither is enough: a trigger does not see TRUNCATE nor bind
a table's owner, and a right cannot say "this column may only be emptied".
Prints SQL and compares; changes nothing by itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pgtrigger
from django.apps import apps
from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder

OWNER, RUNTIME = "microacq_owner", "microacq_app"
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
READ_ONLY = {"django_migrations", "django_content_type", "auth_permission"}
"""Written by `migrate`, which runs as the owner."""
WRITTEN_ONCE = {"django_admin_log"}
"""What was done in the admin: kept by Django, without triggers of ours."""


@dataclass(frozen=True)
class Rights:
    """What the application may do with a table: whole-table rights, and the columns it may update one by one."""

    table: str
    whole: tuple[str, ...]
    columns: tuple[str, ...] = ()

    def grant(self, role: str) -> str:
        rights = [*self.whole]
        if self.columns:
            rights.append(f"UPDATE ({', '.join(quoted(name) for name in self.columns)})")
        return f"GRANT {', '.join(rights)} ON {quoted(self.table)} TO {quoted(role)};"


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def rights() -> list[Rights]:
    """The rights of the runtime role on every table of the project, in the order of the tables' names."""
    protected: dict[str, list] = {}
    for model, trigger in pgtrigger.registered():
        protected.setdefault(model._meta.db_table, []).append(trigger)
    models = {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }
    found = {table: _of_model(model, protected.get(table, [])) for table, model in models.items()}
    migrations = MigrationRecorder.Migration._meta.db_table
    found[migrations] = Rights(migrations, ("SELECT",))
    for cache in settings.CACHES.values():
        if cache["BACKEND"].endswith("DatabaseCache"):
            found[cache["LOCATION"]] = Rights(cache["LOCATION"], ("SELECT", "INSERT", "UPDATE", "DELETE"))
    return [found[table] for table in sorted(found)]


def _of_model(model, triggers: list) -> Rights:
    table = model._meta.db_table
    if table in READ_ONLY:
        return Rights(table, ("SELECT",))
    if table in WRITTEN_ONCE:
        return Rights(table, ("SELECT", "INSERT"))
    allowed, kept = ["SELECT", "INSERT", "UPDATE", "DELETE"], set()
    for trigger in triggers:
        if isinstance(trigger, pgtrigger.ReadOnly):
            kept |= set(trigger.fields)
        elif isinstance(trigger, pgtrigger.Protect):
            refused = (
                "" if trigger.condition else str(trigger.operation)
            )  # a condition: some changes may be made
            allowed = [right for right in allowed if right not in refused]
    if not kept:
        return Rights(table, tuple(allowed))
    columns = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    free = tuple(field.column for field in columns if not kept & {field.name, field.attname})
    return Rights(table, tuple(right for right in allowed if right != "UPDATE"), free)


ROLES = """\
-- Run once by an administrator of the server, and again whenever tables exist that another role made.
-- Then give each role its password: \\password {owner_name}  and  \\password {runtime_name}
BEGIN;
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{owner_name}') THEN CREATE ROLE {owner}; END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{runtime_name}') THEN CREATE ROLE {runtime}; END IF;
END $$;
ALTER ROLE {owner} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE {runtime} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
REVOKE ALL ON DATABASE {database} FROM PUBLIC, {runtime};
GRANT CONNECT, CREATE ON DATABASE {database} TO {owner};
GRANT CONNECT ON DATABASE {database} TO {runtime};
ALTER SCHEMA public OWNER TO {owner};
REVOKE ALL ON SCHEMA public FROM PUBLIC, {runtime};
GRANT USAGE ON SCHEMA public TO {runtime};
-- What is already there and belongs to no extension becomes the owner's.
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT format('%I.%I', n.nspname, c.relname) AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relowner <> '{owner}'::regrole
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    LOOP EXECUTE format('ALTER TABLE %s OWNER TO {owner}', found.name); END LOOP;
    FOR found IN SELECT p.oid::regprocedure::text AS name, p.proowner <> '{owner}'::regrole AS foreign_made
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'public'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    LOOP
        IF found.foreign_made THEN EXECUTE format('ALTER FUNCTION %s OWNER TO {owner}', found.name); END IF;
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', found.name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO {runtime}', found.name);
    END LOOP;
    FOR found IN SELECT c.oid::regconfig::text AS name FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
        WHERE n.nspname = 'public' AND c.cfgowner <> '{owner}'::regrole
    LOOP EXECUTE format('ALTER TEXT SEARCH CONFIGURATION %s OWNER TO {owner}', found.name); END LOOP;
END $$;
-- What later versions add is readable and can be added to; more is granted by name (--part grants), after `migrate`.
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO {runtime};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {runtime};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO {runtime};
COMMIT;
"""

GRANTS = """\
-- Run by the owner after every `migrate`.
BEGIN;
-- The library of the triggers lets whoever asks, in a setting that any role may change, pass them by. Nobody may.
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name) RETURNS boolean
    LANGUAGE plpgsql AS $$ BEGIN RETURN FALSE; END $$;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {runtime};
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {runtime};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {runtime};
{tables}
COMMIT;
"""


def roles_sql(database: str, owner: str = OWNER, runtime: str = RUNTIME) -> str:
    """The roles, who owns what, and what later tables give. For an administrator. `database` is its name."""
    return ROLES.format(
        owner=quoted(owner),
        runtime=quoted(runtime),
        owner_name=owner,
        runtime_name=runtime,
        database=quoted(database),
    )


def grants_sql(runtime: str = RUNTIME) -> str:
    """What the runtime role may do with each table. For the owner."""
    tables = "\n".join(table.grant(runtime) for table in rights())
    return GRANTS.format(runtime=quoted(runtime), tables=tables)


def differences(cursor) -> Iterator[str]:
    """Where the role that is connected has more, or less, than the application needs: a sentence each."""
    cursor.execute(
        "SELECT rolsuper OR rolcreaterole OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    if cursor.fetchone()[0]:
        yield "The role may change roles or pass by every right: it must be neither superuser nor able to make roles."
    cursor.execute("SELECT has_schema_privilege('public', 'CREATE')")
    if cursor.fetchone()[0]:
        yield "The role may create in the schema public."
    for table in rights():
        yield from _on_table(cursor, table)


def _on_table(cursor, table: Rights) -> Iterator[str]:
    name = quoted(table.table)
    cursor.execute(
        "SELECT pg_has_role(c.relowner, 'MEMBER') FROM pg_class c WHERE c.oid = to_regclass(%s)", [name]
    )
    row = cursor.fetchone()
    if row is None:
        yield f"{table.table}: there is no such table; run `migrate` as the owner."
        return
    if row[0]:
        yield f"{table.table}: the role owns it, or belongs to the role that does."
        return
    for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"):
        cursor.execute("SELECT has_table_privilege(%s, %s)", [name, right])
        if (has := cursor.fetchone()[0]) != (right in table.whole):
            yield f"{table.table}: the role {'has' if has else 'lacks'} {right}."
    if "UPDATE" not in table.whole:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
            " AND has_column_privilege(%s, attname, 'UPDATE')",
            [name, name],
        )
        has_columns = {row[0] for row in cursor.fetchall()}
        for column in sorted(has_columns ^ set(table.columns)):
            yield f"{table.table}.{column}: the role {'has' if column in has_columns else 'lacks'} UPDATE."

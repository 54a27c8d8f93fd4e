"""Print the SQL of the two database roles of production, or check that the present role is the right one."""

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from microacq import database_roles


class Command(BaseCommand):
    help = (
        "Print the SQL that makes a role which owns the tables and a role which runs the application. Changes nothing "
        "by itself: give it to psql. With --check, exit 1 if the role that is connected has more or less than it needs."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--owner", default=database_roles.OWNER, help="the role that owns (%(default)s)")
        parser.add_argument(
            "--runtime", default=database_roles.RUNTIME, help="the role that runs (%(default)s)"
        )
        parser.add_argument(
            "--part",
            choices=("all", "roles", "grants"),
            default="all",
            help="roles: once, by an administrator, before the first migrate; grants: by the owner, after each migrate",
        )
        parser.add_argument(
            "--check", action="store_true", help="compare the connected role's rights instead"
        )

    def handle(self, *args, owner, runtime, part, check, **options):
        if check:
            self.check_role()
            return
        if owner == runtime or not all(map(database_roles.NAME.fullmatch, (owner, runtime))):
            raise CommandError("Give two different names, of small letters, digits and _.")
        if part in ("all", "roles"):
            database = connection.settings_dict.get("NAME")
            if not database:
                raise CommandError("DATABASE_URL names no database.")
            self.stdout.write(database_roles.roles_sql(database, owner, runtime))
        if part in ("all", "grants"):
            self.stdout.write(database_roles.grants_sql(runtime))

    def check_role(self):
        with connection.cursor() as cursor:
            found = list(database_roles.differences(cursor))
        for sentence in found:
            self.stderr.write(sentence)
        if found:
            raise SystemExit(1)
        self.stdout.write("The role owns nothing, and has what the application needs and no more.")

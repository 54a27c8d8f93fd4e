"""`manage.py messages`: is every word in French too? Also updates and compiles the catalogue, without gettext."""

from django.core.management.base import BaseCommand, CommandError

from microacq import catalogue


class Command(BaseCommand):
    help = "Say which messages are missing, fuzzy or untranslated in French (exit 1), update or compile the catalogue."
    requires_system_checks = []

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--update", action="store_true", help="add what the source says, drop what it no longer does"
        )
        what.add_argument("--compile", action="store_true", help="write django.mo beside django.po")

    def handle(self, *args, update, compile, **options):
        if update:
            catalogue.update()
        elif compile:
            catalogue.compile_french()
        elif problems := catalogue.problems():
            raise CommandError("\n".join([*problems, f"{len(problems)} messages are not ready in French."]))
        else:
            self.stdout.write("Every message is there in French.")

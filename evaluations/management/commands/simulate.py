"""Loads a busy pilot as it stands this morning: twenty opportunities, made by chance from a seed. With DEMO=1 only."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from evaluations.demo.simulation import pilot
from microacq import clock
from microacq.models import User
from opportunities.views.demo_tools import PASSWORD


class Command(BaseCommand):
    help = "Load a busy pilot of twenty opportunities instead of the demonstration (DEMO=1, into an empty database)."

    def add_arguments(self, parser):
        parser.add_argument(
            "--seed", type=int, default=1, help="which chances: the same seed gives the same pilot (1)"
        )

    def handle(self, *, seed: int, **options):
        if not settings.DEMO:
            raise CommandError(
                "The people of the pilot have public passwords, so it is loaded with DEMO=1 only."
            )
        if User.objects.exists():
            raise CommandError("This database has people in it. The pilot is loaded into an empty one.")
        now = clock.now()
        with transaction.atomic():
            made = pilot(now, seed)
            made.until(now)
        call_command("tick", verbosity=0)
        self.stdout.write(
            f"{len(made.stories)} opportunities of a busy pilot. Everybody's password is {PASSWORD}."
        )

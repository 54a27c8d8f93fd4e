"""Loads the demonstration: its people, and an opportunity in every state. With DEMO=1 only."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from evaluations.demo.stories import build
from microacq import clock
from microacq.models import User
from opportunities.views.demo_tools import CAST, PASSWORD


class Command(BaseCommand):
    help = (
        "Load the demonstration's people and opportunities (DEMO=1 only). Does nothing when they are there."
    )

    def handle(self, *args, **options):
        if not settings.DEMO:
            raise CommandError("The demonstration has public passwords, so it is loaded with DEMO=1 only.")
        if User.objects.filter(email__in=CAST).exists():
            self.stdout.write("The demonstration is already loaded. Nothing was changed.")
            return
        if User.objects.exists():
            raise CommandError(
                "This database has people in it. The demonstration is loaded into an empty one."
            )
        number = build(clock.now())
        call_command("tick", verbosity=0)  # sends the mail, and so announces the pool whose draw is to come
        self.stdout.write(
            f"{number} opportunities, one or more in every state. Everybody's password is {PASSWORD}."
        )

"""Do what time makes due: close, expire, draw, remind, send mail. Safe to run anywhere, as often as wished."""

import logging
import signal
import threading

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections

from microacq import clock
from opportunities.due import JOBS, beat

log = logging.getLogger("microacq.tick")


class Command(BaseCommand):
    help = "Do what is due now. With --loop, keep doing it until told to stop."

    def add_arguments(self, parser):
        parser.add_argument("--loop", action="store_true", help="run until SIGTERM or Ctrl-C")
        parser.add_argument(
            "--every", type=int, default=15, metavar="SECONDS", help="pause between two rounds (15)"
        )

    def handle(self, *args, **options):
        if not options["loop"]:
            for name, number in self.round():
                if options["verbosity"] > 1 or (number and options["verbosity"]):
                    self.stdout.write(f"{name}: {number}")
            return
        stop = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: stop.set())
        while not stop.is_set():
            try:
                close_old_connections()
                for name, number in self.round():
                    if number:
                        log.info("tick: %s %s", name, number)
            except (DatabaseError, InterfaceError):
                log.warning("tick: the database cannot be reached; trying again")
            stop.wait(max(1, options["every"]))

    def round(self):
        """Every job once; a job that fails is logged and does not stop the others, unless the database is away."""
        failed = []
        for _order, name, run in JOBS:
            try:
                yield name, run(clock.now())
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                log.exception("tick: %s failed", name)
                failed.append(name)
                yield name, 0
        beat(clock.now(), failed)

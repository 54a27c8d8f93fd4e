"""`make demo`, once its packages are installed: prepares the demonstration and serves it until told to stop."""

import fcntl
import signal
import socket
import subprocess
import sys
import time

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from microacq import catalogue, devdb

SIGN_INS = (
    "client@esdc.example, client2@esdc.example   clients",
    "evaluator@esdc.example                      evaluator",
    "manager@esdc.example                        manager (sections 32 and 34)",
    "team@esdc.example, team2@esdc.example       pilot team",
    "finance@esdc.example                        finance officer",
    "supplier1@supplier.example ... supplier5@   suppliers",
    "admin@esdc.example                          superuser of the admin, /en/admin/",
)
PASSWORD = "microacq-demo"  # noqa: S105 - of the demonstration, where everyone may know it
QUIET = ("--log-level=warning", "--no-control-socket")
PATIENCE = 10


class Command(BaseCommand):
    help = "Prepare the demonstration's database and files, then serve it (DEMO=1 only)."
    requires_system_checks = []

    def handle(self, *args, **options):
        if not settings.DEMO:
            raise CommandError("This is for the demonstration: set DEMO=1.")
        signal.signal(signal.SIGTERM, self.told_to_stop)
        signal.signal(signal.SIGHUP, self.told_to_stop)
        signal.signal(signal.SIGINT, self.told_to_stop)
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        with open(settings.VAR_DIR / "demo.lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CommandError(
                    "The demonstration of this folder is already running: stop it first."
                ) from None
            self.port_must_be_free()
            self.children: list[subprocess.Popen] = []
            try:
                self.prepare()
                self.serve()
            except Stop:
                self.say("Stopping...")
            finally:
                for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                    signal.signal(number, signal.SIG_IGN)
                self.stop_children()
                connections.close_all()
                devdb.stop("demo", settings.VAR_DIR)
        self.say("Stopped.")

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()

    def told_to_stop(self, number, frame):
        raise Stop

    def port_must_be_free(self):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", settings.PORT))
            except (OSError, OverflowError):
                raise CommandError(f"Port {settings.PORT} is taken: try `make demo PORT=8001`.") from None

    def prepare(self):
        self.say("Starting the database...")
        devdb.start("demo", settings.VAR_DIR)
        catalogue.compile_french()
        self.say("Preparing tables and files...")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        self.say("Loading the demonstration (the first time takes a minute)...")
        call_command("demo")
        connections.close_all()

    def serve(self):
        python = sys.executable
        server = f"--bind=127.0.0.1:{settings.PORT} --worker-class=gthread --workers=2 --threads=4 --graceful-timeout=3"
        self.launch([python, "-m", "gunicorn", "microacq.wsgi", *server.split(), *QUIET])
        self.launch([python, "manage.py", "tick", "--loop"])
        self.wait_until_it_answers()
        self.say(f"\nThe demonstration is at {settings.SITE_URL}/ (English: /en/, French: /fr/)\n")
        self.say(f"Sign-ins, all with the password {PASSWORD}:\n  " + "\n  ".join(SIGN_INS))
        self.say("\nCtrl-C stops it.")
        while all(child.poll() is None for child in self.children):
            time.sleep(0.5)
        raise CommandError("The server or its clock ended by itself: see above.")

    def launch(self, command):
        # In a session of its own, so that Ctrl-C reaches this process alone and the children end in order.
        self.children.append(subprocess.Popen(command, cwd=settings.BASE_DIR, start_new_session=True))

    def wait_until_it_answers(self):
        for _attempt in range(PATIENCE * 10):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", settings.PORT)) == 0:
                    return
            if any(child.poll() is not None for child in self.children):
                return
            time.sleep(0.1)

    def stop_children(self):
        for child in self.children:
            if child.poll() is None:
                child.terminate()
        for child in self.children:
            try:
                child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


class Stop(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""

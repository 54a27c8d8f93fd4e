"""The database engine of DEMO=1. Knows devdb; everything else is Django's own PostgreSQL engine."""

import atexit
import os

from django.conf import settings
from django.db import connections
from django.db.backends.postgresql import base

from microacq import devdb


def stop_at_exit() -> None:
    """What this process started, it stops when it ends, unless somebody else is using it by then."""
    process = os.getpid()

    def stop() -> None:
        if os.getpid() != process:
            return
        connections.close_all()
        if not devdb.in_use("demo", settings.VAR_DIR):
            devdb.stop("demo", settings.VAR_DIR)

    atexit.register(stop)


class DatabaseWrapper(base.DatabaseWrapper):
    """Commands that need no database never start one: only a connection does."""

    def get_new_connection(self, conn_params):
        if devdb.start("demo", settings.VAR_DIR):
            stop_at_exit()
        return super().get_new_connection(conn_params)

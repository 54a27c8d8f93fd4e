"""Another process, which runs the site with production's settings on the tests' database."""

import os
import subprocess
import sys
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.test_settings import GOOD

BEFORE = """
import django
from django.conf import settings
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
django.setup()
from django.test import Client
"""
"""Static files are found by their plain names: nobody collected them."""


def database_url() -> str:
    """The tests' database, as DATABASE_URL names one."""
    of = {key: quote(str(value or ""), safe="") for key, value in connection.settings_dict.items()}
    port = f":{of['PORT']}" if of["PORT"] else ""
    return f"postgresql://{of['USER']}:{of['PASSWORD']}@{of['HOST']}{port}/{of['NAME']}"


def run(*lines: str) -> list[str]:
    """The lines that these lines of Python print."""
    done = subprocess.run(
        [sys.executable, "-c", BEFORE + "\n".join(lines)],
        cwd=settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "microacq.settings",
            **GOOD,
            "DATABASE_URL": database_url(),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()

"""The demonstration, as `make demo` serves it, when it cannot. That it comes up and stops: tests/audit/test_drill.py."""

import os
import socket
import subprocess
import sys

from django.conf import settings


def test_a_taken_port_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "manage.py", "serve_demo"],
            cwd=settings.BASE_DIR,
            env={"PATH": os.environ["PATH"], "DEMO": "1", "PORT": number, "VAR_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert f"Port {number} is taken" in done.stderr

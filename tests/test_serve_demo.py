"""The demonstration, as `make demo` serves it: it comes up by itself, stops cleanly, and comes up again."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from django.conf import settings

from microacq import devdb


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def demo(tmp_path, port):
    """Gives a function that serves a demonstration of its own until it says that it is ready."""
    var_dir = tmp_path / "a demonstration"
    started = []

    def serve():
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve_demo"],
            cwd=settings.BASE_DIR,
            env={"PATH": os.environ["PATH"], "DEMO": "1", "PORT": str(port), "VAR_DIR": str(var_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C stops it." in line:
                return process, "".join(said)
        pytest.fail("It ended by itself: " + "".join(said))

    yield serve
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(30)
    devdb.remove("demo", var_dir)


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as response:
        return response.status, response.read().decode()


def stop(process, sign):
    os.killpg(process.pid, sign)
    rest = process.stdout.read()
    assert process.wait(30) == 0, rest
    assert rest.endswith("Stopped.\n")


@pytest.mark.slow
def test_the_demonstration_comes_up_stops_and_comes_up_again(demo, port, tmp_path):
    process, said = demo()
    assert f"http://127.0.0.1:{port}/" in said
    for person in (
        "client@esdc.example",
        "supplier1@supplier.example",
        "admin@esdc.example",
        "microacq-demo",
    ):
        assert person in said
    assert json.loads(get(port, "/healthz")[1]) == {"status": "ok", "database": "ok"}
    for path in ("/en/", "/fr/", "/en/accounts/login/"):
        assert get(port, path)[0] == 200
    stop(process, signal.SIGINT)
    with pytest.raises(OSError, match="refused"):
        get(port, "/healthz")
    assert not devdb.Place("demo", tmp_path / "a demonstration").answers()
    process, _said = demo()
    assert get(port, "/fr/")[0] == 200
    stop(process, signal.SIGTERM)


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

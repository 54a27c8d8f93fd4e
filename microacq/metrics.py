"""Counts for the operator, in the text that Prometheus reads: requests by status, log lines lost. Off without METRICS_TOKEN.

Several processes of a machine count together in files of VAR_DIR/metrics (prometheus_client's own way, chosen by the
variable that settings.py sets before this is imported); `opportunities/views/metrics.py` adds what the database knows.
"""

import os
from pathlib import Path

if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    Path(folder).mkdir(parents=True, exist_ok=True)

from prometheus_client import REGISTRY, CollectorRegistry, Counter, generate_latest  # noqa: E402 - once the folder is there
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402

METHODS = ("GET", "HEAD", "POST")
requests = Counter("microacq_requests", "Requests answered, by method and status.", ["method", "status"])
lines_lost = Counter("microacq_log_lines_lost", "Log lines that could not be written.", ["to"])


def answered(method: str, status: int) -> None:
    """Count a request. A method of somebody's own making is "other"."""
    requests.labels(method if method in METHODS else "other", str(status)).inc()


def line_lost() -> None:
    lines_lost.labels("stderr").inc()


def counted() -> str:
    """What every process of this machine counted, as text."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    wanted = ("microacq_requests", "microacq_log_lines_lost")
    text = generate_latest(registry).decode()
    return "".join(
        f"{line}\n"
        for line in text.splitlines()
        if line.removeprefix("# HELP ").removeprefix("# TYPE ").startswith(wanted)
    )


def gauge(name: str, words: str, values: dict[str, float | None]) -> str:
    """One figure as text; `values` by label ("" for none), None where there is nothing to tell."""
    lines = [f"# HELP {name} {words}", f"# TYPE {name} gauge"]
    lines += [
        f"{name}{label} {value:.3f}".replace(".000", "")
        for label, value in values.items()
        if value is not None
    ]
    return "".join(f"{line}\n" for line in lines)

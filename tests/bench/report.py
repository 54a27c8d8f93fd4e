"""Keeps the last run's table in docs/performance.md, with the machine that it was measured on. The rest of the page stays."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import django

from . import servers
from .targets import Run, table, verdicts

PAGE = servers.ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- written by make bench -->", "<!-- end of what make bench writes -->"


def machine() -> str:
    """The machine in one line: processors, memory, versions."""
    memory = Path("/proc/meminfo").read_text().split()[1]
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=servers.ROOT, capture_output=True, text=True
    ).stdout.strip()
    database = servers.query("SHOW server_version")[0][0]
    return (
        f"{os.cpu_count()} × {model}, {int(memory) // 1024 // 1024} GiB; Python {platform.python_version()}, "
        f"Django {django.get_version()}, PostgreSQL {database}; {datetime.now(UTC):%Y-%m-%d}, after commit {commit}"
    )


def write(run: Run, rounds: int, said: str) -> None:
    """Replace the page's measured part."""
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    load = os.getloadavg()[1]
    measured = (
        f"\n\nMeasured on: {said}. Medians of {rounds} rounds; the load of the machine at the end was {load:.1f}.\n\n"
        f"{verdicts(run)}\n\n{table(run)}\n\n"
        f"Memory of two workers, MiB (after 2,000 requests, after 10,000): "
        + "; ".join(f"{name} {early:.0f}, {late:.0f}" for name, (early, late) in run.memory.items())
        + ".\n\n"
    )
    PAGE.write_text(before + BEGIN + measured + END + after)

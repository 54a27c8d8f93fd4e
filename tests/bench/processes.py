"""What processes cost: CPU time and memory of a process and of all that it started, read from /proc. Linux alone."""

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """A process and everything below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, left = [], [root]
    while left:
        one = left.pop()
        found.append(one)
        left += children.get(one, [])
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """Seconds of CPU used so far by these processes, what runs below them, and what ran below them and ended."""
    total = 0.0
    for root in roots:
        for process in tree(root):
            try:
                # The scheduler's own count, in nanoseconds; the times of the ended are kept in ticks only.
                total += int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
                stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                total += (int(stat[13]) + int(stat[14])) / TICKS
            except OSError:
                continue
    return total


def pss_mib(root: int) -> float:
    """MiB of memory that a process and what runs below it hold, what they share counted once."""
    total = 0
    for process in tree(root):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def forget_peak() -> None:
    """From now on `peak_mib` tells the most memory since this moment."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> float:
    """MiB of the most memory that this process held at once."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def database_server() -> int:
    """The process of PostgreSQL's server, above all its backends, by the connection that Django has."""
    from django.db import connection

    connection.ensure_connection()
    backend = Path(f"/proc/{connection.connection.info.backend_pid}/stat")
    return int(backend.read_text().rpartition(")")[2].split()[1])

"""How much memory there is, and how much is to be had: the machine's, or less where a control group limits it.

In a container `/proc/meminfo` shows the whole host, and the kernel kills what goes past the group's own limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from tui.monitor.cgroup import ROOT, group_dirs, read_number, read_table

_UNLIMITED = 1 << 60
"""Version 1 writes about 2^63 for no limit."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory in bytes.

    Attributes:
        total: of the machine, or the control group's limit.
        available: what a program can still take without swapping; the page cache counts as available.
    """

    total: int
    available: int

    @property
    def used(self) -> int:
        """What is not available."""
        return max(self.total - self.available, 0)


def memory(root: Path = ROOT) -> Memory:
    """Memory of this machine, as far as this process may use it.

    Args:
        root: where /proc and /sys are, for tests.
    """
    whole = psutil.virtual_memory()
    total, available = int(whole.total), int(whole.available)
    for group in group_memory(root):
        total = min(total, group.total)
        available = min(available, group.available)
    return Memory(total, available)


def total_memory() -> int:
    """Bytes of memory that this process may use in all."""
    return memory().total


def available_memory() -> int:
    """Bytes of memory that this process can still take."""
    return memory().available


def free_swap() -> int:
    """Bytes of swap space that nothing uses; 0 where it cannot be told."""
    try:
        return int(psutil.swap_memory().free)
    except (OSError, RuntimeError):
        return 0


def group_memory(root: Path = ROOT) -> list[Memory]:
    """Limit and rest of each control group around this process that has a limit; empty where there is none."""
    found: list[Memory] = []
    for version, folder in group_dirs("memory", root):
        names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
        limit, usage = (read_number(folder / name) for name in names)
        if limit is None or usage is None or limit >= _UNLIMITED:
            continue
        # The group's own page cache, mapped models included, goes before anything is killed.
        prefix = "" if version == 2 else "total_"
        table = read_table(folder / "memory.stat")
        cache = table.get(f"{prefix}inactive_file", 0) + table.get(f"{prefix}active_file", 0)
        found.append(Memory(limit, max(limit - max(usage - cache, 0), 0)))
    return found

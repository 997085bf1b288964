"""How many processor cores a computation can really use: affinity, SMT siblings and the control group's quota."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from tui.monitor.cgroup import ROOT, group_dirs, read_number, read_words, to_number

_LOOKS = 4
_PAUSE = 0.003


def logical_cores() -> int:
    """Logical processors of the machine."""
    return os.cpu_count() or 1


def physical_cores(root: Path = ROOT) -> int:
    """Cores that this process may run on; two logical processors of one core count once.

    Token generation is bound by memory and by the vector units, which siblings share: a second thread on a core gains
    nothing and takes from the first.

    Args:
        root: where /sys is, for tests.
    """
    allowed = allowed_processors()
    cores = {_core(number, root) for number in allowed}
    if None not in cores:
        return max(len(cores), 1)
    whole = psutil.cpu_count(logical=False) or len(allowed)
    return max(min(whole, len(allowed)), 1)


def usable_cores(root: Path = ROOT) -> int:
    """Cores that threads of a computation should be given: `physical_cores`, less where a quota allows less.

    Threads beyond the quota do not run more slowly, they make the whole group stand still for a part of each period.
    """
    quota = cpu_quota(root)
    cores = physical_cores(root)
    return cores if quota is None else max(1, min(cores, int(quota)))


def free_cores(root: Path = ROOT) -> int:
    """Usable cores that other programs leave free now, at least 1; all of them where that is not told.

    What runs for a moment only, such as the terminal that brought the key press, is not counted: the least of a few
    looks within milliseconds holds.

    Args:
        root: where /proc and /sys are, for tests.
    """
    usable, others = usable_cores(root), logical_cores()
    for look in range(_LOOKS):
        if look:
            time.sleep(_PAUSE)
        others = min(others, _others_running(root))
        if others == 0:
            break
    return max(1, min(usable, logical_cores() - others))


def _others_running(root: Path) -> int:
    """Threads of other programs that run or wait for a processor at this moment; 0 where that is not told."""
    words = read_words(root / "proc/loadavg")
    running = to_number(words[3].split("/")[:1]) if len(words) > 3 and "/" in words[3] else None
    return max(0, int(running) - _own_running(root)) if running is not None else 0


def _own_running(root: Path) -> int:
    """Threads of this process that run now, the asking one among them."""
    count = 0
    for stat in (root / "proc/self/task").glob("*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            count += stat.read_bytes().rpartition(b")")[2].split()[:1] == [b"R"]
    return max(1, count)


def allowed_processors() -> Sequence[int]:
    """Numbers of the logical processors that this process may run on."""
    # Not on macOS.
    affinity = getattr(os, "sched_getaffinity", None)
    if affinity is None:
        return range(logical_cores())
    allowed: set[int] = affinity(0)
    return sorted(allowed)


def cpu_quota(root: Path = ROOT) -> float | None:
    """Processors that the control groups around this process allow, such as 1.5; None for no limit.

    Args:
        root: where /proc and /sys are, for tests.
    """
    quotas = [_quota(version, folder) for version, folder in group_dirs("cpu", root)]
    return min((quota for quota in quotas if quota is not None), default=None)


def _quota(version: int, folder: Path) -> float | None:
    if version == 2:
        words = read_words(folder / "cpu.max")
        quota, period = to_number(words[:1]), to_number(words[1:2])
    else:
        quota, period = read_number(folder / "cpu.cfs_quota_us"), read_number(folder / "cpu.cfs_period_us")
    if quota is None or period is None or quota <= 0 or period <= 0:
        return None
    return quota / period


def _core(number: int, root: Path) -> tuple[int, int] | None:
    """Package and core of a logical processor; None where the kernel does not say."""
    topology = root / f"sys/devices/system/cpu/cpu{number}/topology"
    package, core = read_number(topology / "physical_package_id"), read_number(topology / "core_id")
    return None if package is None or core is None else (package, core)

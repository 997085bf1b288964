"""Which running programs write replies: a reply that a dead one left is interrupted, one of a living one is not."""

from __future__ import annotations

import os

_CLOCK_SLACK = 2.0


def myself() -> tuple[int, float]:
    """This process's number, and when it started (seconds since 1970)."""
    pid = os.getpid()
    return pid, _started(pid) or 0.0


def alive(pid: int, started: float) -> bool:
    """Whether that very process still runs, and not another one that got its number."""
    now = _started(pid)
    return now is not None and abs(now - started) <= _CLOCK_SLACK


def _started(pid: int) -> float | None:
    import psutil  # takes some milliseconds to import, and most starts of the program have no need of it

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return float(process.create_time())
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return 0.0

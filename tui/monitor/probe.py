"""Takes samples. Each figure has its own fallback: one that cannot be read must not take the others with it."""

from __future__ import annotations

import os
import time

import psutil

from tui.monitor.memory import Memory, memory
from tui.monitor.sample import Sample

_BROKEN = (psutil.Error, OSError, ValueError, KeyError, IndexError, NotImplementedError)
"""What psutil raises where /proc is hidden, cut or odd."""


class Probe:
    """Reads the machine. Percentages are over the time since the reading before; one thread only."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._last_time = time.monotonic()
        self._last_cpu = self._process_seconds()
        # The first reading of psutil is over no time and always 0.
        self._core_percents()

    def sample(self) -> Sample:
        """Read everything once. Never raises for what cannot be read: such a figure is 0."""
        now = time.monotonic()
        cores = self._core_percents()
        ram = _memory()
        return Sample(
            time=now,
            cpu_percent=sum(cores) / len(cores) if cores else 0.0,
            core_percents=cores,
            ram_total=ram.total,
            ram_used=ram.used,
            ram_available=ram.available,
            process_rss=self._rss(),
            process_cpu_percent=self._process_percent(now),
            load_average=_load_average(),
        )

    def _core_percents(self) -> tuple[float, ...]:
        try:
            return tuple(min(max(percent, 0.0), 100.0) for percent in psutil.cpu_percent(percpu=True))
        except _BROKEN:
            return ()

    def _rss(self) -> int:
        try:
            return int(self._process.memory_info().rss)
        except _BROKEN:
            return 0

    def _process_seconds(self) -> float:
        # Not psutil's: this one also works where /proc is hidden, and costs a microsecond.
        times = os.times()
        return times.user + times.system

    def _process_percent(self, now: float) -> float:
        seconds = self._process_seconds()
        passed, spent = now - self._last_time, seconds - self._last_cpu
        self._last_time, self._last_cpu = now, seconds
        return max(spent / passed * 100, 0.0) if passed > 0 else 0.0


def _memory() -> Memory:
    try:
        return memory()
    except _BROKEN:
        return Memory(0, 0)


def _load_average() -> tuple[float, float, float] | None:
    try:
        return os.getloadavg()
    except (AttributeError, OSError):
        return None

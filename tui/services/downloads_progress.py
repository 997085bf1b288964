"""How far a running download is, told by its thread and read by any other."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.values import State
from tui.core.units import format_wait
from tui.services.downloads_queue import Entry

_SPAN = 5.0
"""Seconds that the speed is taken over."""

_SILENCE = 3.0
"""Seconds without a byte after which that is said; the network may be tried again much later."""

_STEP = 0.25
"""Seconds between two kept samples."""

Ending = Literal["", "pause", "cancel", "close"]


class Meter:
    """Bytes a second over the last seconds.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque()
        self._arrived = 0.0

    def at(self, done: int) -> None:
        """Takes note that `done` bytes are there now."""
        now = self._clock()
        if not self._samples or done != self._samples[-1][1]:
            self._arrived = now
        if self._samples and done < self._samples[-1][1]:
            self._samples.clear()  # begun anew
        if len(self._samples) > 1 and now - self._samples[-2][0] < _STEP:
            self._samples.pop()
        self._samples.append((now, done))
        while len(self._samples) > 2 and now - self._samples[1][0] >= _SPAN:
            self._samples.popleft()

    def stop(self) -> None:
        """Nothing comes any more."""
        self._samples.clear()

    def silence(self) -> float:
        """Seconds since something came; 0 while nothing is measured."""
        return self._clock() - self._arrived if self._samples else 0.0

    def speed(self) -> float | None:
        """Bytes a second; None while nothing comes."""
        if len(self._samples) < 2:
            return None
        now = self._clock()
        (first, before), (last, after) = self._samples[0], self._samples[-1]
        if now - last >= _SPAN or after <= before:
            return None
        return (after - before) / max(now - first, 1e-3)


@dataclass(slots=True)
class Live:
    """A download of this program that waits for its turn or runs.

    Attributes:
        entry: as it is in the list.
        cancel: ends it.
        ending: why it was cancelled.
        state: what it does now.
        done: bytes on the disk.
        note: what it waits for, in words.
        thread: what runs it; None while it is queued.
    """

    entry: Entry
    cancel: Cancel = field(default_factory=Cancel)
    ending: Ending = ""
    state: State = "queued"
    done: int = 0
    note: str = ""
    thread: threading.Thread | None = None
    _meter: Meter = field(default_factory=Meter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, state: State, done: int, note: str = "") -> None:
        """How far it is now."""
        with self._lock:
            if state != "downloading" or note:
                self._meter.stop()
            else:
                self._meter.at(done)
            self.state, self.done, self.note = state, done, note

    def look(self) -> tuple[State, int, float | None, str]:
        """State, bytes on the disk, bytes a second, and what is waited for."""
        with self._lock:
            note = self.note
            if self.state == "downloading" and not note and (silence := self._meter.silence()) >= _SILENCE:
                note = f"nothing has arrived for {format_wait(silence)}"
            return self.state, self.done, self._meter.speed(), note

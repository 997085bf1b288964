"""Notice that models come and go, by looking at the times of their folders every few seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

INTERVAL = 3.0
"""Seconds between two looks."""


class Watch:
    """Calls back, in a thread of its own, when something below the folders came, went or changed.

    Args:
        folders: to look at, with everything below them.
        changed: called without arguments, at most once for each look.
        interval: seconds between two looks.
    """

    def __init__(self, folders: Sequence[Path], changed: Callable[[], None], interval: float = INTERVAL) -> None:
        self._folders = tuple(folders)
        self._changed = changed
        self._interval = interval
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="model-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; no call begins after this returns, unless it was made from within a call."""
        self._over.set()
        if self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def _run(self) -> None:
        while not self._over.wait(self._interval):
            pass

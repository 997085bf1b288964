"""The thread that samples the machine while someone looks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from tui.monitor.probe import Probe
from tui.monitor.sample import Sample

_log = logging.getLogger(__name__)

_FIRST = 0.1


class Sampler:
    """Calls a sink with a sample at a steady interval, from a thread of its own.

    Args:
        sink: takes each sample; called in the sampler's thread, so it should only post the sample on. What it raises
            is logged, and the sampling goes on.
        interval: seconds between two samples.
    """

    def __init__(self, sink: Callable[[Sample], None], interval: float = 1.0) -> None:
        self._sink = sink
        self._interval = interval
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def start(self) -> None:
        """Begin; the first sample comes after a tenth of a second. Does nothing when it runs already."""
        with self._lock:
            if self.running:
                return
            # An Event for each thread: one left over from before must not wake up again with the new one.
            self._stopping = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(self._stopping,), name="sampler", daemon=True)
            self._thread.start()

    def stop(self, timeout: float = 1.0) -> bool:
        """End the thread and wait for it; may be called at any time, also by the sink itself.

        Args:
            timeout: most seconds to wait.

        Returns:
            Whether it has ended.
        """
        with self._lock:
            thread = self._thread
            self._stopping.set()
        if thread is None or thread is threading.current_thread():
            return thread is None
        thread.join(timeout)
        return not thread.is_alive()

    def _run(self, stopping: threading.Event) -> None:
        probe = Probe()
        # A percentage is over some time; the very first would be over none.
        stopping.wait(min(_FIRST, self._interval))
        while not stopping.is_set():
            try:
                self._sink(probe.sample())
            except Exception:
                _log.exception("a sample was lost")
            stopping.wait(self._interval)

"""Stopping a network call from another thread."""

from __future__ import annotations

import threading

from tui.core.errors import CancelledError


class Cancel:
    """A switch that one thread turns and the thread in the network looks at.

    Every wait of `tui.catalogue.hub.sockets` (name look-up, connect, TLS, each read) is cut into slices that look
    here, so a call ends a fraction of a second after `set`, whatever it waits for. It cannot be turned back.
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Stop; returns at once, may be called from any thread and more than once."""
        self._event.set()

    def is_set(self) -> bool:
        """Whether it was stopped."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait that long, or until it is stopped.

        Returns:
            Whether it was stopped.
        """
        return self._event.wait(seconds)

    def check(self) -> None:
        """Go on only if it was not stopped.

        Raises:
            CancelledError: it was.
        """
        if self._event.is_set():
            raise CancelledError("stopped")

"""What a front end holds of work that the engine does for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue

from tui.core.events import Event, Token


class Ticket:
    """A load, an unload or a generation under way.

    The engine's thread posts; the holder drains from whatever thread it likes. Posting never waits, so a slow
    holder cannot slow the engine.

    Args:
        on_cancel: called, from the canceller's thread, when the end is asked for; must return at once.
    """

    def __init__(self, on_cancel: Callable[[], None] | None = None) -> None:
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._on_cancel = on_cancel
        self._cancelled = False
        self._over = threading.Event()
        self._asked = time.perf_counter()
        self._listener: Callable[[], None] | None = None
        self._enough: Callable[[Token], bool] | None = None
        self.first_token_seconds: float | None = None
        """Seconds from the request to the first token (TTFT), as soon as there is one."""

    def drain(self) -> list[Event]:
        """All events since the last call, oldest first; empty when there are none. Never waits."""
        events: list[Event] = []
        while True:
            try:
                event = self._events.get_nowait()
            except Empty:
                return events
            if event is not None:
                events.append(event)

    def listen(self, listener: Callable[[], None]) -> None:
        """Be told of events, besides finding them with `drain`.

        Args:
            listener: called after each event from the engine's thread, so that it must return at once, and once now.
        """
        self._listener = listener
        listener()

    def until(self, enough: Callable[[Token], bool]) -> None:
        """End the generation from the holder's side at a token of its own choice, and not some steps later.

        Args:
            enough: asked for each token from the engine's thread, so that it must return at once; after the first one
                for which it says so nothing more is computed, though tokens that were already are still told.
        """
        self._enough = enough

    def events(self) -> Iterator[Event]:
        """Each event as it comes, until the last one. Waits; for a holder that has nothing else to do."""
        while (event := self._events.get()) is not None:
            yield event

    def cancel(self) -> None:
        """Ask for the end. Returns at once; the last event still comes. May be called again."""
        self._cancelled = True
        if self._on_cancel is not None:
            self._on_cancel()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the last event has been posted.

        Args:
            timeout: most seconds to wait; None waits for ever.

        Returns:
            Whether the work is over.
        """
        return self._over.wait(timeout)

    @property
    def over(self) -> bool:
        """Whether the last event has been posted."""
        return self._over.is_set()

    @property
    def cancelled(self) -> bool:
        """Whether the end was asked for."""
        return self._cancelled

    def post(self, event: Event) -> None:
        """Hand an event to the holder; the engine's side."""
        if self.first_token_seconds is None and isinstance(event, Token):
            self.first_token_seconds = time.perf_counter() - self._asked
        if self._enough is not None and isinstance(event, Token) and self._enough(event):
            self._cancelled = True
        self._events.put(event)
        if self._listener is not None:
            self._listener()

    def close(self, last: Event) -> None:
        """Hand over the last event; the engine's side."""
        self._events.put(last)
        self._events.put(None)
        self._over.set()
        if self._listener is not None:
            self._listener()

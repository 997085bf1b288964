"""Work of the engine that the screen follows: drained in batches, never token by token."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.message_pump import MessagePump
from textual.timer import Timer

from tui.app.speed import LiveSpeed
from tui.core.events import Event, Token
from tui.engine.ticket import Ticket

INTERVAL = 0.125
"""Seconds between two looks at a ticket: eight a second are smooth to read, and the engine needs the processor."""


class Activity:
    """Follows one ticket until it is over; there is no timer when nothing runs.

    Args:
        owner: whose event loop and timers are used.
        ticket: the work.
        on_events: called with each batch of events and the live speed in tok/s (0 when unknown).
        on_over: called once, after the last batch.
    """

    def __init__(
        self,
        owner: MessagePump,
        ticket: Ticket,
        on_events: Callable[[list[Event], float], None],
        on_over: Callable[[], None],
    ) -> None:
        self.ticket = ticket
        """The work."""
        self._on_events = on_events
        self._on_over = on_over
        self._speed = LiveSpeed()
        self._timer: Timer | None = owner.set_interval(INTERVAL, self._look)

    def cancel(self) -> None:
        """Ask the engine to stop; the last events still come."""
        self.ticket.cancel()

    def abandon(self) -> None:
        """Stop looking, for good."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _look(self) -> None:
        # Once more where it came to its end meanwhile: what is over is not told as under way until the next look.
        while self._look_once() and self.ticket.over:
            pass

    def _look_once(self) -> bool:
        """Hand on what there is; whether there may be more."""
        if self._timer is None:
            return False
        # Asked before draining, so that nothing posted in between is lost.
        over = self.ticket.over
        events = self.ticket.drain()
        tokens = sum(isinstance(event, Token) for event in events)
        if tokens:
            self._speed.add(tokens, time.monotonic())
        if events:
            self._on_events(events, self._speed.value)
        if over:
            self.abandon()
            self._on_over()
        return not over

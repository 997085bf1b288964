"""What the engine does for the application: started here, followed here, and told as a `Status`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from textual.message_pump import MessagePump

from tui.app.activity import Activity
from tui.app.rendering.placement_rows import placement_text
from tui.app.status import Phase, Status, advance, model_name
from tui.core.endpoints import address_of, place_of
from tui.core.errors import CancelledError
from tui.core.events import Adjusted, Event, Failed, Finished, Loaded, ModelInfo, Token
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.units import format_seconds
from tui.engine.ticket import Ticket
from tui.services.model_host import ModelHost
from tui.services.prefill_speed import PrefillSpeeds

NUMBERS = 0.25
"""Seconds between two tellings of numbers alone: nobody reads more of them, and the engine needs the processor."""


def ready_words(model: ModelInfo) -> str:
    """That a model can be used; of a remote one, where it is."""
    name, seconds = model_name(model.path), format_seconds(model.load_seconds)
    if (address := address_of(model.path)) is not None:
        return f"{name} is ready at {place_of(address[0])} ({model.build}), which answered in {seconds}"
    return f"{name} is ready, loaded in {seconds}"


class Work:
    """Loads, unloads and follows generations; at most a few run at once, since the engine takes one after the other.

    Args:
        pump: whose event loop and timers are used.
        host: where the model is.
        on_status: called with each new status.
        say: shows one line to the person; the second argument is `info` or `error`.
    """

    def __init__(
        self,
        pump: MessagePump,
        host: ModelHost,
        on_status: Callable[[Status], None],
        say: Callable[[str, str], None],
    ) -> None:
        self.host = host
        self.status = Status()
        self.speeds = PrefillSpeeds()
        """How fast prompts were read."""
        self._pump = pump
        self._on_status = on_status
        self._say = say
        self._running: list[Activity] = []
        self._told = 0.0
        self._starting = 0
        self._unwanted = False

    @property
    def busy(self) -> bool:
        """Whether the engine works for us, or is about to."""
        return bool(self._running) or self._starting > 0

    async def start(
        self,
        asking: Awaitable[Ticket | None],
        on_events: Callable[[list[Event]], None],
        on_over: Callable[[], None] | None = None,
    ) -> None:
        """Follow a ticket that has still to come, such as one that waits for the disk; `stop` stops it as well.

        Args:
            asking: gives the ticket, or None when nothing came of it. The caller has called `expect` already.
            on_events: as for `follow`.
            on_over: as for `follow`.
        """
        ticket = None
        try:
            ticket = await asking
        finally:
            self._starting -= 1
            unwanted, self._unwanted = self._unwanted, self._unwanted and self._starting > 0
            if ticket is None:
                self._on_status(self.status)
        if ticket is not None:
            if unwanted:
                ticket.cancel()
            self.follow(ticket, on_events, on_over)

    def expect(self) -> None:
        """Something is about to start: from now on we are busy."""
        self._starting += 1

    def follow(
        self,
        ticket: Ticket,
        on_events: Callable[[list[Event]], None],
        on_over: Callable[[], None] | None = None,
    ) -> None:
        """Follow a ticket: hand on its events in batches and keep the status.

        Args:
            ticket: what the engine does.
            on_events: called with each batch, in the event loop.
            on_over: called once after the last batch.
        """

        def batch(events: list[Event], speed: float) -> None:
            self._advance(events, speed, ticket.first_token_seconds)
            on_events(events)

        def over() -> None:
            self._running.remove(activity)
            # Whoever watches the status must see that nothing runs any more.
            self._on_status(self.status)
            if on_over is not None:
                on_over()

        activity = Activity(self._pump, ticket, batch, over)
        self._running.append(activity)

    def load(self, path: Path, params: LoadParams) -> None:
        """Load a model in place of the loaded one; a load or reply under way is stopped first."""
        self.stop()
        self._set(replace(self.status, phase=Phase.LOADING, loading=model_name(path), fraction=0.0))
        self.follow(self.host.load(path, params), self._tell_load)

    def unload(self) -> None:
        """Give back the model's memory."""
        self.stop()
        self.follow(self.host.unload(), lambda events: None)

    def adjust(self, params: GenerationParams) -> None:
        """Let the reply under way go on with other parameters; says so, or why it cannot."""
        if self.status.phase not in (Phase.PREFILL, Phase.GENERATING):
            return
        for running in self._running:
            Activity(self._pump, self.host.engine.adjust(running.ticket, params), self._tell_adjusted, lambda: None)

    def end_thinking(self, on_answer: Callable[[Event], None]) -> None:
        """Let the reply under way end its reasoning and begin its answer.

        Args:
            on_answer: told whether the engine does so: Adjusted or Failed.
        """
        for running in self._running:
            asked = self.host.engine.force(running.ticket)
            Activity(self._pump, asked, lambda events, _speed: on_answer(events[-1]), lambda: None)

    def stop(self) -> bool:
        """Ask what runs to stop; False when nothing runs."""
        for activity in self._running:
            activity.cancel()
        self._unwanted = self._starting > 0
        return self.busy

    def forget(self) -> None:
        """The conversation is new: nothing of it is in the context, as far as the person is concerned."""
        self._set(replace(self.status, used=0))

    def close(self, timeout: float = 0.8) -> None:
        """Stop everything for good.

        Args:
            timeout: most seconds to wait for the engine's thread, which may be inside llama.cpp.
        """
        for activity in self._running:
            activity.abandon()
        self._running.clear()
        self.host.close(timeout)

    def _tell_load(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Loaded):
                self._say(ready_words(event.model), "info")
                if where := placement_text(event.model):
                    self._say(where, "info")
                for warning in event.model.warnings:
                    self._say(warning, "warning")
            elif isinstance(event, Failed):
                self._say(event.error.line(), "info" if isinstance(event.error, CancelledError) else "error")

    def _tell_adjusted(self, events: list[Event], _speed: float) -> None:
        for event in events:
            if isinstance(event, Adjusted):
                self._say("The new settings hold from here on", "info")
            elif isinstance(event, Failed):
                self._say(event.error.line(), "error")

    def _advance(self, events: list[Event], speed: float, first_token: float | None) -> None:
        status = self.status
        for event in events:
            status = advance(status, event)
            if isinstance(event, Finished):
                self.speeds.note(status.model, event.timings)
        if isinstance(events[-1], Token):
            status = replace(status, speed=speed or status.speed, first_token_seconds=first_token)
        now = time.monotonic()
        if status.phase is self.status.phase is Phase.GENERATING and now - self._told < NUMBERS:
            self.status = status  # told with the next ones, or when it is over
        else:
            self._set(status)

    def _set(self, status: Status) -> None:
        self.status, self._told = status, time.monotonic()
        self._on_status(status)

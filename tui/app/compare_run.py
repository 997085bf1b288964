"""Both sides of a comparison, run one after the other: models loaded as memory allows, what was loaded brought back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message_pump import MessagePump

from tui.app.activity import Activity
from tui.app.chats import Chats
from tui.app.status import model_name
from tui.app.widgets.compare_side import CompareSide
from tui.app.work import Work
from tui.core.errors import LocalLLMError, OutOfMemoryError
from tui.core.events import Event, Failed, Finished
from tui.core.parameters import LoadParams
from tui.engine.ticket import Ticket
from tui.services.comparison import absorb, both_fit, load_beside
from tui.services.model_host import ModelHost

if TYPE_CHECKING:
    from tui.services.comparison import Comparison
    from tui.store.records import MessageRecord


class CompareRun:
    """Runs sides; one run at a time.

    Args:
        pump: whose event loop and timers are used.
        work: the application's work; it is busy as long as a run is.
        chats: the store's thread.
        host: where the chat's model is.
        make_host: makes a second one, for a model beside it.
        say: tells the person one line; the second argument is its role.
    """

    def __init__(
        self,
        pump: MessagePump,
        work: Work,
        chats: Chats,
        host: ModelHost,
        make_host: Callable[[], ModelHost],
        say: Callable[[str, str], None],
    ) -> None:
        self._pump, self._work, self._chats, self._host = pump, work, chats, host
        self._make_host = make_host
        self._say = say
        self._second: ModelHost | None = None
        self._tickets: set[Ticket] = set()
        self._stopping = False
        self.running = False

    def stop(self) -> None:
        """Stop what runs; sides that have not begun do not begin."""
        self._stopping = True
        for ticket in self._tickets:
            ticket.cancel()

    async def close(self) -> None:
        """Give back the memory of the second model."""
        second, self._second = self._second, None
        if second is not None:
            await asyncio.get_running_loop().run_in_executor(None, second.close)

    def abandon(self) -> None:
        """Stop what runs, and give back the second model's memory without waiting for it."""
        self.stop()
        second, self._second = self._second, None
        if second is not None:
            threading.Thread(target=second.close, name="close-second", daemon=True).start()

    async def run(self, comparison: Comparison, sides: Sequence[CompareSide], load: LoadParams) -> None:
        """Let each side reply, one after the other; at the end the chat's model is loaded as before.

        Args:
            comparison: the prompt was asked already.
            sides: in order.
            load: how models are loaded.
        """
        before = Path(self._host.model.path) if self._host.model else None
        self.running, self._stopping = True, False
        self._work.expect()
        try:
            for side in sides:
                side.clear("waiting")
            if self._side_by_side(sides):
                await asyncio.gather(*(self._reply(comparison, side, self._host) for side in sides))
            else:
                for side in sides:
                    await self._one(comparison, side, sides, load)
            await self._bring_back(before, load)
        finally:
            self.running = False
            await self._work.start(_nothing(), lambda events: None)  # not busy any more

    def _side_by_side(self, sides: Sequence[CompareSide]) -> bool:
        """Whether the engine has a sequence for each, and one model does for all."""
        return self._host.engine.sequences >= len(sides) and all(self._holds(self._host, side) for side in sides)

    async def _one(
        self, comparison: Comparison, side: CompareSide, sides: Sequence[CompareSide], load: LoadParams
    ) -> None:
        if self._stopping:
            side.say("not run: stopped")
            return
        try:
            host = await self._ready(side, sides, load)
            if host is not None and not self._stopping:
                await self._reply(comparison, side, host)
            elif host is not None:
                side.say("not run: stopped")
        except LocalLLMError as error:
            side.say(error.line(), "error")

    # The model

    async def _ready(self, side: CompareSide, sides: Sequence[CompareSide], load: LoadParams) -> ModelHost | None:
        """Where the side's model is loaded; None where it could not be, which the side says."""
        path = side.setup.path
        if path is None:
            side.say("no model is chosen: m chooses one", "warning")
            return None
        for host in (self._host, self._second):
            if host is not None and self._holds(host, side):
                return host
        wanted = any(self._holds(self._host, other) for other in sides if other is not side)
        if wanted and await self._fits_beside(path, load):
            self._second = self._second or self._make_host()
            last = await self._follow(self._second.load(path, load_beside(load)), side.take, ours=False)
            return None if isinstance(last, Failed) else self._second
        if self._second is not None:
            await self.close()
        last = await self._follow(self._host.load(path, load), side.take)
        return None if isinstance(last, Failed) else self._host

    async def _fits_beside(self, path: Path, load: LoadParams) -> bool:
        """Whether there is memory for one more model; says why where there is not."""

        def ask() -> OutOfMemoryError | None:
            return both_fit(self._host, path, load_beside(load))

        refused = await asyncio.get_running_loop().run_in_executor(None, ask)
        if refused is not None:
            self._say(f"{refused.line()}: one is loaded after the other", "warning")
        return refused is None

    async def _bring_back(self, before: Path | None, load: LoadParams) -> None:
        """Load what the chat had."""
        now = Path(self._host.model.path) if self._host.model else None
        if before is None or now == before:
            return
        self._stopping = False  # Esc stops this load as well, but it is begun all the same
        self._say(f"bringing back {model_name(before)}", "label")
        last = await self._follow(self._host.load(before, load), lambda events, speed: None)
        self._say(
            last.error.line() if isinstance(last, Failed) else "", "error" if isinstance(last, Failed) else "label"
        )

    @staticmethod
    def _holds(host: ModelHost, side: CompareSide) -> bool:
        return host.model is not None and side.setup.path is not None and host.model.path == str(side.setup.path)

    # The reply

    async def _reply(self, comparison: Comparison, side: CompareSide, host: ModelHost) -> None:
        params = side.setup.params
        reply, ticket = await self._chats.look(lambda store: comparison.begin(host, params))
        if host.model is not None:
            side.begin(host.model)

        def take(events: list[Event], speed: float) -> None:
            for event in events:
                absorb(reply, event)
            side.take(events, speed)

        last: Event | None = None
        record: MessageRecord | None = None
        try:
            last = await self._follow(ticket, take, ours=host is self._host)
        finally:
            end = last if isinstance(last, Finished | Failed) else None
            record = await asyncio.shield(self._chats.look(lambda store: comparison.end(reply, end)))
        side.record = record

    async def _follow(
        self, ticket: Ticket, on_events: Callable[[list[Event], float], None], *, ours: bool = True
    ) -> Event | None:
        """Follow a ticket to its last event.

        Args:
            ticket: what an engine does.
            on_events: called with each batch, and the speed in tok/s.
            ours: whether it is the chat's engine, whose doings the status line tells.
        """
        over, last = asyncio.Event(), list[Event]()

        def batch(events: list[Event], speed: float) -> None:
            last[:] = events[-1:]
            on_events(events, speed)

        self._tickets.add(ticket)
        if self._stopping:
            ticket.cancel()
        if ours:
            self._work.follow(ticket, lambda events: batch(events, self._work.status.speed), over.set)
        else:
            activity = Activity(self._pump, ticket, batch, over.set)
        try:
            await over.wait()
        except asyncio.CancelledError:
            ticket.cancel()
            if not ours:
                activity.abandon()
            raise
        finally:
            self._tickets.discard(ticket)
        return last[0] if last else None


async def _nothing() -> None:
    """What comes of work that is over."""

"""The engine's tickets in an event loop: events as they come, and an end as soon as the client goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from functools import partial
from typing import Any, TypeVar

from starlette.requests import Request

from tui.core.events import Event
from tui.engine.ticket import Ticket

T = TypeVar("T")


async def events_of(*tickets: Ticket, pause: float = 0.0) -> AsyncIterator[tuple[int, Event]]:
    """The events of one or more tickets as they come, each with its ticket's number.

    Whoever stops early, or is cancelled, ends the tickets.

    Args:
        tickets: what is followed.
        pause: seconds between two looks; a ticket's first token and its end are seen at once.
    """
    news = _News(pause)
    for ticket in tickets:
        ticket.listen(partial(news.tell, ticket))
    try:
        while True:
            await news.wait()
            over = [ticket.over for ticket in tickets]
            for number, ticket in enumerate(tickets):
                for event in ticket.drain():
                    yield number, event
            if all(over):
                return
    finally:
        for ticket in tickets:
            if not ticket.over:
                ticket.cancel()


class _News:
    """Wakes a task of an event loop when tickets have something for it.

    Each waking takes processor time from the engine, which at a token each would be a tenth of it and more with several
    clients. So there is a pause between two of them, and one call into the loop for all that is posted meanwhile.

    Args:
        pause: seconds.
    """

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._loop = asyncio.get_running_loop()
        self._known = asyncio.Event()
        self._begun: set[Ticket] = set()
        self._told = False
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, ticket: Ticket) -> None:
        """Something was posted. Called from the engine's thread, which must not wait."""
        first = ticket.first_token_seconds is not None and ticket not in self._begun
        if first:
            self._begun.add(ticket)
        if not (first or ticket.over or not self._told):
            return
        self._told = True
        try:
            self._loop.call_soon_threadsafe(self._known.set if first or ticket.over else self._soon)
        except RuntimeError:  # the loop has ended, and nobody waits any more
            ticket.cancel()

    async def wait(self) -> None:
        """Wait for news; what was posted before it returns is what they are."""
        await self._known.wait()
        self._known.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._next = self._loop.time() + self._pause
        self._told = False

    def _soon(self) -> None:
        left = self._next - self._loop.time()
        if left <= 0:
            self._known.set()
        elif self._timer is None:
            self._timer = self._loop.call_later(left, self._known.set)


async def last_event(ticket: Ticket) -> Event:
    """Wait for a ticket's end."""
    last: Event | None = None
    async for _, event in events_of(ticket):
        last = event
    assert last is not None
    return last


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """Do something for a client as long as it is there.

    Args:
        request: its request, the body read.
        work: what to do; it is cancelled when the client goes.

    Returns:
        What came of it; None when the client went.
    """
    doing, going = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({doing, going}, return_when=asyncio.FIRST_COMPLETED)
        return await doing if doing.done() else None
    finally:
        going.cancel()
        if not doing.done():
            doing.cancel()
        await asyncio.gather(doing, going, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass

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

    To wake it from the engine's thread is dear: the interpreter goes with it, and the engine waits to have it back.
    So once a generation gives tokens, the loop looks by itself from time to time, and after all of them at the same
    moments, so that it wakes once for all clients.

    Args:
        pause: seconds between two looks; 0 tells all that comes at once.
    """

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._loop = asyncio.get_running_loop()
        self._known = asyncio.Event()
        self._begun: set[Ticket] = set()
        self._told = False

    def tell(self, ticket: Ticket) -> None:
        """Something was posted. Called from the engine's thread, which must not wait."""
        known, begins = ticket in self._begun, ticket.first_token_seconds is not None
        if known and self._pause and not ticket.over:
            return  # it is looked for
        if begins and not known:
            self._begun.add(ticket)
        elif self._told and not ticket.over:
            return  # one call for all that is posted until the loop runs
        self._told = True
        try:
            self._loop.call_soon_threadsafe(self._known.set)
        except RuntimeError:  # the loop has ended, and nobody waits any more
            ticket.cancel()

    async def wait(self) -> None:
        """Wait for news, or until it is time to look; what was posted before it returns may be looked at then."""
        look = self._loop.call_at(self._next_look(), self._known.set) if self._pause and self._begun else None
        try:
            await self._known.wait()
        finally:
            if look is not None:
                look.cancel()
        self._known.clear()
        self._told = False

    def _next_look(self) -> float:
        """The next of the moments at which all look, on the clock of the loop."""
        return (self._loop.time() // self._pause + 1) * self._pause


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

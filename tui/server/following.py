"""The engine's tickets in an event loop: events as they come, and an end as soon as the client goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

from tui.core.events import Event
from tui.engine.ticket import Ticket

T = TypeVar("T")


async def events_of(*tickets: Ticket) -> AsyncIterator[tuple[int, Event]]:
    """The events of one or more tickets as they come, each with its ticket's number.

    Whoever stops early, or is cancelled, ends the tickets.
    """
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    told = False

    def wake() -> None:
        nonlocal told
        told = False
        news.set()

    def listener() -> None:
        # One call into the loop for all that is posted until it runs: the engine's thread must not wait.
        nonlocal told
        if not told:
            told = True
            try:
                loop.call_soon_threadsafe(wake)
            except RuntimeError:  # the loop has ended, and nobody waits any more
                for ticket in tickets:
                    ticket.cancel()

    for ticket in tickets:
        ticket.listen(listener)
    try:
        while True:
            await news.wait()
            news.clear()
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

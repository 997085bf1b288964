"""One thread with an event loop in it: whatever waits there for a network can be stopped at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from tui.core.events import Event
from tui.engine.ticket import Ticket

Work = Callable[[Ticket], Coroutine[Any, Any, Event]]
"""Does something and gives its last event; posts the others itself. Must not raise but for being cancelled."""

_LEAVE_SECONDS = 0.5
"""How long what was cancelled may take to learn of it."""


class RemoteLoop:
    """Runs work and gives tickets for it. The thread starts with the first work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._tickets: set[Ticket] = set()

    def start(self, work: Work, stopped: Callable[[Ticket], Event]) -> Ticket:
        """Begin something.

        Args:
            work: what to do, in the thread.
            stopped: the last event where it was cancelled before it came to its end; called in the thread.
        """
        loop = self._running()
        task: list[asyncio.Task[None]] = []

        def end() -> None:
            # The holder is told first: closing a connection may take its time.
            if not ticket.over:
                ticket.close(stopped(ticket))
            for one in task:
                one.cancel()

        ticket = Ticket(on_cancel=lambda: _call(loop, end))

        async def run() -> None:
            try:
                last = await work(ticket)
                if not ticket.over:
                    ticket.close(last)
            finally:
                self._tickets.discard(ticket)
                if not ticket.over:
                    ticket.close(stopped(ticket))

        def begin() -> None:
            if not ticket.over:
                task.append(loop.create_task(run()))

        self._tickets.add(ticket)
        _call(loop, begin)
        return ticket

    def close(self, timeout: float) -> bool:
        """End everything; whether the thread ended in time."""
        for ticket in list(self._tickets):
            ticket.cancel()
        with self._lock:
            loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return True
        _call(loop, loop.stop)
        thread.join(timeout)
        return not thread.is_alive()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._run, args=(self._loop,), name="remote", daemon=True)
                self._thread.start()
            return self._loop

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()
        # A response that was left is closed by tasks of its own, which would be complained of if they never ran.
        loop.run_until_complete(loop.shutdown_asyncgens())
        if tasks := asyncio.all_tasks(loop):
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.wait(tasks, timeout=_LEAVE_SECONDS))
        loop.close()


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:  # it is closed: nothing runs there any more
        return

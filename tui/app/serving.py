"""The server beside the chat: started, watched and ended for the person."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from tui.core.errors import LocalLLMError
from tui.core.events import Failed
from tui.services.kept_key import kept_key, key_for_servers, renew_key
from tui.services.model_host import ModelHost
from tui.services.requests import Requests
from tui.services.served import MakeServed, Served, ServeWish, sampling_only
from tui.services.watching import Here
from tui.settings.settings import Settings

_LONG = 600.0
"""Seconds within which a server that is to end has ended."""


class Serving:
    """One server at most, on the model that the person has loaded.

    Args:
        host: where the model is.
        make: starts a server; None where there is none.
        key: what clients have to show; empty for nothing.
        busy: whether the person's own work is under way, which other places for generations would end.
    """

    def __init__(self, host: ModelHost, make: MakeServed | None, key: str, busy: Callable[[], bool]) -> None:
        self._host, self._make, self._busy = host, make, busy
        self.requests = Requests()
        """What clients asked, of this server and those before it."""
        self.watched = Here(self.requests)
        self.key = key
        """What clients have to show; empty for nothing."""
        self.key_is_new = False
        """Whether it was made in this program and not kept from before."""
        self.wish: ServeWish | None = None
        """How it serves; None while it does not."""
        self.changing = ""
        """What is being done: `starting`, `ending`; empty for nothing."""
        self._served: Served | None = None

    @property
    def possible(self) -> bool:
        """Whether there can be a server."""
        return self._make is not None

    @property
    def on(self) -> bool:
        """Whether it serves."""
        return self._served is not None

    @property
    def address(self) -> str:
        """Where clients find it, such as `http://127.0.0.1:8080`; empty while it does not serve."""
        return self._served.address if self._served else ""

    @property
    def mark(self) -> str:
        """A few letters for the status line; empty while it does not serve."""
        if not self.on:
            return ""
        count = self.requests.count
        return f"serving {count}" if count else "serving"

    def wish_of(self, settings: Settings) -> ServeWish:
        """How the settings have it serve."""
        app = settings.app
        return ServeWish(
            app.serve_host,
            app.serve_port,
            app.serve_parallel,
            self.key,
            app.serve_cors,
            sampling_only(settings.generation),
            self.requests,
        )

    def another_key(self) -> None:
        """Want a key: the kept one where none was wanted, and else a new one, which is kept instead.

        Raises:
            LocalLLMError: it cannot be kept.
        """
        before = "" if self.key else kept_key()
        self.key, self.key_is_new = (before, False) if before else (renew_key(), True)

    async def start(self, settings: Settings) -> None:
        """Serve; the loaded model stays as it is and gets places for clients.

        Raises:
            LocalLLMError: it cannot be served, or a reply is under way.
        """
        if self._make is None or self.on or self.changing:
            return
        if self._busy():
            raise LocalLLMError("a reply is under way, and starting would end it", hint="wait for it, or stop it")
        wish = self.wish_of(settings)
        if wish.is_open and not self.key:
            self.key, self.key_is_new = await asyncio.to_thread(key_for_servers)
            wish = self.wish_of(settings)
        self.changing = "starting"
        try:
            await self._give_places(wish.parallel)
            self._served = await asyncio.to_thread(self._make, self._host, wish)
            self.wish = wish
        finally:
            self.changing = ""

    async def stop(self) -> None:
        """Take no more requests, and end when those under way are done or their time is up. Once more ends them now."""
        if self._served is None:
            return
        if self.changing == "ending":
            self._served.kill()
            return
        self.changing = "ending"
        try:
            self._served.stop()
            await asyncio.to_thread(self._served.join, _LONG)
        finally:
            self._served, self.wish, self.changing = None, None, ""
        if not self._busy():
            with contextlib.suppress(LocalLLMError):  # places too many cost little; an endpoint has none to take back
                await self._give_places(0)

    def close(self, timeout: float = 1.0) -> None:
        """End it at once; the program ends."""
        if self._served is not None:
            self._served.kill()
            self._served.join(timeout)

    async def _give_places(self, clients: int) -> None:
        """Let so many generations of clients run beside the person's. What the person asks meanwhile comes after it.

        Raises:
            LocalLLMError: there is not enough memory.
        """
        ticket = self._host.set_places(clients)
        await asyncio.to_thread(ticket.wait, _LONG)
        last = ticket.drain()[-1]
        if isinstance(last, Failed):
            raise last.error

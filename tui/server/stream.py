"""Server-sent events: sent as they come, ended when the client goes or does not read."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

DONE = b"data: [DONE]\n\n"
BEAT = 1.0
"""Seconds of silence after which a client is sent a sign that the line stands, as llama-server does."""
_SIGN = b":\n\n"
"""A comment, which clients leave out."""
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def event(value: Any, name: str = "") -> bytes:
    """One event.

    Args:
        value: anything that JSON has.
        name: of the event; empty for none.
    """
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {_encode(value)}\n\n".encode("utf-8", "replace")


class EventStream(Response):
    """An answer in events.

    Args:
        events: each as its bytes; closed when the client goes.
        seconds: how long the client may take to read one.
        on_end: called once when it is over, however it ended.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes], seconds: float, on_end: Callable[[], None]) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Heartbeat-Seconds": f"{BEAT:g}"}
        super().__init__(None, headers=headers)
        self._events = events
        self._on_end = on_end
        self._seconds = seconds
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        sending = asyncio.ensure_future(self._send(send))
        going = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({sending, going}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                await sending
        except (TimeoutError, OSError):
            pass  # the client does not read, or is gone: there is nobody to tell
        finally:
            going.cancel()
            sending.cancel()
            await asyncio.gather(sending, going, return_exceptions=True)
            self._on_end()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(_together(self._events)) as pieces:  # type: ignore[type-var]
            async for data in pieces:
                async with asyncio.timeout(self._seconds):
                    await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _together(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Events that are there at the same time as one piece: to send it costs as much as to send one of them.

    Where none comes for a while there is a sign of life instead.
    """
    held: list[bytes] = []
    news = asyncio.Event()

    async def read() -> None:
        try:
            async for data in events:
                held.append(data)
                news.set()
        finally:
            news.set()

    reading = asyncio.ensure_future(read())
    try:
        while held or not reading.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    await news.wait()
            if not news.is_set():
                yield _SIGN
                continue
            news.clear()
            if held:
                data = b"".join(held)
                held.clear()
                yield data
        await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        if close := getattr(events, "aclose", None):
            await close()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

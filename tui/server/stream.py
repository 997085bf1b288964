"""Server-sent events: sent as they come, ended when the client goes or does not read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

DONE = b"data: [DONE]\n\n"


def event(value: Any, name: str = "") -> bytes:
    """One event.

    Args:
        value: anything that JSON has.
        name: of the event; empty for none.
    """
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n".encode("utf-8", "replace")


class EventStream(Response):
    """An answer in events.

    Args:
        events: each as its bytes; closed when the client goes.
        seconds: how long the client may take to read one.
        on_end: called once when it is over, however it ended.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes], seconds: float, on_end: Callable[[], None]) -> None:
        super().__init__(None, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
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
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for data in self._events:
                async with asyncio.timeout(self._seconds):
                    await send({"type": "http.response.body", "body": data, "more_body": True})
        finally:
            if close := getattr(self._events, "aclose", None):
                await close()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

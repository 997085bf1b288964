"""Whether the line to a server still stands: told by the system's own probes, and by the server's signs of life.

A line that is cut says nothing by itself. So the system is asked to probe it while nothing comes, and a server that
announces signs of life in a stream (ours does) is taken for lost when they stay out.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

HEARTBEAT = "x-heartbeat-seconds"
"""Header of a stream in which a server lets no more seconds pass without a sign of life."""
_PULSE = "localllm_pulse"
_PROBES = (
    ("TCP_KEEPIDLE", 3), ("TCP_KEEPALIVE", 3), ("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", 4), ("TCP_USER_TIMEOUT", 8_000),
)  # fmt: skip
"""Probes after 3 s of silence; about 8 s without an answer end the connection. As far as the system has them."""


class LineLostError(ConnectionError):
    """The signs of life that a server announced stayed out."""


class Pulse:
    """When bytes came last.

    Args:
        beats: seconds between two signs of life that the server announced; 0 for none.
    """

    def __init__(self, beats: float) -> None:
        self.beats = beats
        self._heard = time.monotonic()

    def heard(self) -> None:
        """Bytes came."""
        self._heard = time.monotonic()

    @property
    def silence(self) -> float:
        """Seconds since bytes came."""
        return time.monotonic() - self._heard


def hooks() -> dict[str, list[Any]]:
    """What an HTTP client is to do with each request, and with each response, so that its line is watched."""

    async def before(request: Any) -> None:
        request.extensions = {**request.extensions, "trace": _trace}

    async def after(response: Any) -> None:
        try:
            beats = max(0.0, float(response.headers.get(HEARTBEAT, "0")))
        except ValueError:
            beats = 0.0
        pulse = Pulse(beats)
        response.extensions = {**response.extensions, _PULSE: pulse}
        response.stream = _heard(response.stream, pulse)

    return {"request": [before], "response": [after]}


def pulse_of(stream: Any) -> Pulse | None:
    """The pulse of a stream that the `openai` package gave; None where it cannot be known."""
    pulse = getattr(getattr(stream, "response", None), "extensions", {}).get(_PULSE)
    return pulse if isinstance(pulse, Pulse) else None


async def next_of(stream: AsyncIterator[Any], pulse: Pulse | None, patience: float, silence: float) -> Any:
    """The next chunk of a stream.

    Args:
        stream: of chunks.
        pulse: of its line.
        patience: seconds to wait for a chunk of a server that gives no signs of life.
        silence: seconds without any byte after which a server that does is lost.

    Raises:
        StopAsyncIteration: there is none.
        TimeoutError: none came in time.
        LineLostError: the server's signs of life stayed out.
    """
    if pulse is None or not pulse.beats:
        async with asyncio.timeout(patience):
            return await anext(stream)
    allowed = max(silence, 3 * pulse.beats)
    coming = asyncio.ensure_future(anext(stream, None))
    try:
        while not coming.done():
            if (left := allowed - pulse.silence) <= 0:
                raise LineLostError(f"nothing came for {allowed:.0f} s")
            await asyncio.wait({coming}, timeout=left)
        if (chunk := coming.result()) is None:
            raise StopAsyncIteration
        return chunk
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


def probe(connection: socket.socket) -> None:
    """Have the system probe a connection while nothing comes."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PROBES:
        if (number := getattr(socket, name, None)) is not None:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, number, value)


async def _trace(event: str, info: dict[str, Any]) -> None:
    """Told by the HTTP client of what it does: a new connection is to be probed."""
    if event.endswith("connect_tcp.complete"):
        found = info["return_value"].get_extra_info("socket")
        if found is not None:
            probe(found)


def _heard(stream: Any, pulse: Pulse) -> Any:
    """A response's bytes, of which a pulse is told; of the kind that the HTTP client insists on."""
    kind = next((one for one in type(stream).__mro__ if one.__name__ == "AsyncByteStream"), None)
    return type("Heard", (_Heard, kind), {})(stream, pulse) if kind else stream


class _Heard:
    """A response's bytes, of which a pulse is told."""

    def __init__(self, stream: Any, pulse: Pulse) -> None:
        self._stream = stream
        self._pulse = pulse

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._stream:
            self._pulse.heard()
            yield data

    async def aclose(self) -> None:
        """Close the response."""
        await self._stream.aclose()

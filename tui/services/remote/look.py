"""Which servers answer on this machine: asked at their usual ports, and only when the person wants to know."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

PORTS = (8080, 11434, 1234, 8000, 5000, 1337)
"""Usual ports: llama-server and our own, Ollama, LM Studio, vLLM, text-generation-webui, Jan."""
_SECONDS = 1.0
_MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that answered.

    Attributes:
        base_url: such as `http://127.0.0.1:8080/v1`.
        models: what it has; untrusted.
        wants_key: whether it says so only to who has a key.
    """

    base_url: str
    models: tuple[str, ...] = ()
    wants_key: bool = False


async def look_here(ports: Sequence[int] = PORTS, seconds: float = _SECONDS) -> tuple[FoundServer, ...]:
    """Ask all ports of 127.0.0.1 at the same time for a list of models.

    Args:
        ports: where to look.
        seconds: most time for each.
    """
    found = await asyncio.gather(*(_within(port, seconds) for port in ports))
    return tuple(server for server in found if server is not None)


async def _within(port: int, seconds: float) -> FoundServer | None:
    try:
        async with asyncio.timeout(seconds):
            return await _ask(port)
    except (OSError, ValueError, TimeoutError):
        return None


async def _ask(port: int) -> FoundServer | None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        # HTTP/1.0, so that the answer comes in one piece and the connection closes after it.
        writer.write(f"GET /v1/models HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\r\n".encode())
        await writer.drain()
        answer = b""
        while len(answer) < _MOST and (piece := await reader.read(65_536)):
            answer += piece
    finally:
        writer.close()
    return _server(f"http://127.0.0.1:{port}/v1", answer)


def _server(base_url: str, answer: bytes) -> FoundServer | None:
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/"):
        return None
    if words[1] in (b"401", b"403"):
        return FoundServer(base_url, wants_key=True)
    start, end = body.find(b"{"), body.rfind(b"}")
    document = json.loads(body[start : end + 1]) if words[1] == b"200" and start >= 0 else None
    entries = document.get("data") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        return None
    names = [entry.get("id") for entry in entries if isinstance(entry, dict)]
    return FoundServer(base_url, tuple(name for name in names if isinstance(name, str) and name))

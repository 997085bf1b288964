"""A server that misbehaves on request: it speaks just enough HTTP for an OpenAI client to be let down by it."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 120.0


@dataclass(frozen=True)
class Asked:
    """One request.

    Attributes:
        method: such as `POST`.
        path: such as `/v1/chat/completions`.
        headers: by lower-case name.
        body: the JSON of it; empty for none.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Wire:
    """The connection of one request, for an answer that may be broken.

    Args:
        connection: of the client.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def answer(self, status: int, body: object, **headers: str) -> None:
        """A whole answer; `retry_after` becomes `retry-after`."""
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        head = {"content-type": "application/json", "content-length": str(len(data)), "connection": "close", **headers}
        lines = [f"HTTP/1.1 {status} X", *(f"{name.replace('_', '-')}: {value}" for name, value in head.items())]
        self._connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + data)

    def error(self, status: int, message: str, **headers: str) -> None:
        """An error in OpenAI's shape."""
        self.answer(status, {"error": {"message": message, "type": "odd"}}, **headers)

    def begin(self) -> None:
        """The head of a stream."""
        self._connection.sendall(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )

    def event(self, value: object) -> None:
        """One event of a stream."""
        data = f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode()
        self._connection.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def delta(self, finish_reason: str | None = None, **delta: str) -> None:
        """One piece of a reply."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        self.event({"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "odd", "choices": [choice]})

    def end(self) -> None:
        """The end of a stream."""
        self.event("[DONE]")
        self._connection.sendall(b"0\r\n\r\n")

    def wait_until_gone(self) -> bool:
        """Wait for the client to close its side; whether it did in time."""
        self._connection.settimeout(PATIENCE)
        try:
            while self._connection.recv(65_536):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True


Answer = Callable[[Asked, Wire], None]


@dataclass
class OddServer:
    """What runs.

    Attributes:
        port: where.
        answer: what it does with every request but that for its models.
        asked: the requests, in order.
        models: the entries of its list.
        scheme: `http` or `https`.
    """

    port: int
    answer: Answer
    asked: list[Asked] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "odd", "object": "model", "owned_by": "me"}])
    scheme: str = "http"

    @property
    def base_url(self) -> str:
        """What an OpenAI client is given."""
        return f"{self.scheme}://127.0.0.1:{self.port}/v1"

    @property
    def chats(self) -> list[Asked]:
        """The requests for a reply."""
        return [one for one in self.asked if one.path.endswith("/completions")]


@contextmanager
def odd_server(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[OddServer]:
    """Run one until the block ends; with a certificate, over TLS."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = OddServer(listener.getsockname()[1], answer, scheme="https" if tls else "http")
    open_ones: set[socket.socket] = set()

    def serve(accepted: socket.socket) -> None:
        open_ones.add(accepted)
        with suppress(OSError), tls.wrap_socket(accepted, server_side=True) if tls else accepted as connection:
            if (asked := _read(connection)) is not None:
                server.asked.append(asked)
                wire = Wire(connection)
                if asked.path == "/v1/models" and server.models:
                    wire.answer(200, {"object": "list", "data": server.models})
                else:
                    server.answer(asked, wire)
        open_ones.discard(accepted)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in list(open_ones):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _read(connection: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := connection.recv(65_536)):
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65_536)
    method, path, _ = first.split(" ")
    return Asked(method, path, headers, json.loads(body) if body else {})

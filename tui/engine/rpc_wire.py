"""llama.cpp's RPC protocol, as far as it has to be understood to stand between two ends of it.

A request is one byte of command, eight of size, and the payload; an answer, where the command has one, is eight bytes
of size and the payload (`ggml/src/ggml-rpc/ggml-rpc.cpp`). All numbers are little-endian. One client at a time is
served, and one request after the other.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from dataclasses import dataclass
from enum import IntEnum

from tui.core.errors import SettingError, WorkerError

PROTOCOL = 7
"""The protocol's major version, as of llama-cpp-python 0.3.36. Ends of other versions do not understand each other."""
DEFAULT_PORT = 50052
HELLO_BYTES = 24
"""Payload of a greeting: what the client's transport can do. Here always nothing but TCP."""
HEADER_BYTES = 9

_WORKER = re.compile(r"(?P<host>[^\s:/@,]+)(?::(?P<port>\d{1,5}))?")
_KEEPALIVE = (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 3), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 30_000))
"""A worker whose machine or line is dead is noticed after about 30 seconds."""


class Command(IntEnum):
    """The commands (`enum rpc_cmd`)."""

    ALLOC_BUFFER = 0
    GET_ALIGNMENT = 1
    GET_MAX_SIZE = 2
    BUFFER_GET_BASE = 3
    FREE_BUFFER = 4
    BUFFER_CLEAR = 5
    SET_TENSOR = 6
    SET_TENSOR_HASH = 7
    GET_TENSOR = 8
    COPY_TENSOR = 9
    GRAPH_COMPUTE = 10
    GET_DEVICE_MEMORY = 11
    INIT_TENSOR = 12
    GET_ALLOC_SIZE = 13
    HELLO = 14
    DEVICE_COUNT = 15
    GRAPH_RECOMPUTE = 16
    MEMSET_TENSOR = 17


ANSWERED = frozenset(
    {
        Command.ALLOC_BUFFER, Command.GET_ALIGNMENT, Command.GET_MAX_SIZE, Command.BUFFER_GET_BASE,
        Command.SET_TENSOR_HASH, Command.GET_TENSOR, Command.COPY_TENSOR, Command.GET_DEVICE_MEMORY,
        Command.GET_ALLOC_SIZE, Command.HELLO, Command.DEVICE_COUNT,
    }
)  # fmt: skip
"""The commands that have an answer."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Where a worker listens.

    Attributes:
        host: a name or an IPv4 address.
        port: a TCP port.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Memory:
    """A device's memory, in bytes."""

    free: int
    total: int


def parse_worker(text: str) -> Worker:
    """Read `host` or `host:port`.

    Raises:
        SettingError: it is neither.
    """
    found = _WORKER.fullmatch(text.strip())
    port = int(found["port"] or DEFAULT_PORT) if found else 0
    if not found or not 0 < port < 65536:
        raise SettingError(
            f"{text.strip()!r} is no worker", hint=f"write host:port, such as 192.168.0.7:{DEFAULT_PORT}"
        )
    return Worker(found["host"], port)


class Requests:
    """Follows a stream of requests.

    Attributes:
        command: the one under way, or the last one.
        due: whether a whole request has passed that has to be answered now; nothing follows it until it was.
    """

    def __init__(self) -> None:
        self._header = b""
        self._left = 0
        self._tail = b""
        self.command = -1
        self.due = False

    def feed(self, data: bytes) -> list[tuple[int, int]]:
        """Take what passed.

        Returns:
            The requests that are whole now: command, and last field of the payload.
        """
        at, whole = 0, []
        while at < len(data):
            if len(self._header) < HEADER_BYTES:
                at += self._take_header(data, at)
                if len(self._header) < HEADER_BYTES:
                    break
            piece = data[at : at + self._left]
            at += len(piece)
            self._left -= len(piece)
            self._tail = (self._tail + piece[-8:])[-8:]
            if not self._left:
                self._header = b""
                self.due = self.command in ANSWERED
                whole.append((self.command, self.last_field))
        return whole

    def answered(self) -> None:
        """The answer was given."""
        self.due = False

    @property
    def last_field(self) -> int:
        """The last eight bytes of the payload as a number: a size or a pointer in the commands where that matters."""
        return int.from_bytes(self._tail, "little")

    def _take_header(self, data: bytes, at: int) -> int:
        if not self._header:
            self.command, self._tail = data[at], b""
        piece = data[at : at + HEADER_BYTES - len(self._header)]
        self._header += piece
        if len(self._header) == HEADER_BYTES:
            (self._left,) = struct.unpack("<Q", self._header[1:])
        return len(piece)


def request(command: Command, payload: bytes = b"") -> bytes:
    """A request as it is sent."""
    return struct.pack("<BQ", command, len(payload)) + payload


def answer(payload: bytes) -> bytes:
    """An answer as it is sent."""
    return struct.pack("<Q", len(payload)) + payload


def receive(sock: socket.socket, count: int) -> bytes:
    """Exactly `count` bytes.

    Raises:
        OSError: the other end closed the connection, or it broke.
    """
    data = bytearray()
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise ConnectionResetError("it closed the connection")
        data += piece
    return bytes(data)


def ask(sock: socket.socket, command: Command, payload: bytes, expected: int) -> bytes:
    """Send a request and wait for its answer.

    Args:
        sock: the connection.
        command: one that is answered.
        payload: of the request.
        expected: bytes of the answer's payload.

    Raises:
        OSError: the connection broke, or the answer is another one.
    """
    sock.sendall(request(command, payload))
    (size,) = struct.unpack("<Q", receive(sock, 8))
    if size != expected:
        raise ConnectionError(f"it answered {size} bytes instead of {expected}")
    return receive(sock, expected)


def tune(sock: socket.socket) -> None:
    """Send at once, and notice a dead line."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        if hasattr(socket, name):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


@dataclass(slots=True)
class Greeted:
    """A connection to a worker that answered.

    Attributes:
        sock: the connection; whoever has it closes it.
        hello: what the worker answered to the greeting, with TCP as its only transport.
        memory: of each of its devices.
    """

    sock: socket.socket
    hello: bytes
    memory: tuple[Memory, ...]


def greet(worker: Worker, timeout: float) -> Greeted:
    """Connect to a worker and ask what it has.

    Args:
        worker: where it listens.
        timeout: most seconds for each answer.

    Raises:
        WorkerError: it cannot be reached, is busy, or speaks another version.
    """
    try:
        sock = socket.create_connection((worker.host, worker.port), timeout)
    except OSError as error:
        raise WorkerError(
            f"the worker {worker} cannot be reached",
            why=_reason(error),
            hint=f"start it there: localllm-tui worker --port {worker.port}",
        ) from error
    try:
        tune(sock)
        hello = ask(sock, Command.HELLO, bytes(HELLO_BYTES), 4 + HELLO_BYTES)
        if hello[0] != PROTOCOL:
            raise _other_version(worker, f"version {hello[0]}.{hello[1]}.{hello[2]}")
        (count,) = struct.unpack("<I", ask(sock, Command.DEVICE_COUNT, b"", 4))
        memory = tuple(ask_memory(sock, number) for number in range(min(count, 64)))
        sock.settimeout(None)
    except TimeoutError as error:
        sock.close()
        raise WorkerError(
            f"the worker {worker} does not answer",
            why="it serves one program at a time and may be busy with another",
            hint="end that one, or name another worker",
        ) from error
    except OSError as error:
        sock.close()
        raise _other_version(worker, _reason(error)) from error
    except WorkerError:
        sock.close()
        raise
    return Greeted(sock, hello[:4] + bytes(HELLO_BYTES), memory)


def ask_memory(sock: socket.socket, device: int) -> Memory:
    """A device's memory now.

    Raises:
        OSError: the connection broke.
    """
    return Memory(*struct.unpack("<QQ", ask(sock, Command.GET_DEVICE_MEMORY, struct.pack("<I", device), 16)))


def _other_version(worker: Worker, why: str) -> WorkerError:
    return WorkerError(
        f"{worker} is no worker that fits",
        why=f"{why}; version {PROTOCOL} of llama.cpp's RPC protocol is needed",
        hint="use the same llama-cpp-python on both machines; and a worker serves one program at a time",
    )


def _reason(error: OSError) -> str:
    return error.strerror or str(error)

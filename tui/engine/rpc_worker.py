"""A worker: llama.cpp's RPC server, with a door in front of it.

llama.cpp's server runs in a thread of this process and listens on loopback. The door lets one program in at a time and
tells others so at once (llama.cpp would let them wait), says who comes and goes, and keeps to a limit of memory.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import llama_cpp.llama_cpp as lib

from tui.core.errors import WorkerError
from tui.engine import rpc_library
from tui.engine.rpc_wire import Command, Memory, Requests, answer, receive, request, tune

_CHUNK = 1 << 20
_START_SECONDS = 20.0
_GOING_SECONDS = 2.0

Say = Callable[[str], None]
"""Told what happens, one line each."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A device that the worker offers.

    Attributes:
        name: llama.cpp's name of it.
        description: what it is.
        memory: what it has.
    """

    name: str
    description: str
    memory: Memory


class WorkerServer:
    """Offers this machine's GPUs, or its processor, to one program at a time.

    Args:
        host: address to listen at.
        port: port to listen at; 0 takes a free one.
        threads: of the processor.
        limit: most bytes of memory for each device; 0 for all there is.
        cache_dir: where large tensors are kept for the next load; empty keeps none.
        say: told what happens; called by any thread.
        available: bytes of this machine's memory that programs may still take; None for what llama.cpp says.

    Attributes:
        port: where it listens.
        offers: what it offers.

    Raises:
        WorkerError: llama.cpp has no RPC, or the port cannot be had.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        threads: int,
        limit: int,
        cache_dir: str,
        say: Say,
        available: Callable[[], int] | None = None,
    ) -> None:
        lib.llama_backend_init()
        rpc_library.check_supported()
        self._say, self._limit, self._available = say, limit, available
        self._visitor = ""
        self._door = threading.Lock()
        try:
            self._listener = socket.create_server((host, port), backlog=16)
        except OSError as error:
            raise WorkerError(
                f"cannot listen at {host}:{port}", why=error.strerror or str(error), hint="take another --port"
            ) from error
        self.port: int = self._listener.getsockname()[1]
        devices = rpc_library.own_devices()
        self._names = [device.name for device in devices]
        self.offers = tuple(
            Offer(one.name, one.description, self._told(number, one.memory())) for number, one in enumerate(devices)
        )
        self._inner = _free_port()
        endpoint = f"127.0.0.1:{self._inner}"
        serve = lambda: rpc_library.start_server(endpoint, devices, threads=threads, cache_dir=cache_dir)  # noqa: E731
        self._server = threading.Thread(target=serve, name="rpc server", daemon=True)
        self._server.start()
        self._await_server()

    def serve(self) -> None:
        """Let programs in, for ever. For the main thread: a signal ends it."""
        while True:
            select.select([self._listener], [], [])
            sock, address = self._listener.accept()
            visitor = (sock, f"{address[0]}:{address[1]}")
            threading.Thread(target=self._receive, args=visitor, name="rpc visit", daemon=True).start()

    def _receive(self, sock: socket.socket, who: str) -> None:
        """Let a program in; a moment is left for the one before to go, which may be the same one."""
        with sock:
            if not self._door.acquire(timeout=_GOING_SECONDS):
                self._say(f"{who} was turned away: {self._visitor} is here")
                return
            try:
                self._visitor = who
                self._visit(sock, who)
            finally:
                self._door.release()

    def _visit(self, sock: socket.socket, who: str) -> None:
        self._say(f"{who} came")
        visit = _Visit(self._told, self._limit)
        with contextlib.suppress(OSError):
            tune(sock)
            with socket.create_connection(("127.0.0.1", self._inner)) as server:
                tune(server)
                visit.run(sock, server)
        self._say(f"{who} went" + (f"; it was refused memory: the limit is {self._limit >> 20:,} MiB" * visit.refused))

    def _told(self, device: int, memory: Memory, held: int = 0) -> Memory:
        """The memory that is told of a device; llama.cpp takes all of a processor's memory for free.

        Args:
            device: its number.
            memory: what llama.cpp says.
            held: bytes that the program which is here holds.
        """
        if self._available and device < len(self._names) and self._names[device] == "CPU":
            memory = Memory(min(memory.free, self._available()), memory.total)
        if self._limit:
            memory = Memory(max(0, min(memory.free, self._limit - held)), min(memory.total, self._limit))
        return memory

    def _await_server(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._server.is_alive():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._inner), 1.0):
                return
            time.sleep(0.02)
        raise WorkerError("llama.cpp's RPC server did not start", hint="try again, or look at the log")


class _Visit:
    """One program's visit: passes on what it asks and what it is answered.

    Args:
        told: the memory that is told of a device, by its number, the memory that it has and the bytes held.
        limit: most bytes that it may hold; 0 for any number.
    """

    def __init__(self, told: Callable[[int, Memory, int], Memory], limit: int) -> None:
        self._told, self._limit = told, limit
        self._held: dict[int, int] = {}
        self.refused = False

    def run(self, visitor: socket.socket, server: socket.socket) -> None:
        """Until one of them goes.

        Raises:
            OSError: a connection broke.
        """
        requests = Requests()
        while True:
            ready, _, _ = select.select([visitor, server], [], [])
            if visitor not in ready or not (data := visitor.recv(_CHUNK)):
                return
            for command, field in requests.feed(data):
                if command == Command.FREE_BUFFER:
                    self._held.pop(field, None)
            server.sendall(data)
            if requests.due:
                self._answer(requests, visitor, server)
                requests.answered()

    def _answer(self, requests: Requests, visitor: socket.socket, server: socket.socket) -> None:
        command = requests.command
        head = receive(server, 8)
        left = int.from_bytes(head, "little")
        if left == 16 and command == Command.GET_DEVICE_MEMORY:
            memory = Memory(*struct.unpack("<QQ", receive(server, 16)))
            memory = self._told(requests.last_field, memory, sum(self._held.values()))
            visitor.sendall(answer(struct.pack("<QQ", memory.free, memory.total)))
            return
        if left == 16 and command == Command.ALLOC_BUFFER:
            visitor.sendall(answer(self._allocated(receive(server, 16), server)))
            return
        visitor.sendall(head)
        while left:
            piece = receive(server, min(left, _CHUNK))
            visitor.sendall(piece)
            left -= len(piece)

    def _allocated(self, granted: bytes, server: socket.socket) -> bytes:
        """What is told of an allocation; beyond the limit it is given back, and refused."""
        pointer, size = struct.unpack("<QQ", granted)
        if self._limit and pointer and sum(self._held.values()) + size > self._limit:
            server.sendall(request(Command.FREE_BUFFER, struct.pack("<Q", pointer)))
            self.refused = True
            return bytes(16)
        if pointer:
            self._held[pointer] = size
        return granted


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])

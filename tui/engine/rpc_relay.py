"""What stands between llama.cpp and a worker, so that a lost worker is an error and not the end of this process.

When a worker's connection breaks, llama.cpp aborts the process it runs in (`RPC_STATUS_ASSERT`), and nothing can be
done about that from outside. So it is connected to a relay in this process, over loopback, that passes everything on.
When the worker is lost the relay goes on answering in its place: allocations are refused, tensors are zeros. The
evaluation then ends as usual, and whoever asked for it looks at `lost` before using what came of it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import struct
import threading
import time

from tui.engine.rpc_wire import Command, Greeted, Memory, Requests, Worker, answer, tune

_LOGGER = logging.getLogger("localllm.rpc")
_CHUNK = 1 << 20
_LOOK_SECONDS = 1.0
_SILENCE_SECONDS = 20.0
"""How long a worker may think after somebody wanted to stop. llama.cpp cannot take back what it asked."""
_ZEROS = bytes(_CHUNK)
_BASE = 1 << 20
"""Where the buffers of a lost worker begin; llama.cpp refuses 0."""


class Relay:
    """A connection to a worker, and a port on loopback where llama.cpp finds it.

    Args:
        worker: where the worker is.
        greeted: the connection to it, which the relay closes.

    Attributes:
        endpoint: the port on loopback. Only programs of this user are let in there.
        worker: where the worker is.
        memory: of each of its devices, as it was when the relay began.
        lost: why the worker is lost, in a few words; empty while it is there.
    """

    def __init__(self, worker: Worker, greeted: Greeted) -> None:
        self.worker = worker
        self.memory: tuple[Memory, ...] = greeted.memory
        self.lost = ""
        self._upstream = greeted.sock
        self._hello = greeted.hello
        self._closing = False
        self._hurried = 0.0
        self._wake, self._woken = socket.socketpair()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, name=f"rpc {worker}", daemon=True)
        self._thread.start()

    def hurry(self) -> None:
        """Somebody wants to stop: a worker that is silent from now on is lost. Any thread."""
        self._hurried = self._hurried or time.monotonic()

    def close(self) -> None:
        """Let go of the worker. llama.cpp must have freed everything that lies there."""
        self._closing = True
        self._wake.close()
        self._thread.join(2.0)
        for sock in (self._listener, self._upstream, self._woken):
            sock.close()

    # The relay's thread

    def _run(self) -> None:
        while self._wait(self._listener) and not self._closing:
            with contextlib.suppress(OSError):
                client, address = self._listener.accept()
                with client:
                    if not is_own(address[1]):
                        continue
                    tune(client)
                    self._serve(client)

    def _wait(self, sock: socket.socket) -> bool:
        """Wait until there is something to read; a worker that goes away meanwhile is noticed.

        Returns:
            Whether to go on.
        """
        while True:
            others = [self._woken] if self.lost else [self._woken, self._upstream]
            ready, _, _ = select.select([sock, *others], [], [])
            if self._woken in ready:
                return False
            if sock in ready:
                return True
            self._lose("it closed the connection")  # a worker says nothing without being asked

    def _serve(self, client: socket.socket) -> None:
        requests = Requests()
        while self._wait(client):
            data = client.recv(_CHUNK)
            if not data:
                return
            requests.feed(data)
            if requests.command == Command.HELLO:  # the worker was greeted already, and accepts that only once
                if requests.due:
                    client.sendall(answer(self._hello))
            else:
                self._pass_on(data)
                if requests.due:
                    self._answer(client, requests)
            if requests.due:
                requests.answered()

    def _pass_on(self, data: bytes) -> None:
        if self.lost:
            return
        try:
            self._upstream.sendall(data)
        except OSError as error:
            self._lose(error.strerror or str(error))

    def _answer(self, client: socket.socket, requests: Requests) -> None:
        """Pass the worker's answer on; where it is lost, however far the answer came, give the rest of one."""
        head = b"" if self.lost else self._from_worker(8)
        if len(head) < 8:
            self._stand_in(client, requests)
            return
        client.sendall(head)
        left = int.from_bytes(head, "little")
        while left:
            piece = self._from_worker(min(left, _CHUNK), whole=False)
            if not piece:
                _send_zeros(client, left)
                return
            client.sendall(piece)
            left -= len(piece)

    def _from_worker(self, count: int, *, whole: bool = True) -> bytes:
        """Bytes that the worker sent; fewer than wanted, or none, where it is lost."""
        data = b""
        try:
            while len(data) < count:
                self._await_worker()
                piece = self._upstream.recv(count - len(data))
                if not piece:
                    raise ConnectionResetError("it closed the connection")
                data += piece
                if not whole:
                    break
        except OSError as error:
            self._lose(error.strerror or str(error))
        return data

    def _await_worker(self) -> None:
        """Wait until the worker says something; for ever, as long as nobody wants to stop."""
        while not select.select([self._upstream], [], [], _LOOK_SECONDS)[0]:
            if self._hurried and time.monotonic() - self._hurried > _SILENCE_SECONDS:
                raise TimeoutError(f"it has not answered for {_SILENCE_SECONDS:.0f} seconds")
        self._hurried = 0.0

    def _stand_in(self, client: socket.socket, requests: Requests) -> None:
        """Answer in place of the lost worker."""
        if requests.command == Command.GET_TENSOR:
            client.sendall(struct.pack("<Q", requests.last_field))
            _send_zeros(client, requests.last_field)
            return
        memory = self.memory[0] if self.memory else Memory(1, 1)
        answers = {
            Command.ALLOC_BUFFER: bytes(16),  # refused
            Command.GET_ALIGNMENT: struct.pack("<Q", 128),
            Command.GET_MAX_SIZE: struct.pack("<Q", 2**64 - 1),
            Command.BUFFER_GET_BASE: struct.pack("<Q", _BASE),
            Command.SET_TENSOR_HASH: b"\x01",  # it has that already
            Command.COPY_TENSOR: b"\x01",
            Command.GET_DEVICE_MEMORY: struct.pack("<QQ", memory.free, memory.total),
            Command.GET_ALLOC_SIZE: bytes(8),
            Command.DEVICE_COUNT: struct.pack("<I", len(self.memory)),
        }
        client.sendall(answer(answers[Command(requests.command)]))

    def _lose(self, why: str) -> None:
        if not self.lost:
            self.lost = why
            _LOGGER.error("the worker %s is lost: %s", self.worker, why)


def is_own(port: int) -> bool:
    """Whether a port on loopback is used by a program of this user; where the system does not tell, yes."""
    try:
        with open("/proc/net/tcp", encoding="ascii") as table:
            fields = [line.split() for line in table]
    except OSError:
        return True
    local = f"0100007F:{port:04X}"
    return any(row[1] == local and row[7] == str(os.geteuid()) for row in fields)


def _send_zeros(client: socket.socket, count: int) -> None:
    while count:
        piece = min(count, _CHUNK)
        client.sendall(memoryview(_ZEROS)[:piece])
        count -= piece

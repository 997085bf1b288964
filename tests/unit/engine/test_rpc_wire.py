"""The RPC protocol as it is read here, and the relay that stands in for a worker that is lost."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tui.core.errors import LocalLLMError, SettingError, WorkerError
from tui.core.parameters import LoadParams
from tui.engine.rpc_relay import Relay
from tui.engine.rpc_wire import (
    HELLO_BYTES,
    PROTOCOL,
    Command,
    Memory,
    Requests,
    Worker,
    answer,
    ask,
    greet,
    parse_worker,
    receive,
    request,
)

_PATIENCE = 30.0


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:50052", "127.0.0.1", 50052),
        (" gpu-box.lan:7 ", "gpu-box.lan", 7),
        ("helper", "helper", 50052),
    ],
)
def test_a_worker_is_named_by_host_and_port(text: str, host: str, port: int) -> None:
    worker = parse_worker(text)

    assert worker == Worker(host, port)
    assert str(worker) == f"{host}:{port}"


@pytest.mark.parametrize("text", ["", ":50052", "a:b", "host:0", "host:65536", "host:1:2", "http://host:1", "a b:1"])
def test_what_names_no_worker_is_said(text: str) -> None:
    with pytest.raises(SettingError, match="is no worker"):
        parse_worker(text)


@pytest.mark.parametrize("step", [1, 3, 8, 9, 10, 1000])
def test_requests_are_followed_however_they_come(step: int) -> None:
    stream = (
        request(Command.SET_TENSOR, bytes(300))
        + request(Command.FREE_BUFFER, struct.pack("<Q", 77))
        + request(Command.GRAPH_RECOMPUTE, struct.pack("<I", 0))
        + request(Command.GET_TENSOR, bytes(40) + struct.pack("<Q", 4096))
    )
    requests, whole = Requests(), []

    for at in range(0, len(stream), step):
        assert not requests.due
        whole += requests.feed(stream[at : at + step])

    assert requests.due and requests.last_field == 4096
    assert [command for command, _ in whole] == [
        Command.SET_TENSOR, Command.FREE_BUFFER, Command.GRAPH_RECOMPUTE, Command.GET_TENSOR,
    ]  # fmt: skip
    assert whole[1] == (Command.FREE_BUFFER, 77)


@contextmanager
def _peer(behave: Callable[[socket.socket], None]) -> Iterator[Worker]:
    """A server that lets one connection in and behaves as told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            sock, _ = listener.accept()
            with sock:
                behave(sock)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield Worker("127.0.0.1", listener.getsockname()[1])
        thread.join(_PATIENCE)


def _welcome(sock: socket.socket, version: int = PROTOCOL) -> None:
    """Answer the greeting, and tell of one device."""
    receive(sock, 9 + HELLO_BYTES)
    sock.sendall(answer(bytes([version, 0, 0, 0]) + bytes(HELLO_BYTES)))
    if version == PROTOCOL:
        receive(sock, 9)
        sock.sendall(answer(struct.pack("<I", 1)))
        receive(sock, 9 + 4)
        sock.sendall(answer(struct.pack("<QQ", 1 << 30, 2 << 30)))


def test_a_worker_tells_its_memory() -> None:
    with _peer(_welcome) as worker:
        greeted = greet(worker, _PATIENCE)
        greeted.sock.close()

    assert greeted.memory == (Memory(1 << 30, 2 << 30),)


def test_another_version_is_said() -> None:
    with _peer(lambda sock: _welcome(sock, PROTOCOL + 1)) as worker, pytest.raises(WorkerError) as caught:
        greet(worker, _PATIENCE)

    assert f"version {PROTOCOL + 1}.0.0; version {PROTOCOL} of" in caught.value.line()


def test_what_hangs_up_is_said() -> None:
    with _peer(lambda sock: None) as worker, pytest.raises(WorkerError, match="is no worker that fits"):
        greet(worker, _PATIENCE)


def test_what_never_answers_is_said() -> None:
    done = threading.Event()
    with _peer(lambda sock: (done.wait(_PATIENCE), None)[1]) as worker:
        with pytest.raises(WorkerError, match="does not answer"):
            greet(worker, 0.2)
        done.set()


def test_nobody_there_is_said_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        worker = Worker("127.0.0.1", taken.getsockname()[1])

    with pytest.raises(WorkerError) as caught:
        greet(worker, _PATIENCE)

    assert "cannot be reached" in caught.value.line()
    assert f"localllm-tui worker --port {worker.port}" in caught.value.line()


def _connected(relay: Relay) -> socket.socket:
    host, port = relay.endpoint.split(":")
    return socket.create_connection((host, int(port)), _PATIENCE)


def test_the_relay_passes_on_what_is_asked_and_answered() -> None:
    def tensor(sock: socket.socket) -> None:
        _welcome(sock)
        receive(sock, 9 + 24)
        sock.sendall(answer(b"weights!"))
        sock.recv(1)  # until the relay goes

    with _peer(tensor) as worker:
        relay = Relay(worker, greet(worker, _PATIENCE))
        with _connected(relay) as client:
            hello = ask(client, Command.HELLO, bytes(HELLO_BYTES), 4 + HELLO_BYTES)
            got = ask(client, Command.GET_TENSOR, bytes(16) + struct.pack("<Q", 8), 8)
        relay.close()

    assert hello[0] == PROTOCOL
    assert got == b"weights!"
    assert not relay.lost


def test_a_worker_that_goes_in_the_middle_of_an_answer_is_replaced_by_zeros() -> None:
    def half(sock: socket.socket) -> None:
        _welcome(sock)
        receive(sock, 9 + 24)
        sock.sendall(struct.pack("<Q", 4096) + b"half of it")

    with _peer(half) as worker:
        relay = Relay(worker, greet(worker, _PATIENCE))
        with _connected(relay) as client:
            got = ask(client, Command.GET_TENSOR, bytes(16) + struct.pack("<Q", 4096), 4096)
            more = ask(client, Command.GET_TENSOR, bytes(16) + struct.pack("<Q", 3 << 20), 3 << 20)
            memory = ask(client, Command.ALLOC_BUFFER, struct.pack("<IQ", 0, 1000), 16)
        relay.close()

    assert got == b"half of it".ljust(4096, b"\0")
    assert more == bytes(3 << 20)
    assert memory == bytes(16), "a lost worker has no memory"
    assert relay.lost


@pytest.mark.parametrize("command", [one for one in Command if one not in (Command.HELLO, Command.GET_TENSOR)])
def test_every_command_is_answered_for_a_lost_worker(command: Command) -> None:
    from tui.engine.rpc_wire import ANSWERED

    with _peer(_welcome) as worker:
        relay = Relay(worker, greet(worker, _PATIENCE))
        with _connected(relay) as client:
            client.sendall(request(command, bytes(40)))
            if command in ANSWERED:
                size = int.from_bytes(receive(client, 8), "little")
                assert len(receive(client, size)) == size
            assert ask(client, Command.DEVICE_COUNT, b"", 4) == struct.pack("<I", 1)
        relay.close()


def test_a_worker_that_goes_while_nothing_is_asked_is_noticed() -> None:
    with _peer(_welcome) as worker:
        relay = Relay(worker, greet(worker, _PATIENCE))
        with _connected(relay) as client:
            ask(client, Command.DEVICE_COUNT, b"", 4)
        relay.close()

    assert relay.lost == "it closed the connection"


def test_shares_are_numbers() -> None:
    from tui.engine.rpc import shares

    assert shares(LoadParams()) == ()
    assert shares(LoadParams(tensor_split=("3,1",))) == (3.0, 1.0)
    for wrong in ("a", "1,-1", "0,0", "nan", "inf"):
        with pytest.raises(LocalLLMError, match="tensor_split cannot be"):
            shares(LoadParams(tensor_split=(wrong,)))

"""Whatever a call waits for, it ends within a second when it is cancelled."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import huggingface_hub
import pytest

from tests.support.local_hub import LocalHub
from tui.catalogue.hub import sockets
from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.client import Hub
from tui.catalogue.hub.values import Query
from tui.core.errors import CancelledError

REPO = "owner/model-GGUF"
FILE = "m-Q4_0.gguf"
Call = Callable[[Cancel], object]
LONG = 3600.0
"""Seconds that the hub says nothing."""

PATIENCE = 60.0
"""Seconds after which a call counts as one that does not end."""


def ends_soon(call: Call, waiting: Callable[[], bool]) -> None:
    """`call` is cancelled as soon as it hangs, and is over soon after."""
    cancel, outcome = Cancel(), []

    def run() -> None:
        try:
            call(cancel)
        except CancelledError as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE
    while not waiting():
        assert time.monotonic() < until and thread.is_alive()
        time.sleep(0.01)
    # Nothing tells from outside that the other thread has entered its wait.
    time.sleep(0.2)
    assert thread.is_alive()
    cancel.set()
    thread.join(PATIENCE)  # a tenth of a second on a machine that nobody else uses
    assert not thread.is_alive()
    assert outcome


def search(url: str) -> Call:
    return lambda cancel: Hub(url).search(Query(), cancel=cancel)


def read_file(url: str) -> Call:
    def read(cancel: Cancel) -> None:
        with Hub(url).open(REPO, "main", FILE, cancel=cancel) as answer:
            for _ in answer.iter_raw():
                pass

    return read


def test_an_answer_that_does_not_come(local: LocalHub) -> None:
    local.fault(delay=LONG)
    ends_soon(search(local.url), lambda: len(local.requests) == 1)


def test_an_answer_that_does_not_come_on_a_connection_used_before(local: LocalHub) -> None:
    Hub(local.url).search(Query())
    local.fault(delay=LONG)
    ends_soon(search(local.url), lambda: len(local.requests) == 2)


def test_an_answer_that_stalls(local: LocalHub) -> None:
    local.add(REPO, {FILE: b"GGUF"})
    local.fault(stall_after=10)
    ends_soon(search(local.url), lambda: bool(local.requests) and local.requests[0].sent == 10)


def test_a_file_that_stalls(local: LocalHub) -> None:
    local.add(REPO, {FILE: b"GGUF" + bytes(1_000_000)})
    local.fault(path="/cdn/", stall_after=100_000)
    ends_soon(read_file(local.url), lambda: local.sent("/cdn/") == 100_000)


def test_a_name_look_up_that_hangs(monkeypatch: pytest.MonkeyPatch, local: LocalHub) -> None:
    entered, release = threading.Event(), threading.Event()

    def hang(*_args: object, **_named: object) -> None:
        entered.set()
        release.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "timed out")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    ends_soon(search("http://hub.invalid"), entered.is_set)
    release.set()


@pytest.fixture
def full() -> Iterator[int]:
    """A port where connections are neither taken nor refused."""
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for other in (first, second):  # the queue holds one or two; the next one is left waiting
            other.setblocking(False)
            other.connect_ex(server.getsockname())
        yield server.getsockname()[1]


def test_a_connection_that_is_not_taken(online: None, full: int) -> None:
    ends_soon(search(f"http://127.0.0.1:{full}"), lambda: True)


def test_a_dead_address_leaves_time_for_the_next_one(
    local: LocalHub, full: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "ADDRESS_TIMEOUT", 0.3)
    addresses = [("127.0.0.1", full), ("127.0.0.1", local.port)]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: found)
    assert Hub("http://hub.invalid").search(Query()).results == ()


def test_a_secure_connection_that_is_never_made(local: LocalHub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ends_soon(search(f"https://127.0.0.1:{silent.getsockname()[1]}"), lambda: True)


def test_a_proxy_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, online: None) -> None:
    huggingface_hub.close_session()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{silent.getsockname()[1]}")
        ends_soon(search("https://hub.invalid"), lambda: True)
    huggingface_hub.close_session()


def test_cancelled_before_it_begins(local: LocalHub) -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(CancelledError):
        Hub(local.url).search(Query(), cancel=cancel)
    assert local.requests == []


def test_one_call_does_not_end_another(local: LocalHub) -> None:
    local.add(REPO, {FILE: b"GGUF"})
    local.fault(path="/api/models\\?", delay=LONG, times=1)
    stopped = threading.Thread(target=ends_soon, args=(search(local.url), lambda: len(local.requests) == 1))
    stopped.start()
    stopped.join()
    assert Hub(local.url).repository(REPO).variants
    assert len(Hub(local.url).search(Query()).results) == 1


def test_what_came_of_a_connection_left_behind_is_closed(local: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    release, real = threading.Event(), socket.create_connection
    made: list[socket.socket] = []

    def late(*args: object, **named: object) -> socket.socket:
        release.wait()
        made.append(real((args[0]), timeout=PATIENCE))  # type: ignore[arg-type]
        return made[0]

    monkeypatch.setattr(socket, "create_connection", late)
    ends_soon(search(local.url), lambda: True)
    release.set()
    until = time.monotonic() + PATIENCE
    while not (made and made[0].fileno() == -1):
        assert time.monotonic() < until
        time.sleep(0.01)

"""A line to a server that is cut, or stands still: seen within seconds, asked again, said."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.engines import PATIENCE, events_of, gather
from tests.support.odd_server import Asked, OddServer, Wire, odd_server
from tests.unit.services.remote.conftest import connect
from tui.app.reply_words import Remarks
from tui.core.events import AskedAgain, Failed, Finished, StopReason, Token
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt
from tui.services.remote import line
from tui.services.remote.connection import Limits
from tui.services.remote.engine import RemoteEngine

HELLO = ChatPrompt((Message("user", "Hello"),))
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-heartbeat-seconds: 0.05\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


class Beating(Wire):
    """A wire of a server that announces signs of life."""

    def begin(self) -> None:
        self._connection.sendall(HEAD)

    def sign(self) -> None:
        """One sign of life."""
        self._connection.sendall(b"3\r\n:\n\n\r\n")


@pytest.fixture
def hasty() -> Iterator[RemoteEngine]:
    """An engine that takes a server which has announced signs of life for lost after half a second."""
    engine = RemoteEngine(limits=Limits(connect=5.0, first=PATIENCE, next=PATIENCE, silence=0.5, pause=0.01))
    yield engine
    assert engine.close(10.0)


def asked(engine: RemoteEngine, server: OddServer) -> Any:
    connect(engine, server.base_url)
    return engine.generate(HELLO, GenerationParams())


def beating(wire: Wire) -> Beating:
    return Beating(wire._connection)


def test_a_line_that_falls_silent_before_the_reply_is_asked_again_and_said(hasty: RemoteEngine) -> None:
    def answer(_: Asked, wire: Wire) -> None:
        one = beating(wire)
        one.begin()
        if len(server.chats) == 1:
            one.sign()
            one.wait_until_gone()
        else:
            one.delta(content="All well.")
            one.delta("stop")
            one.end()

    with odd_server(answer) as server:
        events = events_of(asked(hasty, server))
    assert gather(events).text == "All well."
    (again,) = [event for event in events if isinstance(event, AskedAgain)]
    assert again.times == 1
    remarks = Remarks()
    assert remarks.absorb(again)
    assert "It was asked again." in remarks.words[0] and "\n" not in remarks.words[0]


def test_a_line_that_falls_silent_in_a_reply_ends_it_and_what_came_is_kept(hasty: RemoteEngine) -> None:
    def answer(_: Asked, wire: Wire) -> None:
        one = beating(wire)
        one.begin()
        one.delta(content="Half")
        one.wait_until_gone()

    with odd_server(answer) as server:
        events = events_of(asked(hasty, server))
        assert "".join(event.text for event in events if isinstance(event, Token)) == "Half"
        last = events[-1]
        assert isinstance(last, Failed) and "broke in the middle" in last.error.line()
        assert len(server.chats) == 1


def test_signs_of_life_are_enough_to_wait_for(hasty: RemoteEngine) -> None:
    def answer(_: Asked, wire: Wire) -> None:
        one = beating(wire)
        one.begin()
        for _number in range(40):  # four times as long as a silence may be
            one.sign()
            time.sleep(0.05)
        one.delta(content="All well.")
        one.delta("stop")
        one.end()

    with odd_server(answer) as server:
        assert gather(events_of(asked(hasty, server))).text == "All well."
        assert len(server.chats) == 1


def test_esc_at_a_silent_line_ends_at_once(hasty: RemoteEngine) -> None:
    there = threading.Event()

    def answer(_: Asked, wire: Wire) -> None:
        one = beating(wire)
        one.begin()
        there.set()
        while not one_gone(one):
            one.sign()

    def one_gone(one: Beating) -> bool:
        one._connection.settimeout(0.05)
        try:
            return not one._connection.recv(100)
        except TimeoutError:
            return False

    with odd_server(answer) as server:
        ticket = asked(hasty, server)
        assert there.wait(PATIENCE)
        ticket.cancel()
        last = events_of(ticket)[-1]
        assert isinstance(last, Finished) and last.reason is StopReason.CANCELLED


def test_the_system_probes_the_line(hasty: RemoteEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    probed: list[int] = []

    def probe(connection: socket.socket) -> None:
        real(connection)
        probed.append(connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 10_000
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 5

    real = line.probe
    monkeypatch.setattr(line, "probe", probe)

    def answer(_: Asked, wire: Wire) -> None:
        wire.begin()
        wire.delta(content="All well.")
        wire.delta("stop")
        wire.end()

    with odd_server(answer) as server:
        gather(events_of(asked(hasty, server)))
    assert probed and all(probed)

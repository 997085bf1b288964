"""The real client against our own server with a real, tiny model."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.engines import error_of, events_of, gather, load
from tests.support.serving import Served
from tests.unit.services.remote.conftest import connect
from tui.core.endpoints import endpoint_path
from tui.core.events import Finished, Loaded, StopReason, Token, Unloaded
from tui.core.messages import Message
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.prompts import ChatPrompt, RawPrompt, TokenPrompt
from tui.engine.engine import Engine
from tui.services.model_host import ModelHost
from tui.services.remote.engine import RemoteEngine

HELLO = ChatPrompt((Message("user", "Hello"),))
GREEDY = GenerationParams(temp=0.0, n_predict=12, ignore_eos=True)


def test_a_server_says_what_its_model_is(server: Served, remote: RemoteEngine) -> None:
    info = connect(remote, server.base_url)
    assert info.n_ctx == 256
    assert info.name == "tiny-remote-F32"
    assert info.path.endswith("#tiny-remote-F32")  # none was named
    assert info.size == info.kv_bytes == info.compute_bytes == 0
    assert "localllm-tui serve" in info.build
    assert remote.model is info


def test_replies_come_in_pieces_with_the_servers_counts(server: Served, remote: RemoteEngine) -> None:
    connect(remote, server.base_url)
    for prompt in (HELLO, RawPrompt("Once upon a time")):
        reply = gather(events_of(remote.generate(prompt, GREEDY)))
        assert reply.text
        assert set(reply.tokens) == {-1}
        assert reply.finished.reason is StopReason.LENGTH
        timings = reply.finished.timings
        assert timings.generated_tokens == 12
        assert timings.prompt_tokens > 0
        assert timings.first_token_seconds
        assert reply.finished.used == timings.prompt_tokens + 12


def test_timings_are_the_servers_where_it_gives_them_and_marked_where_not(server: Served, remote: RemoteEngine) -> None:
    connect(remote, server.base_url)
    chat = gather(events_of(remote.generate(HELLO, GREEDY))).finished.timings
    assert not chat.wall_clock
    assert chat.prompt_seconds > 0
    plain = gather(events_of(remote.generate(RawPrompt("Once"), GREEDY))).finished.timings
    assert plain.wall_clock
    assert plain.prompt_seconds == 0


def test_the_same_seed_gives_the_same_text(server: Served, remote: RemoteEngine) -> None:
    connect(remote, server.base_url)
    params = GenerationParams(temp=1.5, seed=7, n_predict=16, ignore_eos=True)
    first, second = (gather(events_of(remote.generate(HELLO, params))).text for _ in range(2))
    assert first == second


def test_a_reply_stops_at_once_and_the_server_is_free_again(server: Served, remote: RemoteEngine) -> None:
    connect(remote, server.base_url)
    ticket = remote.generate(HELLO, GenerationParams(n_predict=200, ignore_eos=True))
    for event in ticket.events():
        if isinstance(event, Token):
            break
    ticket.cancel()
    assert ticket.wait(60.0)
    last = ticket.drain()[-1]
    assert isinstance(last, Finished)
    assert last.reason is StopReason.CANCELLED
    deadline = time.monotonic() + 60.0
    while server.state.requests.running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not server.state.requests.running


def test_what_needs_a_model_here_says_so_in_one_line(server: Served, remote: RemoteEngine) -> None:
    connect(remote, server.base_url)
    tickets = [
        remote.count(HELLO, GREEDY), remote.embed(["x"]), remote.set_adapters(["x.gguf"]), remote.time_state(),
        remote.set_sequences(2), remote.generate(TokenPrompt((1, 2)), GREEDY), remote.ask(lambda questions: None),
    ]  # fmt: skip
    tickets += [remote.adjust(tickets[0], GREEDY), remote.force(tickets[0])]
    for ticket in tickets:
        line = error_of(ticket).line()
        assert line and "\n" not in line and "Traceback" not in line
    assert remote.kept == {}


def test_without_a_model_the_line_is_the_usual_one(remote: RemoteEngine) -> None:
    assert "No model is loaded" in error_of(remote.generate(HELLO, GREEDY)).line()


def test_a_host_goes_from_here_to_there_and_back(server: Served, tiny_gguf: Path) -> None:
    local = Engine()
    host = ModelHost(local)
    try:
        load(local, tiny_gguf, n_ctx=128)
        assert host.engine is local
        assert isinstance(events_of(host.load(endpoint_path(server.base_url, ""), LoadParams()))[-1], Loaded)
        assert host.engine is not local
        assert local.model is None  # its memory is free
        assert host.model and host.model.n_ctx == 256
        assert gather(events_of(host.engine.generate(HELLO, GREEDY))).text
        assert isinstance(events_of(host.load(tiny_gguf, LoadParams(n_ctx=128, threads=1)))[-1], Loaded)
        assert host.engine is local
        assert isinstance(events_of(host.load(endpoint_path(server.base_url, ""), LoadParams()))[-1], Loaded)
        assert isinstance(events_of(host.unload())[-1], Unloaded)
        assert host.model is None
    finally:
        assert host.close(60.0)


def test_a_server_that_is_not_there_leaves_the_loaded_model(tiny_gguf: Path) -> None:
    host = ModelHost(Engine())
    try:
        assert isinstance(events_of(host.load(tiny_gguf, LoadParams(n_ctx=128, threads=1)))[-1], Loaded)
        line = error_of(host.load(endpoint_path("http://127.0.0.1:9/v1", "x"), LoadParams())).line()
        assert "connection refused" in line
        assert host.model and host.model.path == str(tiny_gguf)
    finally:
        assert host.close(60.0)


def test_offline_forbids_what_is_not_on_this_machine(server: Served) -> None:
    engine = RemoteEngine(offline=lambda: True)
    try:
        connect(engine, server.base_url)
        line = error_of(engine.load(endpoint_path("https://example.com/v1", "x"), LoadParams())).line()
        assert "--offline" in line
    finally:
        assert engine.close(60.0)


@pytest.mark.parametrize("name", ["anything", ""])
def test_our_server_answers_to_any_name(server: Served, remote: RemoteEngine, name: str) -> None:
    info = connect(remote, server.base_url, name)
    assert bool(name) == any("by whatever name" in warning for warning in info.warnings)

"""Layers on workers: two processes on loopback ports, with a real model."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import localllm
from tests.support.engines import PATIENCE, load, reply
from tests.support.rpc_workers import WorkerProcess, has_rpc, needs_rpc, workers
from tui.core.errors import LocalLLMError, WorkerError
from tui.core.events import Event, Failed, ModelInfo, Token
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine

_PROMPT = RawPrompt("The capital of France is")
_QUICK_END = 30.0


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine with nothing loaded."""
    engine = Engine()
    yield engine
    assert engine.close(120)


def _load(engine: Engine, path: Path, *addresses: str, **params: object) -> ModelInfo:
    return load(engine, path, n_ctx=512, threads=1, cache_disk=0, rpc=addresses, **params)


def _greedy(engine: Engine, count: int = 24) -> str:
    return reply(engine, _PROMPT, n_predict=count, temp=0.0, ignore_eos=True).text


@needs_rpc
def test_a_model_on_two_workers_says_what_it_says_here(engine: Engine, smollm2: Path) -> None:
    with workers(2) as (one, two):
        spread = _load(engine, smollm2, f"{one.address},{two.address}")
        there = _greedy(engine)
        here = _load(engine, smollm2)
        alone = _greedy(engine)

    assert there == alone
    assert [place.device for place in spread.placement] == [one.address, two.address, "this machine"]
    assert sum(place.layers for place in spread.placement) == 31
    assert all(place.layers in (15, 16) for place in spread.placement[:2])
    assert all(place.size > 20_000_000 for place in spread.placement)
    assert all(0 < place.free < place.total and place.size < place.free_before for place in spread.placement[:2])
    assert here.placement == ()


@needs_rpc
def test_half_of_the_layers_stay_here(engine: Engine, smollm2: Path) -> None:
    with workers(1) as (one,):
        model = _load(engine, smollm2, one.address, n_gpu_layers=15)
        text = _greedy(engine, 4)

    assert [place.layers for place in model.placement] == [15, 16]
    assert text.startswith(" Paris")


@needs_rpc
def test_the_split_decides_who_has_how_many(engine: Engine, smollm2: Path) -> None:
    with workers(2) as (one, two):
        model = _load(engine, smollm2, one.address, two.address, tensor_split=("3,1",))

    assert [place.layers for place in model.placement] == [24, 7, 0]


@needs_rpc
def test_a_worker_lost_in_the_middle_of_a_reply_is_an_error_and_no_more(engine: Engine, smollm2: Path) -> None:
    with workers(2) as (one, two):
        _load(engine, smollm2, one.address, two.address)
        ticket = engine.generate(_PROMPT, GenerationParams(n_predict=400, temp=0.0, ignore_eos=True))
        events: list[Event] = []
        for event in ticket.events():
            events.append(event)
            if sum(isinstance(one, Token) for one in events) == 10 and two.process.poll() is None:
                two.kill()
        last = events[-1]
        assert isinstance(last, Failed) and isinstance(last.error, WorkerError)
        assert f"the worker {two.address} is lost" in last.error.line()
        assert "The conversation is kept" in last.error.line()
        with pytest.raises(WorkerError, match="is lost"):
            _greedy(engine)

        model = _load(engine, smollm2, one.address)
        assert model.placement[0].layers == 31
        assert _greedy(engine, 4).startswith(" Paris")


@needs_rpc
def test_what_was_said_before_the_loss_is_what_would_have_been_said(engine: Engine, smollm2: Path) -> None:
    _load(engine, smollm2)
    alone = _greedy(engine, 64)
    with workers(1) as (one,):
        _load(engine, smollm2, one.address)
        text = ""
        for event in engine.generate(_PROMPT, GenerationParams(n_predict=400, temp=0.0, ignore_eos=True)).events():
            if isinstance(event, Token):
                text += event.text
                if len(text) > 60 and one.process.poll() is None:
                    one.kill()

    assert len(text) > 60
    assert alone.startswith(text[:60]) and (alone.startswith(text) or text.startswith(alone))


@needs_rpc
def test_a_worker_lost_while_nothing_runs_is_said_at_the_next_reply(engine: Engine, smollm2: Path) -> None:
    with workers(1) as (one,):
        _load(engine, smollm2, one.address)
        _greedy(engine, 4)
        one.kill()
        with pytest.raises(WorkerError, match="is lost"):
            _greedy(engine)


@needs_rpc
def test_a_worker_lost_while_the_model_loads_is_an_error(engine: Engine, smollm2: Path) -> None:
    with workers(1) as (one,):
        os.kill(one.process.pid, signal.SIGSTOP)
        from tui.core.parameters import LoadParams

        ticket = engine.load(smollm2, LoadParams(n_ctx=512, threads=1, rpc=(one.address,)))
        one.kill()
        assert ticket.wait(PATIENCE)
        last = ticket.drain()[-1]

    assert isinstance(last, Failed) and isinstance(last.error, WorkerError)
    assert engine.model is None


@needs_rpc
def test_a_worker_that_hangs_can_be_got_rid_of(engine: Engine, smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.engine.rpc_relay._SILENCE_SECONDS", 1.0)
    with workers(1) as (one,):
        _load(engine, smollm2, one.address)
        ticket = engine.generate(_PROMPT, GenerationParams(n_predict=400, temp=0.0, ignore_eos=True))
        for event in ticket.events():
            if isinstance(event, Token):
                one.process.send_signal(signal.SIGSTOP)
                ticket.cancel()
        assert ticket.over
        with pytest.raises(WorkerError, match="has not answered"):
            _greedy(engine)


@needs_rpc
def test_one_program_at_a_time(engine: Engine, smollm2: Path) -> None:
    with workers(1) as (one,):
        _load(engine, smollm2, one.address)
        second = Engine()
        with pytest.raises(LocalLLMError, match="serves one program at a time"):
            _load(second, smollm2, one.address)
        assert second.close(120)
        assert _greedy(engine, 4).startswith(" Paris")


@needs_rpc
def test_more_than_a_worker_gives_is_refused(engine: Engine, smollm2: Path) -> None:
    with workers(1, "--mem", "80") as (one,):
        with pytest.raises(WorkerError, match="does not fit in the memory of the workers"):
            _load(engine, smollm2, one.address)
        with pytest.raises(LocalLLMError, match=f"unable to allocate {one.address}'s buffer"):
            _load(engine, smollm2, one.address, fit="off")
        model = _load(engine, smollm2, one.address, n_gpu_layers=5)

    assert model.placement[0].layers == 5
    assert model.placement[0].total == 80 << 20
    assert model.placement[0].free < 80 << 20


@needs_rpc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_worker_at_once_even_with_a_program_at_work(
    number: signal.Signals, engine: Engine, smollm2: Path
) -> None:
    with workers(1) as (one,):
        _load(engine, smollm2, one.address)
        began = time.monotonic()
        one.process.send_signal(number)
        status = one.process.wait(600)

    assert status == 128 + number
    assert time.monotonic() - began < _QUICK_END


@needs_rpc
def test_a_worker_says_what_it_offers_and_who_comes(engine: Engine, tiny_gguf: Path) -> None:
    with workers(1) as (one,):
        _load(engine, tiny_gguf, one.address)
        one.line_with(re.compile(rb"127\.0\.0\.1:\d+ came"))
        engine.unload().wait(PATIENCE)
        one.line_with(re.compile(rb"127\.0\.0\.1:\d+ went"))

    said = b"".join(one.lines).decode()
    assert f"localllm-tui --rpc {one.address}" in said
    assert "of memory" in said and "1 thread;" in said


@needs_rpc
def test_listening_beyond_loopback_is_warned_of() -> None:
    worker = WorkerProcess("--host", "0.0.0.0")
    worker.process.terminate()
    _, errors = worker.process.communicate(timeout=30)

    assert b"asks nobody who they are" in errors and b"ssh -N -L" in errors


@needs_rpc
def test_run_with_a_worker(smollm2: Path) -> None:
    with workers(1) as (one,):
        done = localllm(
            "run", "-m", str(smollm2), "--rpc", one.address, "-p", _PROMPT.text, "-n", "4", "--temp", "0", "-c", "256"
        )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b" Paris")


@needs_rpc
@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() != 0, reason="namespaces need root")
def test_two_workers_in_network_namespaces(engine: Engine, smollm2: Path) -> None:
    names = [f"llm{os.getpid()}{letter}" for letter in "ab"]
    if subprocess.run(["ip", "netns", "add", names[0]], capture_output=True).returncode:
        pytest.skip("ip netns does not work here")
    _ip("netns", "add", names[1])
    started: list[WorkerProcess] = []
    try:
        addresses = []
        for number, name in enumerate(names):
            outer, inner, net = f"o{os.getpid()}{number}", f"i{os.getpid()}{number}", f"10.213.{number}."
            _ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name)
            _ip("addr", "add", f"{net}1/24", "dev", outer)
            _ip("link", "set", outer, "up")
            _ip("-n", name, "addr", "add", f"{net}2/24", "dev", inner)
            _ip("-n", name, "link", "set", inner, "up")
            _ip("-n", name, "link", "set", "lo", "up")
            started.append(WorkerProcess("--host", f"{net}2", around=("ip", "netns", "exec", name)))
            addresses.append(f"{net}2:{started[-1].port}")
        model = _load(engine, smollm2, *addresses)
        assert sum(place.layers for place in model.placement[:2]) == 31
        assert _greedy(engine, 4).startswith(" Paris")
        ticket = engine.generate(_PROMPT, GenerationParams(n_predict=4000, temp=0.0, ignore_eos=True))
        for event in ticket.events():
            if isinstance(event, Token):
                subprocess.run(["ip", "-n", names[1], "link", "set", f"i{os.getpid()}1", "down"])
        assert isinstance(event, Failed) and isinstance(event.error, WorkerError), "a cut line is noticed"
    finally:
        for worker in started:
            worker.close()
        for name in names:
            subprocess.run(["ip", "netns", "del", name])


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.mark.skipif(has_rpc(), reason="this llama-cpp-python has RPC")
def test_without_rpc_one_line_says_how_to_get_it(tiny_gguf: Path) -> None:
    for arguments in (("worker",), ("run", "-m", str(tiny_gguf), "-p", "x", "--rpc", "127.0.0.1:1")):
        done = localllm(*arguments)
        assert done.returncode == 1
        assert done.stdout == b""
        (line,) = done.stderr.decode().splitlines()
        assert line.startswith("error: this llama-cpp-python was built without RPC. Build it: CMAKE_ARGS=-DGGML_RPC=ON")

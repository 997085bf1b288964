"""The engine and the server next to llama.cpp's own programs, where those are at hand: see `llama_programs`."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from tests.benchmarks import llama_programs
from tests.benchmarks.apart import EngineApart
from tests.benchmarks.clients import own_server, speed
from tests.benchmarks.measure import Measurement, Setup, alternate

_CLIENTS = 4


def several_clients(setup: Setup) -> Iterator[Measurement]:
    """Tokens a second of four clients of `serve` together ÷ of four of llama-server, same settings and questions."""
    binary = llama_programs.find("llama-server")
    if binary is None:
        return
    same = ["-c", str(setup.sizes.n_ctx), "-t", "2", "-np", str(_CLIENTS)]
    with llama_programs.server(binary, setup.model, same) as theirs:
        for options in ((), ("--no-kv-unified",)):  # the second is what llama-server does unless it is told otherwise
            with own_server(setup, *same, *options) as own:
                for stream, what in ((False, "whole answers"), (True, "streamed")):
                    ratio, ours, other = alternate(
                        _asking(own.base_url, setup.sizes.decode, stream=stream),
                        _asking(theirs, setup.sizes.decode, stream=stream),
                        2 * setup.sizes.rounds,
                    )
                    yield Measurement(
                        " ".join((f"{_CLIENTS} clients, {what}, serve", *options, "÷ llama-server, tok/s")),
                        ratio, at_least=1.0, detail=f"{ours:.1f} ÷ {other:.1f} tok/s",
                    )  # fmt: skip


def decode(setup: Setup) -> Iterator[Measurement]:
    """Decode speed of the engine, which chooses tokens, ÷ of llama-bench, which does not."""
    binary = llama_programs.find("llama-bench")
    if binary is None:
        return
    for name, path in {"": setup.model, **setup.other}.items():
        for threads in (2, 1):
            pairs = [_decode_pair(setup, binary, path, threads, number) for number in range(2 * setup.sizes.rounds)]
            ratio = statistics.median(ours / theirs for ours, theirs in pairs)
            ours, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
            yield Measurement(
                f"decode{name and ' ' + name}, -t {threads}, engine ÷ llama-bench", ratio, at_least=0.97,
                detail=f"{ours:.1f} ÷ {theirs:.1f} tok/s",
            )  # fmt: skip


def _decode_pair(setup: Setup, binary: str, path: Path, threads: int, number: int) -> tuple[float, float]:
    """Both made anew, as in `headless.decode`; in turn one or the other comes first."""
    if number % 2:
        theirs = llama_programs.decode_speed(binary, path, threads, setup.sizes.decode)
        return _decode_speed(setup, path, threads), theirs
    ours = _decode_speed(setup, path, threads)
    return ours, llama_programs.decode_speed(binary, path, threads, setup.sizes.decode)


def _decode_speed(setup: Setup, path: Path, threads: int) -> float:
    """tok/s of a new context, the mean of two after one that does not count, as llama-bench does it."""
    engine = EngineApart(path, n_ctx=setup.sizes.n_ctx, threads=threads, spec_type="none")
    try:
        engine.decode(2)
        return statistics.mean(engine.decode(setup.sizes.decode) for _ in range(2))
    finally:
        engine.close()


def _asking(base_url: str, tokens: int, *, stream: bool) -> Callable[[], float]:
    """Takes the speed of four clients again and again, each time with other questions."""
    rounds = count()

    def ask() -> float:
        first = _CLIENTS * next(rounds)
        return speed(base_url, range(first, first + _CLIENTS), tokens, stream=stream)

    return ask

"""The engine and the server next to llama.cpp's own programs, where those are at hand: see `llama_programs`."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import llama_programs
from tests.benchmarks.apart import EngineApart
from tests.benchmarks.clients import own_server, speed
from tests.benchmarks.measure import Measurement, Setup

_CLIENTS = 4


def several_clients(setup: Setup) -> Iterator[Measurement]:
    """Tokens a second of four clients of `serve` together ÷ of four of llama-server, same settings and questions.

    Both are started anew for each pair: where a process's memory happens to lie is worth several hundredths, for good.
    """
    binary = llama_programs.find("llama-server")
    if binary is None:
        return
    for options in ((), ("--no-kv-unified",)):  # the second is what llama-server does unless it is told otherwise
        pairs = [_clients_pair(setup, binary, options, number) for number in range(2 * setup.sizes.rounds)]
        for place, what in enumerate(("whole answers", "streamed")):
            ours, theirs = ([speeds[place] for speeds in side] for side in zip(*pairs, strict=True))
            yield Measurement(
                " ".join((f"{_CLIENTS} clients, {what}, serve", *options, "÷ llama-server, tok/s")),
                statistics.median(own / other for own, other in zip(ours, theirs, strict=True)),
                at_least=1.0,
                detail=f"{statistics.median(ours):.1f} ÷ {statistics.median(theirs):.1f} tok/s",
            )


def _clients_pair(
    setup: Setup, binary: str, options: tuple[str, ...], number: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """tok/s of our server and of llama-server: whole answers, and streamed; in turn one or the other comes first."""
    same = ["-c", str(setup.sizes.n_ctx), "-t", "2", "-np", str(_CLIENTS)]
    with own_server(setup, *same, *options) as own, llama_programs.server(binary, setup.model, same) as theirs:
        order = [own.base_url, theirs] if number % 2 else [theirs, own.base_url]
        found = {url: (_speed(url, setup, stream=False), _speed(url, setup, stream=True)) for url in order}
        return found[own.base_url], found[theirs]


def _speed(base_url: str, setup: Setup, *, stream: bool) -> float:
    """tok/s of four clients, after a few tokens that do not count."""
    speed(base_url, range(_CLIENTS), 8, stream=stream)
    return speed(base_url, range(_CLIENTS, 2 * _CLIENTS), setup.sizes.decode, stream=stream)


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

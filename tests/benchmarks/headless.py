"""The engine against llama.cpp itself, and its latencies."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.benchmarks import beside_llama
from tests.benchmarks.apart import EngineApart, PlainApart
from tests.benchmarks.measure import Measurement, Setup, alternate, percentile, spread
from tests.benchmarks.plain import PROMPT, Plain
from tests.support.engines import events_of, load, reply
from tui.core.events import Event, Prefilling, Token
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine


def decode(setup: Setup) -> Iterator[Measurement]:
    """Decode speed of the engine ÷ a plain loop over llama.cpp with a greedy sampler in C, and ÷ llama-bench."""
    for name, path in {"": setup.model, **setup.other}.items():
        for threads in (2, 1):
            yield _decode_ratio(setup, name, path, threads)
    yield from beside_llama.decode(setup)


def prefill(setup: Setup) -> Iterator[Measurement]:
    """Prefill speed of the engine ÷ one llama_decode of the same prompt, which llama.cpp cuts into batches of 512."""
    for name, path in {"": setup.model, **setup.other}.items():
        yield _prefill_ratio(setup, name, path)


def busy(setup: Setup) -> Iterator[Measurement]:
    """Decode with every second processor busy, with one program or four: threads chosen by the engine ÷ all processors.

    How bad all of them are depends on how the kernel shares the busy one out, and so on how many programs want it; the
    ratio to the idle ones tells how near the choice comes to the best that can be chosen.
    """
    cores = sorted(os.sched_getaffinity(0))
    busy_cores = cores[::2]
    fixed = max(1, len(cores) - len(busy_cores))
    for programs in (1, 4):
        engines = [
            EngineApart(setup.model, n_ctx=setup.sizes.n_ctx, spec_type="none", **threads)
            for threads in ({}, {"threads": len(cores)}, {"threads": fixed})
        ]
        for engine in engines:
            engine.decode(2)  # loaded before the processors are busy
        wanted = [core for core in busy_cores for _ in range(programs)]
        spinners = [subprocess.Popen([sys.executable, "-c", _SPIN.format(core)]) for core in wanted]
        try:
            tokens = max(4, setup.sizes.decode // 4)  # two threads on a busy processor make a few a second
            found = [[engine.decode(tokens) for engine in engines] for _ in range(setup.sizes.rounds + 1)]
        finally:
            for spinner in spinners:
                spinner.kill()
                spinner.wait()
            for engine in engines:
                engine.close()
        auto, every, idle = (statistics.median(speeds) for speeds in zip(*found[1:], strict=True))
        by = f"{programs} program{'s' * (programs > 1)} on each"
        what = f"decode, {len(busy_cores)} of {len(cores)} cores busy, {by}: auto ÷ "
        yield Measurement(
            f"{what}-t {len(cores)}", statistics.median(a / b for a, b, _ in found[1:]), at_least=3,
            detail=f"{auto:.1f} ÷ {every:.1f} tok/s",
        )  # fmt: skip
        yield Measurement(
            f"{what}-t {fixed}", statistics.median(a / c for a, _, c in found[1:]), at_least=0.9,
            detail=f"{auto:.1f} ÷ {idle:.1f} tok/s",
        )  # fmt: skip


_SPIN = "import os; os.sched_setaffinity(0, [{}])\nwhile True: pass"


def further_turn(setup: Setup) -> Iterator[Measurement]:
    """TTFT of a further turn after a long history ÷ TTFT of the whole history."""
    engine = Engine()
    load(engine, setup.model, n_ctx=setup.sizes.n_ctx, threads=2)
    plain = Plain(setup.model, 2, setup.sizes.n_ctx)
    ratios: list[float] = []
    times: list[tuple[float, float]] = []
    try:
        for number in range(max(2, setup.sizes.rounds // 2)):
            history = long_text(plain, setup.sizes.prompt, number)
            first = reply(engine, RawPrompt(history), n_predict=8, temp=0.0)
            turn = history + first.text + "\n\nAnd then? Tell me more about it.\n\n"
            second = reply(engine, RawPrompt(turn), n_predict=8, temp=0.0)
            full, further = (r.finished.timings.first_token_seconds or 0.0 for r in (first, second))
            times.append((further, full))
            ratios.append(further / full)
    finally:
        engine.close(10)
        plain.close()
    at = ratios.index(percentile(ratios, 0.5))
    yield Measurement(
        f"TTFT of a further turn after {setup.sizes.prompt} tokens ÷ full prefill", ratios[at], at_most=0.05,
        detail=f"{times[at][0] * 1000:.0f} ms ÷ {times[at][1] * 1000:.0f} ms",
    )  # fmt: skip


def stop(setup: Setup) -> Iterator[Measurement]:
    """Milliseconds from a stop until the engine is idle, 95th percentile."""
    for name, path in {"": setup.model, **setup.other}.items():
        engine = Engine()
        load(engine, path, n_ctx=setup.sizes.n_ctx, threads=2)
        plain = Plain(path, 2, setup.sizes.n_ctx)
        try:
            for phase, kind, prompts in (
                ("decode", Token, (PROMPT for _ in range(setup.sizes.samples))),
                ("prefill", Prefilling, (long_text(plain, setup.sizes.prompt, n) for n in range(setup.sizes.samples))),
            ):
                times = [_stop_time(engine, prompt, kind) for prompt in prompts]
                yield Measurement(
                    f"stop in {phase}{name and ' ' + name}, p95", percentile(times, 0.95), "ms", at_most=200,
                    detail=spread(times, "ms"),
                )  # fmt: skip
        finally:
            engine.close(10)
            plain.close()


def long_text(plain: Plain | PlainApart, tokens: int, number: int) -> str:
    """A text of about `tokens` tokens that shares no beginning with those of other numbers."""
    sentence = "The {} ships sailed past the old harbour while the gulls cried over the grey water. "
    each = len(plain.tokenize(sentence.format("twenty"))) - 1
    return f"Story {number}. " + "".join(sentence.format(number + at) for at in range(max(1, tokens // (each + 2))))


def _decode_ratio(setup: Setup, name: str, path: Path, threads: int) -> Measurement:
    """Both are made anew for each round: one context in eight is a tenth slower than its like, wherever memory fell.

    That holds for contexts of the plain loop as well as for the engine's, whatever their parameters.
    """
    tokens, found = max(4, setup.sizes.decode // 8), list[tuple[float, float, float]]()
    for _ in range(2 * setup.sizes.rounds):
        with _both(setup, path, threads) as (engine, plain):
            found.append(_decode_pair(engine, plain, tokens))
    ratio, ours, theirs = (statistics.median(values) for values in zip(*found, strict=True))
    what = f"decode{name and ' ' + name}, -t {threads}, engine ÷ plain loop"
    spread = f"{min(f[0] for f in found):.2f} to {max(f[0] for f in found):.2f} of {len(found)} pairs of contexts"
    return Measurement(what, ratio, at_least=0.97, detail=f"{ours:.1f} ÷ {theirs:.1f} tok/s, {spread}")


def _decode_pair(engine: EngineApart, plain: PlainApart, tokens: int) -> tuple[float, float, float]:
    return alternate(lambda: engine.decode(tokens), lambda: plain.decode(tokens), 8)


def _prefill_ratio(setup: Setup, name: str, path: Path) -> Measurement:
    numbers, length = count(), min(setup.sizes.prompt, 1500)
    with _both(setup, path, 2) as (engine, plain):
        ratio, ours, theirs = alternate(
            lambda: engine.prefill(long_text(plain, length, next(numbers))),
            lambda: plain.prefill(long_text(plain, length, next(numbers))),
            setup.sizes.rounds,
        )
    what = f"prefill{name and ' ' + name}, {length} tokens, engine ÷ one call"
    return Measurement(what, ratio, at_least=0.9, detail=f"{ours:.0f} ÷ {theirs:.0f} tok/s")


@contextmanager
def _both(setup: Setup, path: Path, threads: int) -> Iterator[tuple[EngineApart, PlainApart]]:
    # llama-bench does not guess
    engine = EngineApart(path, n_ctx=setup.sizes.n_ctx, threads=threads, spec_type="none")
    plain = PlainApart(path, threads, setup.sizes.n_ctx)
    try:
        yield engine, plain
    finally:
        engine.close()
        plain.close()


def _stop_time(engine: Engine, prompt: str, kind: type[Event]) -> float:
    """Milliseconds that a stop takes once the first event of a kind was seen."""
    ticket = engine.generate(RawPrompt(prompt), GenerationParams(ignore_eos=True))
    seen: list[Event] = []
    while not any(isinstance(event, kind) for event in seen):
        assert not ticket.over, "it ended before it could be stopped"
        time.sleep(0.002)
        seen += ticket.drain()
    started = time.perf_counter()
    ticket.cancel()
    events_of(ticket)
    return (time.perf_counter() - started) * 1000

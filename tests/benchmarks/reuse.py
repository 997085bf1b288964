"""What guessing and saved states save."""

from __future__ import annotations

import contextlib
import itertools
import os
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.benchmarks.apart import EngineApart
from tests.benchmarks.headless import long_text
from tests.benchmarks.measure import Measurement, Setup, alternate
from tests.benchmarks.plain import Plain
from tests.support.engines import Reply, events_of, gather, load
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt
from tui.engine.engine import Engine

_METHODS = (
    ("area", "width * height"), ("perimeter", "2 * (width + height)"), ("diagonal", "math.hypot(width, height)"),
    ("ratio", "width / height"), ("mean", "(width + height) / 2"), ("largest", "max(width, height)"),
    ("smallest", "min(width, height)"), ("difference", "abs(width - height)"), ("is_square", "width == height"),
    ("is_wide", "width > height"), ("is_tall", "height > width"), ("volume", "width * height * self.depth"),
)  # fmt: skip
_FILE = "class Box:\n" + "".join(
    f'    def {name}(self, width, height):\n        """The {name} of a box."""\n        result = {body}\n'
    "        self.log(result)\n        return result\n"
    for name, body in _METHODS
)
"""Some sixty lines of code."""


def speculation(setup: Setup) -> Iterator[Measurement]:
    """Decode with guesses ÷ without: copying a file with one word changed, and a story where they cannot help."""
    changed = _FILE.replace("class Box", "class Crate")
    # A small model does not copy because it is told to: it goes on with what it sees begun.
    copy = f"# box.py\n{_FILE}\n# crate.py, the same with one word changed\n{''.join(changed.splitlines(True)[:8])}"
    for name, model in {"SmolLM2": setup.model, **setup.other}.items():
        yield _guessing(setup, model, f"copying a file, {name}", copy, 1.5, temp=0.0)
        story = "Once upon a time, in a village by the sea,"
        yield _guessing(setup, model, f"a story, {name}", story, 0.97, temp=1.0, seed=7)


def reopen(setup: Setup) -> Iterator[Measurement]:
    """TTFT after closing and reopening a long chat ÷ full prefill; the load of the model is not counted."""
    plain = Plain(setup.model, 2, setup.sizes.n_ctx)
    params = GenerationParams(n_predict=8, temp=0.0)
    times: list[tuple[float, float]] = []
    try:
        for number in range(max(2, setup.sizes.rounds // 2 + 1)):
            said = Message("user", long_text(plain, setup.sizes.prompt, number))
            with _engine(setup) as engine:
                first = gather(events_of(engine.generate(ChatPrompt((said,)), params, durable=True)))
            chat = (said, Message("assistant", first.text), Message("user", "And then?"))
            with _engine(setup) as engine:
                second = gather(events_of(engine.generate(ChatPrompt(chat), params, durable=True)))
            times.append((_ttft(second), _ttft(first)))
    finally:
        plain.close()
    ratio = statistics.median(further / full for further, full in times)
    further, full = (statistics.median(pair[which] for pair in times) * 1000 for which in (0, 1))
    yield Measurement(
        f"TTFT after reopening a chat of {setup.sizes.prompt} tokens ÷ full prefill", ratio, at_most=0.05,
        detail=f"{further:.0f} ms ÷ {full:.0f} ms",
    )  # fmt: skip


def beside_idle(setup: Setup) -> Iterator[Measurement]:
    """Decode of a generation that comes after three other conversations, which stay computed, ÷ of one alone."""
    plain, rounds = Plain(setup.model, 2, setup.sizes.n_ctx), 2 * setup.sizes.rounds
    others = [long_text(plain, setup.sizes.prompt // 3, number) for number in range(3)]
    own = itertools.cycle([long_text(plain, setup.sizes.prompt // 8, 100 * number) for number in range(1, 9)])
    plain.close()

    def speed(engine: EngineApart, before: Sequence[str]) -> float:
        for text in before:
            engine.timings(text, n_predict=1)
        return engine.timings(next(own), n_predict=setup.sizes.decode, ignore_eos=True, seed=7).decode_speed

    for name, model in {"SmolLM2": setup.model, **setup.other}.items():
        make = partial(EngineApart, model, n_ctx=setup.sizes.n_ctx, threads=2, spec_type="none")
        with contextlib.closing(make(sequences=4)) as beside, contextlib.closing(make()) as alone:
            ratio, ours, theirs = alternate(partial(speed, beside, others), partial(speed, alone, ()), rounds)
        yield Measurement(
            f"decode beside three idle conversations, {name} ÷ alone", ratio, at_least=0.95,
            detail=f"{ours:.1f} ÷ {theirs:.1f} tok/s",
        )  # fmt: skip


def _guessing(setup: Setup, model: Path, task: str, prompt: str, goal: float, **params: object) -> Measurement:
    shares: list[float] = []

    def speed(engine: EngineApart) -> float:
        done = engine.timings(prompt, n_predict=2 * setup.sizes.decode, ignore_eos=True, **params)
        if done.acceptance is not None:
            shares.append(done.acceptance)
        return done.decode_speed

    options = {"n_ctx": setup.sizes.n_ctx, "threads": 2}
    with (
        contextlib.closing(EngineApart(model, **options)) as guessing,
        contextlib.closing(EngineApart(model, **options, spec_type="none")) as plain,
    ):
        ratio, ours, theirs = alternate(lambda: speed(guessing), lambda: speed(plain), setup.sizes.rounds)
    accepted = f", {100 * statistics.median(shares):.0f}% of guesses right" if shares else ", no guesses"
    return Measurement(
        f"speculation, {task}, with ÷ without",
        ratio,
        at_least=goal,
        detail=f"{ours:.1f} ÷ {theirs:.1f} tok/s{accepted}",
    )


def _ttft(done: Reply) -> float:
    return done.finished.timings.first_token_seconds or 0.0


@contextmanager
def _engine(setup: Setup, **params: object) -> Iterator[Engine]:
    """An engine with the model, its saved states in the scratch folder."""
    with _cache_in(setup.scratch):
        engine = Engine()
        load(engine, setup.model, **{"n_ctx": setup.sizes.n_ctx, "threads": 2, **params})
        try:
            yield engine
        finally:
            engine.close(30)


@contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["XDG_CACHE_HOME"]
        else:
            os.environ["XDG_CACHE_HOME"] = before

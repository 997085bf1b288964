"""Measures a model on this machine: prefill and decode by threads and by depth, and what lies around them.

The tests and their names are those of llama-bench: `pp512` evaluates 512 prompt tokens, `tg128` generates 128, both
after `depth` tokens that are in the KV cache already. All of it goes through the program's own engine.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from tui.core.errors import LocalLLMError
from tui.core.events import Event, Failed, Finished, Loaded, ModelInfo, StateTimed, Timings
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.prompts import TokenPrompt
from tui.engine.ticket import Ticket
from tui.services.measurements import BenchPlan, Costs, Result, Speed
from tui.services.model_host import ModelHost

_GREEDY = GenerationParams(temp=0.0, ignore_eos=True)


class Bench:
    """One model's measurement.

    Args:
        host: loads the model; whatever was loaded is unloaded.
        path: the model.
        load: how to load it; threads, context and caches are set here.
        plan: what to measure.
    """

    def __init__(self, host: ModelHost, path: Path, load: LoadParams, plan: BenchPlan) -> None:
        self._host, self._path, self._plan = host, path, plan
        room = max(plan.depths) + max(plan.n_prompt, plan.n_gen, 1) + 16
        self._load = replace(load, n_ctx=room, spec_type="none", cache_ram=0, cache_disk=0)
        self._rng = random.Random(0)
        self._ticket: Ticket | None = None
        self._stopped = False

    def stop(self) -> None:
        """End it soon; from another thread."""
        self._stopped = True
        if self._ticket:
            self._ticket.cancel()

    def run(self, tell: Callable[[str], None]) -> Iterator[Result]:
        """Measure, giving each result as it comes: the model first, the costs last.

        Args:
            tell: told what is being measured.

        Raises:
            LocalLLMError: the model cannot be loaded or evaluated; CancelledError after `stop`.
        """
        best: Speed | None = None
        for number, threads in enumerate(self._plan.threads):
            tell(f"loading with {threads} threads")
            model = self._loaded(threads)
            if number == 0:
                yield model
            for depth in self._plan.depths:
                for speed in self._at(model, threads, depth, tell):
                    yield speed
                    if speed.test == "tg" and (best is None or speed.mean > best.mean):
                        best = speed
        if best is not None:
            tell("measuring what lies around the evaluation")
            yield self._costs(self._loaded(best.threads), best.threads)

    def _at(self, model: ModelInfo, threads: int, depth: int, tell: Callable[[str], None]) -> Iterator[Speed]:
        history = self._random_tokens(model, max(depth, 1))
        tests: list[tuple[Literal["pp", "tg"], int]] = [("pp", self._plan.n_prompt), ("tg", self._plan.n_gen)]
        for test, tokens in tests:
            if not tokens:
                continue
            measure = self._prefill if test == "pp" else self._decode
            speeds = []
            for repetition in range(self._plan.repetitions + 1):
                tell(f"{test}{tokens} at depth {depth}, {threads} threads: {repetition} of {self._plan.repetitions}")
                speeds.append(measure(model, history, tokens))
            counted = speeds[1:]  # the first one warms up
            deviation = statistics.stdev(counted) if len(counted) > 1 else 0.0
            yield Speed(test, tokens, depth, threads, statistics.fmean(counted), deviation)

    def _prefill(self, model: ModelInfo, history: tuple[int, ...], tokens: int) -> float:
        self._generate(history, replace(_GREEDY, n_predict=0))
        prompt = history + self._random_tokens(model, tokens)
        return self._generate(prompt, replace(_GREEDY, n_predict=0)).prompt_speed

    def _decode(self, _model: ModelInfo, history: tuple[int, ...], tokens: int) -> float:
        return self._generate(history, replace(_GREEDY, n_predict=tokens)).decode_speed

    def _costs(self, model: ModelInfo, threads: int) -> Costs:
        history = self._random_tokens(model, max(*self._plan.depths, 64))
        tokens = max(self._plan.n_gen, 2)
        plain: list[Timings] = []
        sampled: list[Timings] = []
        for _ in range(self._plan.repetitions):
            plain.append(self._generate(history, replace(_GREEDY, n_predict=tokens)))
            sampled.append(self._generate(history, GenerationParams(seed=1, ignore_eos=True, n_predict=tokens)))
        around = [statistics.median(_around(timings) for timings in runs) for runs in (plain, sampled)]
        overhead = statistics.median(1 - t.compute_seconds / t.decode_seconds for t in plain)
        timed = self._last(self._host.engine.time_state())
        assert isinstance(timed, StateTimed)
        return Costs(threads, max(0.0, around[1] - around[0]), max(0.0, overhead), timed)

    def _loaded(self, threads: int) -> ModelInfo:
        loaded = self._last(self._host.load(self._path, replace(self._load, threads=threads)))
        assert isinstance(loaded, Loaded)
        return loaded.model

    def _generate(self, tokens: tuple[int, ...], params: GenerationParams) -> Timings:
        finished = self._last(self._host.engine.generate(TokenPrompt(tokens), params))
        assert isinstance(finished, Finished)
        return finished.timings

    def _last(self, ticket: Ticket) -> Event:
        """The event that ends a ticket.

        Raises:
            LocalLLMError: it failed, or the bench was stopped.
        """
        self._ticket = ticket
        if self._stopped:
            ticket.cancel()
        last = list(ticket.events())[-1]
        if isinstance(last, Failed):
            raise last.error
        if self._stopped:
            raise LocalLLMError("The measurement was stopped")
        return last

    def _random_tokens(self, model: ModelInfo, count: int) -> tuple[int, ...]:
        return tuple(self._rng.randrange(model.n_vocab) for _ in range(count))


def _around(timings: Timings) -> float:
    """Seconds for each token outside llama.cpp's evaluation."""
    return (timings.decode_seconds - timings.compute_seconds) / max(1, timings.generated_tokens - 1)

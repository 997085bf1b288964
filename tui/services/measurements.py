"""What a bench is asked to measure, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tui.core.events import ModelInfo, StateTimed


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """What to measure.

    Attributes:
        n_prompt: prompt tokens of a prefill test; 0 leaves it out.
        n_gen: tokens of a decode test; 0 leaves it out.
        depths: tokens in the KV cache before each test.
        threads: thread counts.
        repetitions: of each test.
    """

    n_prompt: int = 512
    n_gen: int = 128
    depths: tuple[int, ...] = (0, 1024)
    threads: tuple[int, ...] = (1,)
    repetitions: int = 3


def thread_counts(cores: int) -> tuple[int, ...]:
    """The thread counts worth measuring: 1, 2, 4 and so on, and the number of cores itself."""
    counts = {1 << power for power in range(cores.bit_length()) if 1 << power <= cores}
    return tuple(sorted(counts | {cores}))


@dataclass(frozen=True, slots=True)
class Speed:
    """One test's result.

    Attributes:
        test: `pp` for prefill, `tg` for decode.
        tokens: of the test.
        depth: tokens before it.
        threads: threads used.
        mean: tok/s.
        deviation: standard deviation of the repetitions, tok/s.
    """

    test: Literal["pp", "tg"]
    tokens: int
    depth: int
    threads: int
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Costs:
    """What lies around the evaluation, at the thread count that decoded fastest.

    Attributes:
        threads: that count.
        sampler_seconds: what the whole sampler chain takes for each token, beyond taking the likeliest one.
        overhead: share of the decode time that is not llama.cpp's evaluation, 0 to 1.
        state: what saving and bringing back the computed conversation takes.
    """

    threads: int
    sampler_seconds: float
    overhead: float
    state: StateTimed


Result = ModelInfo | Speed | Costs

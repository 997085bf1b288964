"""How fast prompts were read: measured with the loaded model, never guessed."""

from __future__ import annotations

import math
from pathlib import Path

from tui.core.events import ModelInfo, Timings
from tui.core.parameters import LoadParams
from tui.services.bench_results import prefill_speeds

_LEAST = 4
"""Tokens below which a measurement says nothing."""


class PrefillSpeeds:
    """The newest speed for each size of prompt, since few tokens are read more slowly than many.

    A measurement of this very load comes first; without one, the last bench of the model on this machine.
    """

    def __init__(self) -> None:
        self._load: tuple[str, LoadParams] | None = None
        self._seen: dict[int, tuple[int, float]] = {}

    def note(self, model: ModelInfo | None, timings: Timings) -> None:
        """Remember what a generation reported."""
        if model is None or timings.evaluated_tokens < _LEAST or timings.prompt_speed <= 0:
            return
        if self._load != (load := (model.path, model.params)):
            self._load, self._seen = load, {}
        tokens = timings.evaluated_tokens
        self._seen[tokens.bit_length()] = tokens, timings.prompt_speed

    def of(self, model: ModelInfo, tokens: int) -> float | None:
        """The speed with a prompt of about so many new tokens, tok/s; None where nothing was measured.

        May read a small file: for worker threads.
        """
        seen = list(self._seen.values()) if self._load == (model.path, model.params) else []
        return nearest(seen or prefill_speeds(Path(model.path), model.threads_batch), tokens)


def nearest(measured: list[tuple[int, float]], tokens: int) -> float | None:
    """Of pairs of tokens and speed, the speed with the number of tokens that is nearest by ratio."""
    wanted = math.log(max(1, tokens))
    return min(measured, key=lambda pair: abs(math.log(max(1, pair[0])) - wanted), default=(0, None))[1]

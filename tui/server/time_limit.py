"""llama-server's `t_max_predict_ms`: a generation that has lasted that long ends with its next line."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace

from tui.core.events import Event, Finished, StopReason, Token
from tui.core.parameters import GenerationParams


@dataclass(frozen=True, slots=True)
class TimedParams(GenerationParams):
    """Parameters of a request that has a limit.

    Attributes:
        t_max_predict_ms: milliseconds from the first token on.
    """

    t_max_predict_ms: int = 0


def timed(params: GenerationParams, milliseconds: int) -> GenerationParams:
    """Parameters with a limit; the same ones where it is none."""
    if milliseconds <= 0:
        return params
    values = {field.name: getattr(params, field.name) for field in fields(GenerationParams)}
    return TimedParams(**values, t_max_predict_ms=milliseconds)


class TimeLimit:
    """Watches one generation.

    Args:
        milliseconds: from its first token on.
    """

    def __init__(self, milliseconds: int) -> None:
        self._seconds = milliseconds / 1000
        self._first = 0.0
        self._last: Token | None = None
        self._over = False
        self._kept = 0
        self._left_out = 0

    @classmethod
    def of(cls, params: GenerationParams) -> TimeLimit | None:
        """The one that parameters have."""
        return cls(params.t_max_predict_ms) if isinstance(params, TimedParams) else None

    def enough(self, token: Token) -> bool:
        """Whether the generation ends with this token. The engine's thread asks."""
        now = time.perf_counter()
        self._first = self._first or now
        if self._last is None and "\n" in token.text and now - self._first > self._seconds:
            self._last = token
        return self._last is not None

    def held(self, event: Event) -> Event | None:
        """An event as if the generation had ended with that token by itself; None for one after it."""
        if isinstance(event, Token):
            if self._over:
                self._left_out += 1
                return None
            self._kept += 1
            self._over = event is self._last
        elif isinstance(event, Finished) and self._over and (self._left_out or event.reason is StopReason.CANCELLED):
            timings = replace(event.timings, generated_tokens=self._kept)
            return replace(event, reason=StopReason.LENGTH, text="", stop="", timings=timings)
        return event

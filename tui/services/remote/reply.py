"""A reply that comes from an endpoint in pieces, as the events of a generation here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from tui.core.errors import RemoteError
from tui.core.events import Finished, Prefilling, StopReason, Timings, Token
from tui.core.markers import Markers

NO_TOKEN = -1
"""Number of a token of which only the text is known."""


class RemoteReply:
    """What came so far.

    Args:
        n_ctx: tokens of context; 0 where that is unknown.
        seed: that was asked for; negative for none.
        markers: between which reasoning that comes apart from the answer is put.
    """

    def __init__(self, n_ctx: int, seed: int, markers: Markers) -> None:
        self._n_ctx = n_ctx
        self._seed = max(0, seed)
        self._markers = markers
        self._asked = time.perf_counter()
        self._first = self._last = 0.0
        self._pieces = 0
        self._thinking = False
        self._thought_until = 0.0
        self._thought_pieces = 0
        self._prompt = self._cached = 0
        self._usage: dict[str, Any] = {}
        self._timings: dict[str, Any] = {}
        self._reason = ""

    @property
    def begun(self) -> bool:
        """Whether any of it came."""
        return self._pieces > 0

    @property
    def complete(self) -> bool:
        """Whether the server said why it ended."""
        return bool(self._reason)

    def take(self, chunk: Any) -> Iterator[Prefilling | Token]:
        """The events of one chunk of a stream.

        Raises:
            RemoteError: the endpoint does not let the reply go on.
        """
        if usage := getattr(chunk, "usage", None):
            self._usage = usage.model_dump() if hasattr(usage, "model_dump") else dict(usage)
        if isinstance(timings := getattr(chunk, "timings", None), dict):
            self._timings = timings
        if isinstance(progress := getattr(chunk, "prompt_progress", None), dict):
            yield self._progress(progress)
        for choice in getattr(chunk, "choices", None) or ():
            yield from self._pieces_of(choice)
            if choice.finish_reason:
                self._reason = choice.finish_reason
            if self._reason == "content_filter":
                raise RemoteError("The endpoint's content filter ended the reply")

    def finished(self, reason: StopReason | None = None) -> Finished:
        """The end, with what is known of it.

        Args:
            reason: why; as the server said by default.
        """
        timings = self.timings()
        used = _number(self._usage, "total_tokens") or (timings.prompt_tokens and timings.prompt_tokens + self._count())
        if reason is None:
            reason = StopReason.LENGTH if self._reason == "length" else StopReason.END
            if reason is StopReason.LENGTH and self._n_ctx and used >= self._n_ctx - 1:
                reason = StopReason.CONTEXT_FULL
        return Finished(reason, "", timings, used, seed=self._seed)

    def timings(self) -> Timings:
        """As the server measured them, or else by the clock here, which is marked."""
        timings = self._timings
        first = self._first - self._asked if self._pieces else None
        measured = bool(_number(timings, "predicted_n"))
        cached = _number(timings, "cache_n") if measured else self._cached_tokens()
        prompt = cached + _number(timings, "prompt_n") if measured else _number(self._usage, "prompt_tokens")
        return Timings(
            prompt_tokens=prompt or self._prompt,
            cached_tokens=cached,
            prompt_seconds=float(timings.get("prompt_ms") or 0) / 1000 if measured else 0.0,
            generated_tokens=_number(timings, "predicted_n") or self._count(),
            decode_seconds=float(timings.get("predicted_ms") or 0) / 1000 if measured else self._last - self._first,
            first_token_seconds=first,
            reasoning_tokens=_number(self._details("completion_tokens_details"), "reasoning_tokens")
            or self._thought_pieces,
            reasoning_seconds=max(0.0, (self._thought_until or self._last) - self._first)
            if self._thought_pieces
            else 0.0,
            wall_clock=not measured,
        )

    def _count(self) -> int:
        """Tokens that were generated; pieces where nobody says how many tokens they have."""
        return _number(self._usage, "completion_tokens") or self._pieces

    def _cached_tokens(self) -> int:
        return _number(self._details("prompt_tokens_details"), "cached_tokens") or self._cached

    def _details(self, name: str) -> dict[str, Any]:
        details = self._usage.get(name)
        return details if isinstance(details, dict) else {}

    def _progress(self, progress: dict[str, Any]) -> Prefilling:
        self._prompt, self._cached = _number(progress, "total"), _number(progress, "cache")
        return Prefilling(_number(progress, "processed"), self._prompt, self._cached)

    def _pieces_of(self, choice: Any) -> Iterator[Token]:
        if (delta := getattr(choice, "delta", None)) is None:
            if text := getattr(choice, "text", ""):
                yield self._token(text)
            return
        thought = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
        if isinstance(thought, str) and thought:
            begins = "" if self._thinking else f"{self._markers.start}\n"
            self._thinking = True
            self._thought_pieces += 1
            yield self._token(begins + thought)
        if text := delta.content or getattr(delta, "refusal", None) or "":
            ends = self._markers.ending if self._thinking else ""
            if self._thinking:
                self._thinking, self._thought_until = False, time.perf_counter()
            yield self._token(ends + text)

    def _token(self, text: str) -> Token:
        self._last = time.perf_counter()
        self._first = self._first or self._last
        self._pieces += 1
        position = self._prompt + self._pieces if self._prompt else 0
        return Token(NO_TOKEN, text.encode("utf-8", "replace"), text, position)


def _number(table: dict[str, Any], name: str) -> int:
    value = table.get(name)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else 0

"""Timings, in the shape of llama.cpp's own (`llama_perf_context_print`)."""

from __future__ import annotations

from collections.abc import Iterator

from tui.core.events import Timings
from tui.core.units import format_speed, speed_band


def timing_lines(timings: Timings, load_seconds: float) -> Iterator[str]:
    """The report, line by line.

    Args:
        timings: of the generation.
        load_seconds: how long the model took to load.
    """
    # As in llama.cpp, the first token comes out of prefill and is no run of its own.
    runs = max(0, timings.generated_tokens - 1)
    prefill, decode = timings.prompt_seconds, timings.decode_seconds
    tokens = timings.evaluated_tokens + timings.generated_tokens
    yield f"       load time = {_ms(load_seconds)}"
    yield f"prompt eval time = {_ms(prefill)} / {_each(prefill, timings.evaluated_tokens, 'tokens')}"
    yield f"       eval time = {_ms(decode)} / {_each(decode, runs, 'runs')}"
    yield f"      total time = {_ms(prefill + decode)} / {tokens:5d} tokens"
    if timings.first_token_seconds is not None:
        yield f"     first token = {_ms(timings.first_token_seconds)}"
    if timings.decode_speed > 0:
        yield f"           speed = {format_speed(timings.decode_speed)}, {speed_band(timings.decode_speed)}"
    if timings.wall_clock:
        yield "         (timed here by the clock: the server gave no timings)"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:10.2f} ms"


def _each(seconds: float, count: int, noun: str) -> str:
    text = f"{count:5d} {noun:6}"
    if count <= 0 or seconds <= 0:
        return text.rstrip()
    return f"{text} ({seconds * 1000 / count:8.2f} ms per token, {count / seconds:8.2f} tokens per second)"

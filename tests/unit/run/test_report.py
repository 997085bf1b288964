"""The timings have llama.cpp's shape."""

from __future__ import annotations

from tui.core.events import Timings
from tui.run.report import timing_lines


def test_the_shape() -> None:
    timings = Timings(
        prompt_tokens=12,
        cached_tokens=2,
        prompt_seconds=0.1,
        generated_tokens=65,
        decode_seconds=0.64,
        first_token_seconds=0.105,
    )
    assert list(timing_lines(timings, 0.5)) == [
        "       load time =     500.00 ms",
        "prompt eval time =     100.00 ms /    10 tokens (   10.00 ms per token,   100.00 tokens per second)",
        "       eval time =     640.00 ms /    64 runs   (   10.00 ms per token,   100.00 tokens per second)",
        "      total time =     740.00 ms /    75 tokens",
        "     first token =     105.00 ms",
        "           speed = 100 tok/s, fit for batch work",
    ]


def test_nothing_generated_has_no_speed() -> None:
    lines = list(timing_lines(Timings(prompt_tokens=3, prompt_seconds=0.1), 0.5))
    assert lines[2:] == [
        "       eval time =       0.00 ms /     0 runs",
        "      total time =     100.00 ms /     3 tokens",
    ]

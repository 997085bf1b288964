"""The model browser with 2,000 models, in a real terminal of 120×40: from a key to the last byte of its effect."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from tests.benchmarks.measure import Measurement, Setup, percentile, spread
from tests.support.program import open_program
from tests.support.sparse_models import write_many
from tests.support.terminal import PATIENCE, Terminal

MODELS = 2000
QUERIES = ("qwen3 q8", "32b instruct-v4", "elyza v1 q2_k", "gemma-2-9b v10")
QUIET = 0.08
"""Seconds without a byte after which the effect of a key is over; the description follows later, on purpose."""
CALM = 0.8
"""Seconds without a byte before a key is pressed: by then the description that the key before asked for is there."""


def browse(setup: Setup) -> Iterator[Measurement]:
    """Milliseconds from a key to the last byte of its effect in the browser of 2,000 models, 95th percentile."""
    home = setup.scratch / "browse"
    write_many(home / "models", MODELS)
    with open_program(home) as terminal:
        terminal.wait_for("F1 help")
        started = time.perf_counter()
        terminal.press("f2")
        terminal.wait_for(r"2,00\d models .* on disk")
        seconds = time.perf_counter() - started
        moving = [_settled(terminal, key) for key in _keys(setup.sizes.samples)]
        typing = [ms for query in QUERIES for ms in _typed(terminal, query)]
        sorting = [_settled(terminal, "s") for _ in range(10)]
    for what, times in (("moving", moving), ("filtering", typing), ("sorting", sorting)):
        yield Measurement(
            f"a key in the browser of 2,000 models, {what}, p95", percentile(times, 0.95), "ms", at_most=50,
            detail=spread(times, "ms"),
        )  # fmt: skip
    yield Measurement("2,000 models listed after F2, headers never read before", seconds, "s")


def _keys(samples: int) -> list[str]:
    """Steps within the view and beyond it, pages, and the ends."""
    return ["down"] * (3 * samples) + ["pagedown"] * samples + ["up"] * samples + ["end", "home"] * 3


def _settled(terminal: Terminal, key: str) -> float:
    """Milliseconds from a key to the last byte that it made the program write."""
    _wait_for_quiet(terminal, CALM)
    before, started = terminal.bytes_out, time.perf_counter()
    terminal.press(key)
    while terminal.bytes_out == before:
        if time.perf_counter() - started > PATIENCE:
            raise TimeoutError(f"{key} has no effect:\n{terminal.text}")
        time.sleep(0.0005)
    return (_wait_for_quiet(terminal, QUIET) - started) * 1000


def _wait_for_quiet(terminal: Terminal, seconds: float) -> float:
    """When the program wrote its last byte before it was quiet. The screen is not read meanwhile: that takes time."""
    written, last = terminal.bytes_out, time.perf_counter()
    while (now := time.perf_counter()) - last < seconds:
        if terminal.bytes_out != written:
            written, last = terminal.bytes_out, now
        time.sleep(0.0005)
    return last


def _typed(terminal: Terminal, query: str) -> Iterator[float]:
    """Type a query and take it back, letter by letter."""
    terminal.press("/")
    for key in [*query, *["backspace"] * (len(query) - 1)]:
        yield _settled(terminal, key)
        assert re.search(r"MODELS +[\d,]+ of 2,00\d ", terminal.lines[0]), terminal.text
    terminal.press("escape")
    terminal.wait_for(r"MODELS +2,00\d +by ")

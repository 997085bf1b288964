"""A model's measured speeds as a table and as bars: by threads, and by tokens in the context."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from tui.app.rendering.shown import shown_line
from tui.app.widgets.bar import meter
from tui.app.widgets.glyphs import Glyphs
from tui.app.widgets.lines import Line
from tui.core.units import format_bytes, format_count, format_seconds, speed_band
from tui.services.measurements import Costs, Speed

_TESTS = (("pp", "PREFILL"), ("tg", "DECODE"))
_LABEL = 19
"""Cells left of a bar: threads, depth, and the axis."""

_VALUE = 9
"""Cells right of the longest bar."""

_MOST = 60
"""Cells of the longest bar."""


def table_lines(speeds: Sequence[Speed], glyphs: Glyphs) -> list[Line]:
    """One row for each test, numbers right-aligned, in less than 76 cells."""
    plus = "+-" if glyphs.dot.isascii() else "±"
    head = f"{'test':<8}{'depth':>8}{'threads':>9}{'tok/s':>10}{plus:>8}   feels"
    lines: list[Line] = [((head, "label"),)]
    for speed in speeds:
        band = speed_band(speed.mean) if speed.test == "tg" else ""
        lines.append(
            (
                (f"{speed.test}{speed.tokens:<6}", "title"),
                (f"{format_count(speed.depth):>8}{speed.threads:>9}", "label"),
                (f"{_number(speed.mean):>10}", "value"),
                (f"{_number(speed.deviation):>8}   {band}", "label"),
            )
        )
    return lines


def plot_lines(speeds: Sequence[Speed], width: int, glyphs: Glyphs) -> list[Line]:
    """Bars for each kind of test, each on a scale of its own that starts at 0.

    Args:
        speeds: what was measured so far.
        width: cells.
        glyphs: the characters to draw with.
    """
    lines: list[Line] = []
    for test, name in _TESTS:
        if shown := [speed for speed in speeds if speed.test == test]:
            lines += [*([()] if lines else []), *_panel(name, shown, width, glyphs)]
    return lines


def _panel(name: str, speeds: Sequence[Speed], width: int, glyphs: Glyphs) -> list[Line]:
    room = max(8, min(_MOST, width - _LABEL - _VALUE))
    scale = ceiling(max(speed.mean for speed in speeds))
    lines: list[Line] = [
        ((name, "title"), ("  tok/s, by threads and by tokens that are in the context already", "label")),
        ((f"{'threads':<8}{'depth':>8}", "label"),),
    ]
    before = 0
    for speed in sorted(speeds, key=lambda speed: (speed.threads, speed.depth)):
        threads = str(speed.threads) if speed.threads != before else ""
        before = speed.threads
        filled, _ = meter(100 * speed.mean / scale, room, glyphs)
        label = f"{threads:>5}   {format_count(speed.depth):>8} "
        lines.append(
            ((label, "label"), (f" {glyphs.column}", "track"), (filled, "bar"), (f" {_number(speed.mean)}", "value"))
        )
    return [*lines, *_axis(scale, room, glyphs)]


def _axis(scale: float, room: int, glyphs: Glyphs) -> list[Line]:
    """The scale under the bars: its two ends and its middle."""
    half = room // 2
    rule = glyphs.rule * (half - 1) + glyphs.cross + glyphs.rule * (room - half - 1) + glyphs.cross
    middle, end = _number(scale / 2), _number(scale)
    text = "0" + " " * (half - 1 - len(middle) // 2) + middle
    text += " " * (room - len(text) + len(end) // 2 - len(end) + 1) + end
    lead = " " * (_LABEL - 1)
    return [((lead, ""), (glyphs.cross + rule, "track")), ((lead + text, "label"),)]


def ceiling(value: float) -> float:
    """The smallest of 1, 2, 4, 5 and 10 times a power of ten that is at least `value`."""
    power = 1.0
    while power < value:
        power *= 10
    while power / 10 >= value > 0:
        power /= 10
    return next((power * part for part in (0.2, 0.4, 0.5) if power * part >= value), power)


def cost_lines(costs: Costs, width: int) -> list[Line]:
    """What lies around the evaluation, a sentence each."""
    state = costs.state
    sentences = (
        f"The sampler chain takes {costs.sampler_seconds * 1e6:.0f} microseconds a token "
        f"({costs.threads} thread{'s' * (costs.threads != 1)}).",
        f"{100 * costs.overhead:.1f} % of the decode time lies outside llama.cpp's evaluation.",
        f"A computed conversation of {format_count(state.tokens)} tokens is {format_bytes(state.size)}: saved in "
        f"{format_seconds(state.save_seconds)}, back in {format_seconds(state.load_seconds)}.",
    )
    import textwrap

    return [((line, "label"),) for text in sentences for line in textwrap.wrap(text, max(20, width))]


def title_line(name: str, facts: str, width: int) -> Line:
    """What is measured; the name is untrusted."""
    name = shown_line(name)
    return ((name, "value"), (f"  {facts}" if cell_len(name) + cell_len(facts) + 2 <= width else "", "label"))


def _number(speed: float) -> str:
    """tok/s without the unit."""
    digits = 0 if speed >= 99.5 else 1 if speed >= 2 else 2
    return f"{speed:,.{digits}f}"

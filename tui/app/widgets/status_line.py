"""The top line: which model, what it is doing, how fast, and how full the context is.

Every number has a slot of its own width, so that only the digits that change are sent and nothing moves.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from tui.app.status import Phase, Status, model_name, quantization
from tui.app.widgets.bar import meter
from tui.app.widgets.glyphs import Glyphs, current_glyphs
from tui.app.widgets.lines import Line, LinesPane, Piece
from tui.core.text import one_line
from tui.core.units import format_bytes, format_count, format_seconds, format_speed, speed_band
from tui.monitor.sample import Sample

WIDE = 100
"""From this many cells on, the line has room for the speed in words, TTFT and a bar."""

ROOMY = 140
"""From this many cells on, prefill is told in tokens instead of percent, and TTFT has room."""

_BAND = 20
"""Cells of the longest words for a speed, `minimum for dialogue`."""


def status_line(status: Status, sample: Sample | None, width: int, glyphs: Glyphs) -> Line:
    """The line for a width.

    Args:
        status: what the engine does.
        sample: the machine's figures for a narrow line; None leaves them out.
        width: cells.
        glyphs: the characters to draw with.
    """
    wide = width >= WIDE
    slots = [_phase(status, width >= ROOMY)]
    slots += _speed(status, width) + ([] if wide else _machine(sample)) + _context(status, wide, glyphs)
    while slots and sum(_width(slot) + 2 for slot in slots) > width - 10:
        slots.pop(-2 if len(slots) > 1 else -1)
    room = width - sum(_width(slot) + 2 for slot in slots) - 1
    model = _model(status, glyphs, max(room, 4))
    return (*model, *(piece for slot in slots for piece in (("  ", ""), *slot)))


def _width(slot: Sequence[Piece]) -> int:
    return sum(cell_len(text) for text, _ in slot)


def _model(status: Status, glyphs: Glyphs, room: int) -> Line:
    if status.phase is Phase.LOADING:
        name, facts = status.loading, ""
    elif status.model is None:
        name, facts = "no model", ""
    else:
        name = model_name(status.model.path)
        facts = f" {glyphs.dot} {quantization(status.model)} {glyphs.dot} {format_bytes(status.model.size)}"
    name = one_line(name)
    if cell_len(name) > room:
        name = set_cell_size(name, room - 1).rstrip() + glyphs.ellipsis
    if cell_len(name) + cell_len(facts) > room:
        facts = ""
    fill = " " * max(0, room - cell_len(name) - cell_len(facts))
    return ((name, "model"), (facts, "label"), (fill, ""))


def _phase(status: Status, roomy: bool) -> Line:
    text, role = status.phase.value, "value"
    if status.phase is Phase.NO_MODEL:
        text = ""
    elif status.phase is Phase.LOADING:
        text, role = f"loading {100 * status.fraction:3.0f} %", "title"
    elif status.phase is Phase.PREFILL:
        percent = 100 * status.done / status.total if status.total else 0
        counts = f"prefill {format_count(status.done)}/{format_count(status.total)}"
        text, role = counts if roomy else f"prefill {percent:3.0f}%", "title"
    elif status.phase is Phase.GENERATING:
        role = "title"
    elif status.phase in (Phase.STOPPED, Phase.FAILED):
        role = "warning"
    return ((f"{text:>{22 if roomy else 13}}", role),)


def _speed(status: Status, width: int) -> list[Line]:
    text = format_speed(status.speed) if status.speed > 0 else "-" if status.model else ""
    slots: list[Line] = [((f"{text:>10}", "value"),)]
    if width >= WIDE:
        band = speed_band(status.speed) if status.speed > 0 else ""
        slots[0] = (*slots[0], (f" {band:<{_BAND}}", "label"))
    if width >= ROOMY:
        first = format_seconds(status.first_token_seconds) if status.first_token_seconds is not None else "-"
        slots.append((("first token ", "label"), (f"{first:>7}", "value")))
    return slots


def _machine(sample: Sample | None) -> list[Line]:
    if sample is None:
        return []
    ram = 100 * sample.ram_used / sample.ram_total if sample.ram_total else 0
    return [
        (("CPU ", "label"), (f"{sample.cpu_percent:3.0f}%", "value")),
        (("RAM ", "label"), (f"{ram:3.0f}%", "value")),
    ]


def _context(status: Status, wide: bool, glyphs: Glyphs) -> list[Line]:
    if status.model is None:
        return []
    size = status.model.n_ctx
    share = min(100.0, 100 * status.used / size) if size else 0.0
    total = format_count(size)
    role = "warning" if share >= 90 else "value"
    if not wide:
        return [(("ctx ", "label"), (f"{format_count(status.used):>{len(total)}}", role), (f"/{total}", "label"))]
    filled, track = meter(share, 10, glyphs)
    number = f" {format_count(status.used):>{len(total)}}"
    return [(("ctx ", "label"), (filled, "bar"), (track, "track"), (number, role), (f" / {total}", "label"))]


class StatusLine(LinesPane):
    """Draws a `Status`; told by the screen when it changes."""

    COMPONENT_CLASSES = LinesPane.COMPONENT_CLASSES | {"lines--model"}
    DEFAULT_CSS = """
    StatusLine { height: 1; padding: 0 1; background: $surface; }
    StatusLine > .lines--model { color: $primary; text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._status = Status()
        self._sample: Sample | None = None

    def show(self, status: Status) -> None:
        """Draw another status."""
        self._status = status
        self.rearrange()

    def show_sample(self, sample: Sample) -> None:
        """Draw the machine's figures, where the line is too narrow for a pane of them."""
        self._sample = sample
        if self.size.width < WIDE:
            self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The line."""
        return [status_line(self._status, self._sample, width, current_glyphs())] if width else []

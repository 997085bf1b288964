"""The top rows: which model, what it is doing, how fast, and how full the context is.

Every number has a slot of its own width, so that only the digits that change are sent and nothing moves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from tui.app.rendering.shown import shown_line
from tui.app.status import Phase, Status, model_name, quantization
from tui.app.widgets.context_meter import context_meter
from tui.app.widgets.glyphs import Glyphs, current_glyphs
from tui.app.widgets.lines import Line, LinesPane, Piece
from tui.core.units import format_bytes, format_count, format_seconds, format_speed, speed_band
from tui.monitor.sample import Sample

_BAND = 20
"""Cells of the longest words for a speed, `minimum for dialogue`."""
_MACHINE = 18
"""Cells of `CPU 100%  RAM 100%`."""


_SERVING = 10
"""Cells of `serving 64`."""

_ONE_ROW = 96
"""From this many cells on one row says it all, and the machine has a pane of its own."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much the line says.

    Attributes:
        counts: prefill in tokens instead of percent.
        band: what the speed feels like, in words.
        bar: how full the context is, as a meter.
        machine: CPU and RAM, which have a pane of their own where there is room for one.
        words: `first token` instead of TTFT.
        name: cells that the model's name keeps.
    """

    counts: bool = False
    band: bool = False
    bar: bool = False
    machine: bool = False
    words: bool = False
    name: int = 0


_WIDE = (
    Detail(counts=True, band=True, bar=True, words=True, name=36),
    Detail(band=True, bar=True, name=20),
    Detail(band=True, name=12),
)
_UPPER = (Detail(counts=True, bar=True, name=36), Detail(bar=True, name=22), Detail(name=12), Detail())
_LOWER = (Detail(band=True, machine=True), Detail(band=True), Detail())
"""What gives way, in this order, as a row gets narrower; what a row says does not depend on the figures."""
_GAP: Piece = ("  ", "")


def status_lines(
    status: Status,
    sample: Sample | None,
    width: int,
    glyphs: Glyphs,
    fill: tuple[int, int] | None = None,
    serving: str = "",
) -> list[Line]:
    """One row, or two where the terminal is narrow: model and context, then machine and speed.

    Args:
        status: what the engine does.
        sample: the machine's figures for a narrow terminal; None leaves them out.
        width: cells.
        glyphs: the characters to draw with.
        fill: tokens in the context and those of the next prompt that come to it, while nothing runs; None where that
            is not known.
        serving: what to say of a server beside the chat; empty for nothing.
    """

    def phase(detail: Detail) -> Line:
        return _phase(status, detail)

    def speed(detail: Detail) -> Line:
        return _speed(status, detail)

    def first_token(detail: Detail) -> Line:
        return _first_token(status, detail)

    def context(detail: Detail) -> Line:
        return _context(status, detail, glyphs, fill)

    def served(detail: Detail) -> Line:
        return ((f"{serving:<{_SERVING}}", "label"),) if serving else ()

    def model(room: int) -> Line:
        return _model(status, glyphs, room)

    if width >= _ONE_ROW:
        return [_row(model, (served, phase, speed, first_token, context), _WIDE, width)]
    upper = _row(model, (phase, context), _UPPER, width)
    lower = _row(lambda room: _machine(sample, room), (served, speed, first_token), _LOWER, width)
    return [upper, lower]


def _row(
    left: Callable[[int], Line], slots: Sequence[Callable[[Detail], Line]], details: Sequence[Detail], width: int
) -> Line:
    """What is on the left takes the room that the slots leave; each slot is always as wide with the same detail."""
    for detail in details:
        filled = [line for slot in slots if (line := slot(detail))]
        taken = sum(_width(line) + len(_GAP[0]) for line in filled)
        if taken + detail.name + (_MACHINE if detail.machine else 0) <= width:
            break
    return (*left(max(width - taken, 0)), *(piece for line in filled for piece in (_GAP, *line)))


def _width(slot: Sequence[Piece]) -> int:
    return sum(cell_len(text) for text, _ in slot)


def _model(status: Status, glyphs: Glyphs, room: int) -> Line:
    if status.phase is Phase.LOADING:
        name, facts = status.loading, ""
    elif status.model is None:
        name, facts = "no model", ""
    else:
        name = model_name(status.model.path)
        facts = f" {glyphs.dot} {quantization(status.model)}"
        facts += f" {glyphs.dot} {format_bytes(status.model.size)}" if status.model.size else ""
    name = shown_line(name)
    if cell_len(name) > room:
        name = (set_cell_size(name, room - 1).rstrip() + glyphs.ellipsis) if room > 3 else ""
    if cell_len(name) + cell_len(facts) > room:
        facts = facts.rpartition(f" {glyphs.dot} ")[0]  # the size is in the list of models too
    if cell_len(name) + cell_len(facts) > room:
        facts = ""
    fill = " " * max(0, room - cell_len(name) - cell_len(facts))
    return ((name, "model"), (facts, "label"), (fill, ""))


def _phase(status: Status, detail: Detail) -> Line:
    text, role = status.phase.value, "value"
    if status.phase is Phase.NO_MODEL:
        text = ""
    elif status.phase is Phase.LOADING:
        text, role = f"loading {100 * status.fraction:3.0f}%", "title"
    elif status.phase is Phase.PREFILL:
        percent = 100 * status.done / status.total if status.total else 0
        counts = f"prefill {format_count(status.done)}/{format_count(status.total)}"
        text, role = counts if detail.counts else f"prefill {percent:3.0f}%", "title"
        text = text if status.total else "waiting"  # for a server that does not tell how far it is
    elif status.phase is Phase.GENERATING:
        role = "title"
    elif status.phase in (Phase.STOPPED, Phase.FAILED):
        role = "warning"
    return ((f"{text:>{22 if detail.counts else 12}}", role),)


def _speed(status: Status, detail: Detail) -> Line:
    text = format_speed(status.speed) if status.speed > 0 else "-" if status.model else ""
    number: Piece = (f"{text:>10}", "value")
    if not detail.band:
        return (number,)
    band = speed_band(status.speed) if status.speed > 0 else ""
    return (number, (f" {band:<{_BAND}}", "label"))


def _first_token(status: Status, detail: Detail) -> Line:
    """The TTFT of the reply, as soon as there is a first token."""
    if status.model is None:
        return ()
    seconds = status.first_token_seconds
    # Above a minute in whole seconds, so that the slot stays as wide as it is.
    text = "-" if seconds is None else format_seconds(seconds) if seconds < 59.9 else f"{seconds:.0f} s"
    label = "first token " if detail.words else "TTFT "
    return ((label, "label"), (f"{text:>6}", "value"))


def _machine(sample: Sample | None, room: int) -> Line:
    if sample is None or room < _MACHINE:
        return ((" " * room, ""),)
    share = 100 * sample.ram_used / sample.ram_total if sample.ram_total else 0
    return (
        ("CPU ", "label"), (f"{sample.cpu_percent:3.0f}%", "value"),
        ("  RAM ", "label"), (f"{share:3.0f}%", "value"),
        (" " * (room - _MACHINE), ""),
    )  # fmt: skip


def _context(status: Status, detail: Detail, glyphs: Glyphs, fill: tuple[int, int] | None) -> Line:
    if status.model is None:
        return ()
    used, coming = (status.used, 0) if status.busy or fill is None else fill
    return context_meter(used, coming, status.model.n_ctx, glyphs, bar=detail.bar)


class StatusLine(LinesPane):
    """Draws a `Status`; told by the screen when it changes."""

    COMPONENT_CLASSES = LinesPane.COMPONENT_CLASSES | {"lines--model", "lines--draft"}
    DEFAULT_CSS = """
    StatusLine { padding: 0 1; background: $surface; }
    StatusLine > .lines--model { color: $primary; text-style: bold; }
    StatusLine > .lines--draft { color: $accent; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._status = Status()
        self._sample: Sample | None = None
        self._fill: tuple[int, int] | None = None
        self._serving = ""

    def show(self, status: Status) -> None:
        """Draw another status."""
        self._status = status
        self.rearrange()

    def show_sample(self, sample: Sample) -> None:
        """Draw the machine's figures, where the line is too narrow for a pane of them."""
        self._sample = sample
        self.rearrange()

    def show_serving(self, serving: str) -> None:
        """Draw that a server runs beside the chat; empty for none."""
        if serving != self._serving:
            self._serving = serving
            self.rearrange()

    def show_fill(self, fill: tuple[int, int] | None) -> None:
        """Draw what the next prompt takes: tokens in the context, and those that come to it; None for not known."""
        if fill != self._fill:
            self._fill = fill
            self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The rows."""
        if not width:
            return []
        return status_lines(self._status, self._sample, width, current_glyphs(), self._fill, self._serving)

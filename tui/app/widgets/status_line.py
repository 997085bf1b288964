"""The top line: which model, what it is doing, how fast, and how full the context is.

Every number has a slot of its own width, so that only the digits that change are sent and nothing moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from tui.app.rendering.shown import shown_line
from tui.app.status import Phase, Status, model_name, quantization
from tui.app.widgets.bar import meter
from tui.app.widgets.glyphs import Glyphs, current_glyphs
from tui.app.widgets.lines import Line, LinesPane, Piece
from tui.core.units import format_bytes, format_count, format_seconds, format_speed, speed_band
from tui.monitor.sample import Sample

_BAND = 20
"""Cells of the longest words for a speed, `minimum for dialogue`."""


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
        short: one slot for phase and speed, and the TTFT without a label.
    """

    counts: bool = False
    band: bool = False
    bar: bool = False
    machine: bool = False
    words: bool = False
    name: int = 6
    short: bool = False

    @property
    def gap(self) -> int:
        """Cells between two slots."""
        return 2 if self.band else 1


_DETAILS = (
    Detail(counts=True, band=True, bar=True, words=True, name=36),
    Detail(band=True, bar=True, name=20),
    Detail(band=True, name=12),
    Detail(machine=True, name=10),
    Detail(),
    Detail(name=0, short=True),
)
"""What gives way, in this order, as the line gets narrower; what a line says does not depend on the figures."""


def status_line(status: Status, sample: Sample | None, width: int, glyphs: Glyphs) -> Line:
    """The line for a width.

    Args:
        status: what the engine does.
        sample: the machine's figures for a narrow line; None leaves them out.
        width: cells.
        glyphs: the characters to draw with.
    """
    for detail in _DETAILS:
        slots = [slot for slot in _slots(status, sample, detail, glyphs) if slot]
        taken = sum(_width(slot) + detail.gap for slot in slots)
        if taken + detail.name <= width:
            break
    gap: Piece = (" " * detail.gap, "")
    model = _model(status, glyphs, max(width - taken, 0))
    return (*model, *(piece for slot in slots for piece in (gap, *slot)))


def _slots(status: Status, sample: Sample | None, detail: Detail, glyphs: Glyphs) -> list[Line]:
    """Each always as wide as any other with the same detail."""
    if detail.short:
        phase = _speed(status, detail) if status.phase in _SPEEDY and status.speed > 0 else _phase(status, detail)
        return [phase, _first_token(status, detail), _context(status, detail, glyphs)]
    return [
        _phase(status, detail),
        _speed(status, detail),
        _first_token(status, detail),
        _machine(sample, detail),
        _context(status, detail, glyphs),
    ]


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
    name = shown_line(name)
    if cell_len(name) > room:
        name = (set_cell_size(name, room - 1).rstrip() + glyphs.ellipsis) if room > 3 else ""
    if cell_len(name) + cell_len(facts) > room:
        facts = ""
    fill = " " * max(0, room - cell_len(name) - cell_len(facts))
    return ((name, "model"), (facts, "label"), (fill, ""))


_SPEEDY = frozenset({Phase.GENERATING, Phase.READY})
"""Phases that the speed says just as well, where there is room for one of them."""


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
    elif status.phase is Phase.GENERATING:
        role = "title"
    elif status.phase in (Phase.STOPPED, Phase.FAILED):
        role = "warning"
    return ((f"{text:>{22 if detail.counts else 12}}", role),)


def _speed(status: Status, detail: Detail) -> Line:
    text = format_speed(status.speed) if status.speed > 0 else "-" if status.model else ""
    number: Piece = (f"{text:>{12 if detail.short else 10}}", "value")
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
    label = "" if detail.short else "first token " if detail.words else "TTFT "
    return ((label, "label"), (f"{text:>6}", "value"))


def _machine(sample: Sample | None, detail: Detail) -> Line:
    if not detail.machine:
        return ()
    if sample is None:
        return ((" " * 15, ""),)
    share = 100 * sample.ram_used / sample.ram_total if sample.ram_total else 0
    return (("CPU", "label"), (f"{sample.cpu_percent:3.0f}%", "value"), (" RAM", "label"), (f"{share:3.0f}%", "value"))


def _context(status: Status, detail: Detail, glyphs: Glyphs) -> Line:
    if status.model is None:
        return ()
    size = status.model.n_ctx
    share = min(100.0, 100 * status.used / size) if size else 0.0
    total = format_count(size)
    role = "warning" if share >= 90 else "value"
    number: Piece = (f"{format_count(status.used):>{len(total)}}", role)
    if not detail.bar:
        return (("ctx ", "label"), number, (f"/{total}", "label"))
    filled, track = meter(share, 10, glyphs)
    return (("ctx ", "label"), (filled, "bar"), (track, "track"), (" ", ""), number, (f" / {total}", "label"))


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
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The line."""
        return [status_line(self._status, self._sample, width, current_glyphs())] if width else []

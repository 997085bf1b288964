"""What the machine does: processor, memory, this program, and the model's share of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from tui.app.rendering.placement_rows import bytes_here, placement_lines
from tui.app.rendering.shown import shown_line
from tui.app.widgets.bar import level, meter
from tui.app.widgets.glyphs import Glyphs, current_glyphs
from tui.app.widgets.history_graph import history_rows
from tui.app.widgets.lines import Line, LinesPane, spread
from tui.core.endpoints import address_of, place_of
from tui.core.events import ModelInfo
from tui.core.units import format_bytes
from tui.monitor.sample import Sample

HISTORY = 240
"""Samples kept for the graphs; more columns than any pane is wide."""

WIDE_CORES = 8
"""Up to this many cores get a labelled meter each; more are folded into rows of one-cell meters."""

TIGHT_PERCENT = 90.0
"""From this share of used memory on, the number is shown as a warning."""


@dataclass
class History:
    """The last samples, in percent."""

    cpu: deque[float] = field(default_factory=lambda: deque(maxlen=HISTORY))
    ram: deque[float] = field(default_factory=lambda: deque(maxlen=HISTORY))

    def add(self, sample: Sample) -> None:
        """Remember one sample."""
        self.cpu.append(sample.cpu_percent)
        self.ram.append(used_percent(sample))


def used_percent(sample: Sample) -> float:
    """Share of the memory that is in use, 0 to 100."""
    return 100 * sample.ram_used / sample.ram_total if sample.ram_total else 0.0


def percent_text(percent: float) -> str:
    """A percentage in five cells: `  7 %`, `100 %`."""
    return f"{percent:3.0f} %"


def gauge_lines(
    sample: Sample,
    history: History,
    model: ModelInfo | None,
    width: int,
    glyphs: Glyphs,
) -> list[Line]:
    """The whole pane for one sample.

    Args:
        sample: what was measured.
        history: what was measured before, `sample` included.
        model: the loaded model; None when there is none.
        width: cells.
        glyphs: the characters to draw with.
    """
    lines = [*_cpu_lines(sample, history, width, glyphs), (), *_ram_lines(sample, history, width, glyphs)]
    return [*lines, *_process_lines(sample, width), *_model_lines(sample, model, width)]


def _cpu_lines(sample: Sample, history: History, width: int, glyphs: Glyphs) -> list[Line]:
    lines = [spread([("CPU", "title")], [(percent_text(sample.cpu_percent), "value")], width)]
    lines += [((row, "bar"),) for row in history_rows(history.cpu, width, 2, glyphs)]
    return lines + core_lines(sample.core_percents, width, glyphs)


def _ram_lines(sample: Sample, history: History, width: int, glyphs: Glyphs) -> list[Line]:
    used = used_percent(sample)
    role = "warning" if used >= TIGHT_PERCENT else "value"
    filled, track = meter(used, width, glyphs)
    return [
        spread([("RAM", "title")], [(percent_text(used), role)], width),
        ((filled, "bar"), (track, "track")),
        *(((row, "bar"),) for row in history_rows(history.ram, width, 1, glyphs)),
        _amount("used", sample.ram_used, width),
        _amount("available", sample.ram_available, width),
        _amount("total", sample.ram_total, width),
    ]


def _process_lines(sample: Sample, width: int) -> list[Line]:
    cpu = [(f"{sample.process_cpu_percent:3.0f} % CPU", "label")]
    return [(), spread([("THIS PROGRAM", "title")], cpu, width), _amount("memory", sample.process_rss, width)]


def _model_lines(sample: Sample, model: ModelInfo | None, width: int) -> list[Line]:
    if model is None:
        return [(), (("MODEL", "title"), ("  none loaded", "label"))]
    if (address := address_of(model.path)) is not None:
        return [
            (),
            spread([("MODEL", "title")], [("remote", "label")], width),
            ((shown_line(f" {place_of(address[0])}"), "label"),),
        ]
    share = 100 * bytes_here(model) / sample.ram_total if sample.ram_total else 0.0
    return [
        (),
        spread([("MODEL", "title")], [(f"{share:4.1f} % of RAM", "label")], width),
        _amount("weights", model.size, width),
        _amount("KV cache", model.kv_bytes, width),
        _amount("compute", model.compute_bytes, width),
        *placement_lines(model, width),
    ]


def _amount(label: str, count: int, width: int) -> Line:
    return _fact(label, f"{format_bytes(count):>8}", width)


def _fact(label: str, value: str, width: int) -> Line:
    return spread([(" " + label, "label")], [(value, "value")], width)


def core_lines(percents: Sequence[float], width: int, glyphs: Glyphs) -> list[Line]:
    """A meter for each core: two labelled ones in a row, or with many cores one cell each.

    Args:
        percents: one value for each core, 0 to 100.
        width: cells.
        glyphs: the characters to draw with.
    """
    if len(percents) <= 1:
        return []
    return _meters(percents, width, glyphs) if len(percents) <= WIDE_CORES else _cells(percents, width, glyphs)


def _meters(percents: Sequence[float], width: int, glyphs: Glyphs) -> list[Line]:
    columns = 2 if width >= 24 else 1
    each = (width - 2 * (columns - 1)) // columns
    lines: list[Line] = []
    for start in range(0, len(percents), columns):
        pieces: list[tuple[str, str]] = []
        for core in range(start, min(start + columns, len(percents))):
            filled, track = meter(percents[core], max(1, each - 7), glyphs)
            gap = "  " if core > start else ""
            pieces += [(f"{gap}{core:>2} ", "label"), (filled, "bar"), (track, "track")]
            pieces.append((f"{percents[core]:4.0f}", "value"))
        lines.append(tuple(pieces))
    return lines


def _cells(percents: Sequence[float], width: int, glyphs: Glyphs) -> list[Line]:
    digits = len(str(len(percents) - 1))
    most = max(1, width - digits - 1)
    each = next((size for size in (32, 16, 8) if size <= most), most)
    lines: list[Line] = []
    for start in range(0, len(percents), each):
        row = "".join(level(percent, glyphs) for percent in percents[start : start + each])
        lines.append(((f"{start:>{digits}} ", "label"), (row, "bar")))
    return lines


class GaugesPane(LinesPane):
    """Processor, memory and the model's share, with their history on a fixed scale."""

    DEFAULT_CSS = """
    GaugesPane { padding: 0 1; }
    """

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(name=name, id=id, classes=classes)
        self._history = History()
        self._sample: Sample | None = None
        self._model: ModelInfo | None = None

    def show(self, sample: Sample, model: ModelInfo | None) -> None:
        """Draw a new sample.

        Args:
            sample: what was measured.
            model: the loaded model; None when there is none.
        """
        self._history.add(sample)
        self._sample, self._model = sample, model
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The pane's lines; one that says so before the first sample."""
        if self._sample is None:
            return [(("CPU", "title"), ("  measuring", "label"))]
        return gauge_lines(self._sample, self._history, self._model, width, current_glyphs())

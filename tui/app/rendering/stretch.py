"""A stretch of a row of the terminal: its cells and styles, and where another one differs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import and_, eq
from typing import NamedTuple

from rich.color import ColorSystem
from textual.strip import Strip

from tui.app.rendering.cells import cells_of
from tui.app.rendering.sgr import on_blanks

_SOLID = re.compile(b"\0+")
_CHANGED = re.compile(b"\0+(?:\1{1,3}\0+)*")
"""Cells that changed. Up to three between them are written again: to skip them takes a sequence as long."""


class Stretch(NamedTuple):
    """Cells beside each other in one row.

    Attributes:
        texts: the text of each run of one style.
        looks: the style of each run, as `sgr` has them.
        cells: what each cell holds, the second one of a wide character an empty text.
        styles: the style of each cell.
        runs: where each run ends, its style, and whether it is blank.
        sure: whether all terminals draw it as wide as that.
    """

    texts: list[str]
    looks: list[str]
    cells: Sequence[str]
    styles: list[str]
    runs: list[tuple[int, str, bool]]
    sure: bool


def stretch_of(strip: Strip, colors: ColorSystem, known: Stretch | None) -> Stretch:
    """The cells of what a widget drew.

    Args:
        strip: what it drew.
        colors: those that the terminal knows.
        known: what was drawn there before.

    Returns:
        `known` where it is the same.
    """
    segments = strip._segments
    texts = [text for text, _, _ in segments]
    looks = [
        "" if style is None else look if (look := style._ansi) is not None else Strip.render_ansi(style, colors)
        for _, style, _ in segments
    ]
    if known is not None and known[0] == texts and known[1] == looks:
        return known
    text = "".join(texts)
    if text.isascii() and text.isprintable():
        return Stretch(texts, looks, text, *_styled(texts, looks, [len(text) for text in texts]), True)
    found = [cells_of(text) for text in texts]
    cells = [cell for here, _ in found for cell in here]
    styled = _styled(texts, looks, [len(here) for here, _ in found])
    return Stretch(texts, looks, cells, *styled, all(sure for _, sure in found))


def _styled(texts: list[str], looks: list[str], widths: list[int]) -> tuple[list[str], list[tuple[int, str, bool]]]:
    """The style of each cell, and the runs."""
    styles: list[str] = []
    runs: list[tuple[int, str, bool]] = []
    for text, look, width in zip(texts, looks, widths, strict=True):
        if width:
            blank = text.isspace()
            style = on_blanks(look) if blank else look
            styles += [style] * width
            runs.append((len(styles), style, blank))
    return styles, runs


def changed_cells(old: Stretch | None, new: Stretch) -> list[tuple[int, int]]:
    """Where a stretch differs from what was there, as runs of cells: the first of each, and the one after its last.

    Small gaps are bridged, and wide characters are never cut.
    """
    _, _, cells, styles, _, _ = new
    if old is None or len(old.cells) != len(cells):
        return [(0, len(cells))]
    same = bytes(map(eq, old.cells, cells))
    if old.styles != styles:
        same = bytes(map(and_, same, map(eq, old.styles, styles)))
    runs = [found.span() for found in _CHANGED.finditer(same)]
    if len(new.runs) > 1:
        runs = [part for run in runs for part in _without_styled_gaps(same, styles, *run)]
    return runs if isinstance(cells, str) else [_whole(cells, *run) for run in runs]


def _without_styled_gaps(same: bytes, styles: list[str], start: int, end: int) -> list[tuple[int, int]]:
    """A run, cut where bridging a gap would take another style."""
    if styles[start] is styles[end - 1] or 1 not in same[start:end]:
        return [(start, end)]
    parts = [found.span() for found in _SOLID.finditer(same, start, end)]
    joined = [parts[0]]
    for first, last in parts[1:]:
        before, at = joined[-1]
        if styles[at:first].count(styles[at - 1]) == first - at:
            joined[-1] = before, last
        else:
            joined.append((first, last))
    return joined


def _whole(cells: Sequence[str], start: int, end: int) -> tuple[int, int]:
    """A run with all of its first and its last character."""
    while start and not cells[start]:
        start -= 1
    while end < len(cells) and not cells[end]:
        end += 1
    return start, end

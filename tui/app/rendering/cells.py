"""A piece of a row as the cells of a terminal."""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import get_character_cell_size, split_graphemes

_SURE = re.compile(
    "[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf"
    "\u2100-\u2199\u2200-\u22ff\u2500-\u25fc\u2713\u2717\u276e\u276f\u2800-\u28ff"
    "\u3000-\u3029\u3031-\u303e\u3041-\u3096\u309b-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60]*"
)
"""Characters that every terminal draws as wide as the layout takes them to be."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b]")
"""What has no cell; a space without width only keeps the number of characters, and terminals differ on it."""


def cells_of(text: str) -> tuple[list[str], bool]:
    """The characters of a text, cell by cell.

    Control characters have no cell, and are left out.

    Args:
        text: what is written from one cell on.

    Returns:
        What each cell holds, and whether all terminals agree on that. The second cell of a wide character holds an
        empty text; a mark without width is in the cell of the character before it.
    """
    if text.isascii() and text.isprintable():
        return list(text), True
    cells, sure = _cells_of_any(text)
    return list(cells), sure


@lru_cache(1024)
def _cells_of_any(text: str) -> tuple[tuple[str, ...], bool]:
    text = _CONTROL.sub("", text)
    cells: list[str] = []
    if _SURE.fullmatch(text):
        for character in text:
            cells.append(character)
            if get_character_cell_size(character) == 2:
                cells.append("")
        return tuple(cells), True
    for start, end, width in split_graphemes(text)[0]:
        if width:
            cells += (text[start:end], *[""] * (width - 1))
    return tuple(cells), False

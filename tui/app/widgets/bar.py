"""Meters: a share of a whole as a row of cells, or as one cell."""

from __future__ import annotations

from tui.app.widgets.glyphs import Glyphs


def meter(percent: float, width: int, glyphs: Glyphs) -> tuple[str, str]:
    """A horizontal meter on a fixed scale of 0 to 100 %.

    Args:
        percent: the share; values outside 0 to 100 are drawn as the nearer end.
        width: cells.
        glyphs: the characters to draw with.

    Returns:
        The filled cells and the empty ones, together `width` cells; anything above zero shows.
    """
    steps = len(glyphs.fills) - 1
    share = min(100.0, max(0.0, percent)) / 100
    filled = round(share * width * steps)
    if share > 0 and width > 0:
        filled = max(1, filled)
    whole, rest = divmod(filled, steps)
    text = glyphs.fills[-1] * whole + (glyphs.fills[rest] if rest else "")
    return text, glyphs.track * (width - len(text))


def level(percent: float, glyphs: Glyphs) -> str:
    """One cell, filled from below on a fixed scale of 0 to 100 %; idle still draws the lowest mark."""
    steps = len(glyphs.rises) - 1
    share = min(100.0, max(0.0, percent)) / 100
    return glyphs.rises[max(1, round(share * steps))]

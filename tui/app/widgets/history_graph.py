"""A graph of the last values, newest at the right, on a fixed scale of 0 to 100 %."""

from __future__ import annotations

from collections.abc import Sequence

from tui.app.widgets.glyphs import Glyphs


def history_rows(percents: Sequence[float], width: int, height: int, glyphs: Glyphs) -> list[str]:
    """Draw `percents`, one column for each value.

    The scale never follows the values: half of the height always means 50 %, so that a calm machine looks
    calm. A column with a value always shows at least the lowest mark; columns without one are blank.

    Args:
        percents: oldest first; only the last `width` are drawn.
        width: cells in a row.
        height: rows.
        glyphs: the characters to draw with.

    Returns:
        `height` rows, the top one first, each exactly `width` cells.
    """
    shown = list(percents)[-width:] if width > 0 else []
    steps = len(glyphs.rises) - 1
    columns = [_column(value, height, steps) for value in shown]
    blank = " " * (width - len(shown))
    rows = []
    for row in range(height):
        base = (height - 1 - row) * steps
        rows.append(blank + "".join(glyphs.rises[min(steps, max(0, filled - base))] for filled in columns))
    return rows


def _column(percent: float, height: int, steps: int) -> int:
    share = min(100.0, max(0.0, percent)) / 100
    return max(1, round(share * height * steps))

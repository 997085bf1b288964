"""How full the context is: what is computed, what comes to it, what is free, each drawn in its own way."""

from __future__ import annotations

from tui.app.widgets.bar import meter
from tui.app.widgets.glyphs import Glyphs
from tui.app.widgets.lines import Line
from tui.core.units import format_count

_CELLS = 10


def context_meter(used: int, coming: int, size: int, glyphs: Glyphs, *, bar: bool) -> Line:
    """`ctx ███▒▒····· 1,204 / 4,096`, or the numbers alone.

    Args:
        used: tokens in the KV cache.
        coming: tokens that the next prompt adds to them.
        size: tokens that the context holds; 0 where that is unknown.
        glyphs: the characters to draw with.
        bar: whether there is room for the bar.
    """
    if size <= 0:  # a remote model whose server does not say
        return (
            ("ctx ", "label"),
            (f"{format_count(used + coming) if used + coming else '-':>6}", "value"),
            (" / ?", "label"),
        )
    whole = format_count(size)
    role = "warning" if 10 * (used + coming) >= 9 * size else "value"
    number = (f"{format_count(used + coming):>{len(whole)}}", role)
    if not bar:
        return (("ctx ", "label"), number, (f"/{whole}", "label"))
    filled, drafted, free = context_bar(used, coming, size, _CELLS, glyphs)
    cells = ((filled, "bar"), (drafted, "draft"), (free, "track"))
    return (("ctx ", "label"), *(piece for piece in cells if piece[0]), (" ", ""), number, (f" / {whole}", "label"))


def context_bar(used: int, coming: int, size: int, width: int, glyphs: Glyphs) -> tuple[str, str, str]:
    """The three parts of the bar, together `width` cells; whatever is more than nothing shows."""
    filled, free = meter(100 * used / size if size else 0, width, glyphs)
    if coming <= 0 or not size:
        return filled, "", free
    if not free:
        filled = filled[:-1]
    room = width - len(filled)
    cells = min(room, max(1, round(coming / size * width)))
    return filled, glyphs.drafted * cells, glyphs.track * (room - cells)

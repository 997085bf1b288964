"""What the terminal shows, to send it only the cells that are to change.

Textual sends each changed line of a widget in full, each stretch of it with its colours. At the far end of an SSH
link, where this program is at home, that is hundreds of bytes for every word of a reply.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.color import ColorSystem
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Offset
from textual.strip import Strip

from tui.app.rendering.stretch import Stretch, changed_cells, stretch_of
from tui.app.rendering.terminal_pen import TerminalPen


class TerminalPicture:
    """The rows of a terminal as they were sent last.

    A row is known in the stretches that Textual cuts it into, from one edge of a widget to the next. Where text stands
    of which terminals disagree how wide it is (emoji, marks without width), a change is sent as if nothing was known:
    what one terminal draws elsewhere than another must not stay behind.
    """

    def __init__(self) -> None:
        self._rows: list[dict[int, Stretch]] = []
        self._ends: list[list[int]] = []

    def forget(self) -> None:
        """Somebody else wrote to the terminal, or it may have lost what it showed."""
        self._rows = []
        self._ends = []

    def draw(self, update: LayoutUpdate | ChopsUpdate, colors: ColorSystem, cursor: Offset) -> str:
        """Take over what is to be shown.

        Args:
            update: what Textual would send. A whole screen is sent as a whole: that puts right whatever was wrong.
            colors: those that the terminal knows.
            cursor: where the terminal's own cursor belongs.

        Returns:
            What to send; empty when the terminal shows all of it already.
        """
        pen = TerminalPen()
        if isinstance(update, LayoutUpdate):
            self.forget()
            for y, strips in _rows_of_layout(update):
                self._cut(y, [x + strip.cell_length for x, strip in strips])
                self._draw_stretches(pen, y, strips, colors)
        else:
            for y, ends, strips in _rows_of_chops(update):
                self._cut(y, ends)
                self._draw_stretches(pen, y, strips, colors)
        return pen.finished(cursor)

    def _cut(self, y: int, ends: list[int]) -> None:
        """Cut a row at these columns; one that was cut elsewhere is not known."""
        while y >= len(self._rows):
            self._rows.append({})
            self._ends.append([])
        if self._ends[y] != ends:
            self._ends[y] = ends
            self._rows[y].clear()

    def _draw_stretches(self, pen: TerminalPen, y: int, strips: list[tuple[int, Strip]], colors: ColorSystem) -> None:
        """Draw neighbouring stretches of one row, in the order of their columns."""
        row = self._rows[y]
        drawn: list[tuple[int, Stretch | None, Stretch]] = []
        same = sure = True
        for x, strip in strips:
            old = row.get(x)
            new = stretch_of(strip, colors, old)
            drawn.append((x, old, new))
            if new is not old:
                same = False
            if not new.sure or (old is not None and not old.sure):
                sure = False
        if same:
            return
        for x, old, new in drawn:
            row[x] = new
            if not sure:
                pen.lift()  # where it stands now is as doubtful as the text
                pen.write(x, y, new, 0, len(new.cells))
            elif new is not old:
                for start, end in changed_cells(old, new):
                    pen.write(x, y, new, start, end)
        if not sure:
            pen.lift()


def _rows_of_layout(update: LayoutUpdate) -> Iterator[tuple[int, list[tuple[int, Strip]]]]:
    for y, strips in enumerate(update.strips, update.region.y):
        x, drawn = update.region.x, []
        for strip in strips:
            drawn.append((x, strip))
            x += strip.cell_length
        yield y, drawn


def _rows_of_chops(update: ChopsUpdate) -> Iterator[tuple[int, list[int], list[tuple[int, Strip]]]]:
    """Every stretch of which a part is to be drawn."""
    for y, x1, x2 in update.spans:
        ends = update.chop_ends[y]
        pairs = zip(ends, update.chops[y].items(), strict=False)
        yield y, ends, [(x, strip) for end, (x, strip) in pairs if x < x2 and end > x1 and strip is not None]

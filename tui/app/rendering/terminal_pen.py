"""Writes cells to the terminal: goes there, takes the style, writes."""

from __future__ import annotations

from textual.geometry import Offset

from tui.app.rendering.sgr import RESET, change
from tui.app.rendering.stretch import Stretch


class TerminalPen:
    """Collects what is sent for one update; knows where the terminal writes next, and in which style."""

    def __init__(self) -> None:
        self._sent: list[str] = []
        self._style = ""
        self._x = self._y = -1

    def lift(self) -> None:
        """Where the terminal writes next is not known."""
        self._y = -1

    def write(self, x: int, y: int, stretch: Stretch, start: int, end: int) -> None:
        """Write some cells of a stretch.

        Args:
            x: the column of the stretch.
            y: its row.
            stretch: what is written.
            start: the first of its cells that is written.
            end: the one after the last.
        """
        sent = self._sent
        if y != self._y:
            sent.append(f"\x1b[{y + 1};{x + start + 1}H")
        elif x + start != self._x:
            sent.append(f"\x1b[{x + start - self._x}C")
        self._x, self._y = x + end, y
        cells = stretch.cells
        for stop, style, blank in stretch.runs:
            if stop <= start:
                continue
            if style != self._style:
                sequence, self._style = change(self._style, style, blank)
                sent.append(sequence)
            here = cells[start : min(stop, end)]
            sent.append(here if isinstance(here, str) else "".join(here))
            if stop >= end:
                return
            start = stop

    def finished(self, cursor: Offset) -> str:
        """All that is to be sent; the terminal's cursor then is where it belongs, and its style its own."""
        if not self._sent:
            return ""
        if self._style:
            self._sent.append(RESET)
        self._sent.append(f"\x1b[{cursor.y + 1};{cursor.x + 1}H")
        return "".join(self._sent)

"""What the terminal shows, to send it only the cells that are to change.

Textual sends each changed line of a widget in full, each stretch of it with its colours. At the far end of an SSH
link, where this program is at home, that is hundreds of bytes for every word of a reply.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.color import ColorSystem
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Offset, Size
from textual.strip import Strip

from tui.app.rendering.cells import cells_of
from tui.app.rendering.sgr import RESET, change, on_blanks

_GAP = 3
"""So many cells are written again rather than skipped, which takes a sequence of about as many bytes."""


class Piece(NamedTuple):
    """A stretch of a row.

    Attributes:
        x: its first column.
        cells: what each cell holds, the second one of a wide character an empty text.
        styles: the style of each cell, as `sgr` has them.
        doubtful: whether terminals may draw it wider or narrower than that.
    """

    x: int
    cells: list[str]
    styles: list[str]
    doubtful: bool


class TerminalPicture:
    """The cells of a terminal as they were sent last; None is a cell of which nothing is known.

    Where text stands of which terminals disagree how wide it is (emoji, marks without width), a change is sent as if
    nothing was known of that stretch: what one terminal draws elsewhere than another must not stay behind.
    """

    def __init__(self) -> None:
        self._size = Size(0, 0)
        self.forget()

    def forget(self) -> None:
        """Somebody else wrote to the terminal, or it may have lost what it showed."""
        width, height = self._size
        self._cells: list[list[str | None]] = [[None] * width for _ in range(height)]
        self._styles = [[""] * width for _ in range(height)]
        self._doubtful: list[set[int]] = [set() for _ in range(height)]

    def draw(self, update: LayoutUpdate | ChopsUpdate, colors: ColorSystem, cursor: Offset) -> str:
        """Take over what is to be shown.

        Args:
            update: what Textual would send. A whole screen is sent as a whole: that puts right whatever was wrong.
            colors: those that the terminal knows.
            cursor: where the terminal's own cursor belongs.

        Returns:
            What to send; empty when the terminal shows all of it already.
        """
        pen = _Pen()
        if isinstance(update, LayoutUpdate):
            self._size = update.region.size
            self.forget()
            rows = _rows_of_layout(update)
        else:
            self._resize(Size(max(ends[-1] for ends in update.chop_ends), len(update.chop_ends)))
            rows = _rows_of_chops(update)
        for y, strips in rows:
            if pieces := [_piece(x, strip, colors) for x, strip in strips]:
                self._draw_row(pen, y, pieces)
        return pen.finished(cursor)

    def _resize(self, size: Size) -> None:
        if size != self._size:
            self._size = size
            self.forget()

    def _draw_row(self, pen: _Pen, y: int, pieces: list[Piece]) -> None:
        """Draw neighbouring pieces of one row, in the order of their columns."""
        doubts = self._doubtful[y]
        if not any(piece.doubtful for piece in pieces):
            touched = range(pieces[0].x, pieces[-1].x + len(pieces[-1].cells))
            if not doubts or doubts.isdisjoint(touched):
                for piece in pieces:
                    self._draw_changes(pen, y, piece)
                return
        if all(self._shows(y, piece) for piece in pieces):
            return
        for piece in pieces:
            pen.lift()  # where it stands now is as doubtful as the text
            self._write(pen, y, piece, 0, len(piece.cells))
            here = range(piece.x, piece.x + len(piece.cells))
            doubts.update(here) if piece.doubtful else doubts.difference_update(here)
        pen.lift()

    def _shows(self, y: int, piece: Piece) -> bool:
        part = slice(piece.x, piece.x + len(piece.cells))
        return self._cells[y][part] == piece.cells and self._styles[y][part] == piece.styles

    def _draw_changes(self, pen: _Pen, y: int, piece: Piece) -> None:
        x, cells, styles, _ = piece
        part = slice(x, x + len(cells))
        old_cells, old_styles = self._cells[y][part], self._styles[y][part]
        if old_cells == cells and old_styles == styles:
            return
        pairs = zip(old_cells, cells, old_styles, styles, strict=True)
        changed = [at for at, (was, now, old, new) in enumerate(pairs) if was != now or old != new]
        for start, end in _runs(changed, styles):
            # A wide character is written whole.
            while not cells[start] and start:
                start -= 1
            while end < len(cells) and not cells[end]:
                end += 1
            self._write(pen, y, piece, start, end)

    def _write(self, pen: _Pen, y: int, piece: Piece, start: int, end: int) -> None:
        """Write some cells of a piece."""
        pen.write(y, piece, start, end)
        row = self._cells[y]
        first, last = piece.x + start, piece.x + end
        # Half of a wide character was written over: what the other half shows is the terminal's choice.
        if first and row[first] == "":
            row[first - 1] = None
        if last < len(row) and row[last] == "":
            row[last] = None
        row[first:last] = piece.cells[start:end]
        self._styles[y][first:last] = piece.styles[start:end]


class _Pen:
    """Collects what is sent for one update; knows where the terminal writes next, and in which style."""

    def __init__(self) -> None:
        self._sent: list[str] = []
        self._style = ""
        self._x = self._y = -1

    def lift(self) -> None:
        """Where the terminal writes next is not known."""
        self._y = -1

    def write(self, y: int, piece: Piece, start: int, end: int) -> None:
        """Write some cells of a piece."""
        _, cells, styles, _ = piece
        send = self._sent.append
        self._move(piece.x + start, y)
        while start < end:
            style = styles[start]
            stop = start + 1
            while stop < end and styles[stop] == style:
                stop += 1
            text = "".join(cells[start:stop])
            sequence, self._style = change(self._style, style, not text.strip(" "))
            send(sequence)
            send(text)
            start = stop
        self._x = piece.x + end

    def finished(self, cursor: Offset) -> str:
        """All that is to be sent; the terminal's cursor then is where it belongs, and its style its own."""
        if not self._sent:
            return ""
        if self._style:
            self._sent.append(RESET)
        self._sent.append(f"\x1b[{cursor.y + 1};{cursor.x + 1}H")
        return "".join(self._sent)

    def _move(self, x: int, y: int) -> None:
        if y != self._y:
            self._sent.append(f"\x1b[{y + 1};{x + 1}H")
        elif x != self._x:
            self._sent.append(f"\x1b[{x - self._x}C")
        self._x, self._y = x, y


def _piece(x: int, strip: Strip, colors: ColorSystem) -> Piece:
    cells: list[str] = []
    styles: list[str] = []
    sure = True
    for text, style, _ in strip:
        here, steady = cells_of(text)
        sure = sure and steady
        look = ""
        if style is not None:
            look = Strip.render_ansi(style, colors) if style._ansi is None else style._ansi
        cells += here
        styles += [look if text.strip(" ") else on_blanks(look)] * len(here)
    return Piece(x, cells, styles, not sure)


def _runs(changed: list[int], styles: list[str]) -> Iterator[tuple[int, int]]:
    """Cells that changed as runs: the first of each, and the one after its last. Small gaps are bridged."""
    if not changed:
        return
    start = last = changed[0]
    for at in changed:
        if at - last > 1 and (at - last > _GAP + 1 or any(style != styles[last] for style in styles[last + 1 : at])):
            yield start, last + 1
            start = at
        last = at
    yield start, last + 1


def _rows_of_layout(update: LayoutUpdate) -> Iterator[tuple[int, list[tuple[int, Strip]]]]:
    for y, strips in enumerate(update.strips, update.region.y):
        x, pieces = update.region.x, []
        for strip in strips:
            pieces.append((x, strip))
            x += strip.cell_length
        yield y, pieces


def _rows_of_chops(update: ChopsUpdate) -> Iterator[tuple[int, list[tuple[int, Strip]]]]:
    """The same stretches as Textual sends."""
    for y, x1, x2 in update.spans:
        pieces = []
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x > x2 or end <= x1:
                continue
            whole = x1 <= x < x2 and end <= x2
            pieces.append((x, strip if whole else strip.crop(0, min(end, x2) - x)))
        yield y, pieces

"""What a terminal shows after the bytes a program wrote to it: cells, modes, and whether wide characters are whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyte
from pyte.screens import Char
from wcwidth import wcwidth

_SEQUENCE = re.compile(
    rb"\x1b\[\?(?P<modes>[0-9;]+)(?P<switch>[hl])"
    rb"|\x1b\[(?P<keyboard>[<>=?])[0-9;]*u"
    rb"|\x1b\[[<>=?][0-9;]*[@-~]"
    rb"|\x1b\[[0-9;?]*[ -/]+[@-~]"
    rb"|\x1b[P\]_^X].*?(?:\x1b\\|\x07)",
    re.DOTALL,
)
"""Private modes, the keyboard protocol, and sequences that pyte would print instead of ignoring them."""

_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[P\]_^X](?:(?!\x1b\\|\x07).)*)?\Z", re.DOTALL)
"""An escape sequence of which the end has not been read yet."""

AUTOWRAP, CURSOR, ALTERNATE_SCREEN, BRACKETED_PASTE = 7, 25, 1049, 2004
USUAL_MODES = frozenset({AUTOWRAP, CURSOR})
"""Private modes that are on in a terminal in which no program runs."""


class TerminalScreen:
    """A screen that is fed with bytes.

    Args:
        columns: its width in cells.
        rows: its height in cells.

    Attributes:
        modes: private modes that are on.
        keyboard_depth: how often the keyboard protocol was switched on without being switched off again.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._rest = b""
        self.modes = set(USUAL_MODES)
        self.keyboard_depth = 0

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self._screen.columns, self._screen.lines

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row of the cursor, from 0."""
        return self._screen.cursor.x, self._screen.cursor.y

    def resize(self, columns: int, rows: int) -> None:
        """Take another size."""
        self._screen.resize(rows, columns)

    def feed(self, data: bytes) -> None:
        """Show what a program wrote; a sequence may be cut anywhere."""
        data = self._rest + data
        cut = _UNFINISHED.search(data)
        data, self._rest = (data[: cut.start()], data[cut.start() :]) if cut else (data, b"")
        self._stream.feed(_SEQUENCE.sub(self._take, data))

    def cell(self, column: int, row: int) -> Char:
        """One cell; `data` is empty for the second half of a wide character."""
        return self._screen.buffer[row][column]

    def row(self, row: int) -> dict[int, Char]:
        """The cells of a row that were ever written to, by column."""
        return dict(self._screen.buffer[row])

    def lines(self) -> list[str]:
        """The rows as text, a wide character once, without the spaces at the end."""
        columns, rows = self.size
        return ["".join(self.cell(x, y).data for x in range(columns)).rstrip() for y in range(rows)]

    def torn(self) -> list[str]:
        """Where half a wide character stands alone; empty when all are whole."""
        return list(self._torn())

    def _torn(self) -> Iterator[str]:
        columns, rows = self.size
        for y in range(rows):
            cells = [self.cell(x, y).data for x in range(columns)]
            for x, data in enumerate(cells):
                wide = bool(data) and wcwidth(data[0]) == 2
                if wide and (x + 1 == columns or cells[x + 1]):
                    yield f"row {y}, column {x}: {data!r} lost its second half"
                if not data and (x == 0 or wcwidth((cells[x - 1] or " ")[0]) != 2):
                    yield f"row {y}, column {x}: a second half without its character"

    def _take(self, found: re.Match[bytes]) -> bytes:
        if found["keyboard"]:
            self.keyboard_depth += {b">": 1, b"<": -1}.get(found["keyboard"], 0)
        if not found["modes"]:
            return b""
        modes = {int(mode) for mode in found["modes"].split(b";") if mode}
        self.modes = self.modes | modes if found["switch"] == b"h" else self.modes - modes
        return found[0]

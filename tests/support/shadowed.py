"""An application whose terminal is compared, after each update, with one that is sent everything Textual would send."""

from __future__ import annotations

import re
from typing import Any
from unicodedata import normalize

from pyte.screens import Char
from rich.console import RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.drivers.headless_driver import HeadlessDriver
from textual.screen import Screen

from tests.support.terminal_screen import TerminalScreen
from tui.app.drawing import Drawing

_MARKS = re.compile("[\u0300-\u036f]")


class Recorded(HeadlessDriver):
    """A driver that keeps what is written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.written: list[str] = []

    @property
    def is_headless(self) -> bool:
        """What is drawn is wanted."""
        return False

    def write(self, data: str) -> None:
        """Keep it."""
        self.written.append(data)


class Shadow:
    """Watches what an application draws.

    Args:
        app: an application that does not run yet; to be run with `run_test(headless=False)`.

    Attributes:
        updates: how many updates were drawn.
        sent: characters that the application sent.
        usual: characters that Textual would have sent.
    """

    def __init__(self, app: Drawing) -> None:
        app.driver_class = Recorded
        self._app = app
        self._draw = app._display
        self.ours = self.theirs = TerminalScreen(1, 1)
        self.updates = self.sent = self.usual = 0
        app._display = self._display  # type: ignore[method-assign]

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        drawn = isinstance(renderable, (LayoutUpdate, ChopsUpdate)) and not self._app._batch_count
        if not drawn:
            self._draw(screen, renderable)
            return
        assert isinstance(renderable, (LayoutUpdate, ChopsUpdate)) and isinstance(self._app._driver, Recorded)
        if isinstance(renderable, LayoutUpdate):
            self._resize(*renderable.region.size)
        # Without the switches of modes: both are terminals that do not wrap.
        usual = renderable.render_segments(self._app.console)
        self._app._driver.written.clear()
        self._draw(screen, renderable)
        sent = "".join(self._app._driver.written)
        self.theirs.feed(usual.encode())
        self.ours.feed(sent.encode())
        self.updates += 1
        self.usual += len(usual)
        self.sent += len(sent)

    def _resize(self, columns: int, rows: int) -> None:
        if self.ours.size != (columns, rows):
            self.ours, self.theirs = TerminalScreen(columns, rows), TerminalScreen(columns, rows)
            for terminal in (self.ours, self.theirs):
                terminal.feed(b"\x1b[?7l")

    def wrong(self) -> list[str]:
        """What the terminal shows in the place of what it should; to be asked when the application has settled.

        Textual itself leaves something behind for a moment, where a screen draws a part of itself before all of it.
        So where the two terminals differ, what the screen would draw now is right.
        """
        columns, rows = self.ours.size
        different = [
            (x, y)
            for y in range(rows)
            if self.ours.row(y) != self.theirs.row(y)
            for x in range(columns)
            if seen(self.ours.cell(x, y)) != seen(self.theirs.cell(x, y))
        ]
        if not different:
            return []
        right = TerminalScreen(columns, rows)
        compositor = self._app.screen._compositor
        all_of_it = LayoutUpdate([[strip] for strip in compositor.render_strips()], compositor.size.region)
        right.feed(b"\x1b[?7l" + all_of_it.render_segments(self._app.console).encode())
        return [
            f"update {self.updates}, row {y}, column {x}: {self.ours.cell(x, y)} instead of {right.cell(x, y)}\n"
            f"{self.ours.lines()[y]!r} instead of\n{right.lines()[y]!r}"
            for x, y in different
            if seen(self.ours.cell(x, y)) != seen(right.cell(x, y))
        ]


def seen(cell: Char) -> tuple[object, ...]:
    """What a person sees of a cell: of a blank one, not the colour of its text.

    Not the marks on a character: where a stretch of a row begins with one, Textual puts it on the character before.
    """
    if cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough):
        return (" ", cell.bg)
    return (_MARKS.sub("", normalize("NFD", cell.data)), *cell[1:])

"""An application whose terminal is compared, after each update, with one that is sent everything Textual would send."""

from __future__ import annotations

from typing import Any

from pyte.screens import Char
from rich.console import RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.drivers.headless_driver import HeadlessDriver
from textual.screen import Screen

from tests.support.terminal_screen import TerminalScreen
from tui.app.drawing import Drawing


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
        wrong: what the terminal showed in the place of what it should have.
        updates: how many updates were drawn.
        sent: characters that the application sent.
        usual: characters that Textual would have sent.
    """

    def __init__(self, app: Drawing) -> None:
        app.driver_class = Recorded
        self._app = app
        self._draw = app._display
        self.ours = self.theirs = TerminalScreen(1, 1)
        self.wrong: list[str] = []
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
        self._compare(type(renderable).__name__)

    def _resize(self, columns: int, rows: int) -> None:
        if self.ours.size != (columns, rows):
            self.ours, self.theirs = TerminalScreen(columns, rows), TerminalScreen(columns, rows)
            for terminal in (self.ours, self.theirs):
                terminal.feed(b"\x1b[?7l")

    def _compare(self, what: str) -> None:
        columns, rows = self.ours.size
        for y in range(rows):
            if self.ours.row(y) == self.theirs.row(y):
                continue
            for x in range(columns):
                ours, theirs = self.ours.cell(x, y), self.theirs.cell(x, y)
                if seen(ours) != seen(theirs):
                    self.wrong.append(
                        f"{what} {self.updates}: row {y}, column {x}: {ours} instead of {theirs}\n"
                        f"{self.ours.lines()[y]!r} instead of\n{self.theirs.lines()[y]!r}"
                    )
                    return


def seen(cell: Char) -> tuple[object, ...]:
    """What a person sees of a cell: of a blank one, not the colour of its text."""
    if cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough):
        return (" ", cell.bg)
    return tuple(cell)

"""How the application draws: what the terminal shows already is not sent again."""

from __future__ import annotations

from typing import Any

from rich.color import ColorSystem
from rich.console import RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.events import Resize
from textual.screen import Screen

from tui.app.rendering.terminal_picture import TerminalPicture

_SYNC_START, _SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
_SYNC_FROM = 256
"""Characters of an update that a terminal might show half of; less comes in one piece."""


class Drawing(App[int]):
    """An application that knows what its terminal shows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._picture = TerminalPicture()

    def on_resize(self, event: Resize) -> None:
        """A terminal of another size, or one that came back, is no longer known to show anything.

        Textual itself draws anew only when the size is another one than before.
        """
        self._picture.forget()
        if event.size == self._size:
            self.refresh()

    def action_redraw(self) -> None:
        """Draw all of the screen again, whatever the terminal shows."""
        self._picture.forget()
        self.refresh()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send an update, as far as the terminal does not show it."""
        driver = self._driver
        draws = self._running and not self._closed and not self.is_headless and not self._batch_count
        if driver is None or driver.is_inline or not draws or not isinstance(renderable, (LayoutUpdate, ChopsUpdate)):
            if renderable is not None and draws:
                self._picture.forget()
            super()._display(screen, renderable)
            return
        try:
            cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
            sequence = self._picture.draw(renderable, self.console._color_system or ColorSystem.TRUECOLOR, cursor)
            if sequence:
                if self._sync_available and len(sequence) >= _SYNC_FROM:
                    sequence = f"{_SYNC_START}{sequence}{_SYNC_END}"
                driver.write(sequence)
                driver.flush()
        except Exception as error:
            self._handle_exception(error)
        finally:
            self.post_display_hook()

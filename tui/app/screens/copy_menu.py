"""Choosing what to copy of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from tui.app.rendering.copy_rows import Piece, piece_lines
from tui.app.widgets.rows import Rows

MOST_ROWS = 12
"""Rows that are shown before they scroll."""


class CopyMenu(ModalScreen[Piece | None]):
    """Lists pieces of a conversation; the result is the chosen one, or None when the person left.

    Args:
        pieces: what can be copied.
    """

    CSS_PATH = "copy_menu.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,alt+c", "dismiss(None)", "Back", priority=True)]
    """
    | Key(s) | Description |
    | :- | :- |
    | escape,alt+c | Leaves without copying. |
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self._pieces = tuple(pieces)

    def compose(self) -> ComposeResult:
        """The rows in a box."""
        with Vertical(id="copy-box") as box:
            box.border_title = Content("Copy")
            box.border_subtitle = Content("Enter or its key copies   Esc goes back")
            yield Rows[Piece](piece_lines, id="copy-rows")

    def on_mount(self) -> None:
        """Begin with the first row."""
        rows = self.query_one(Rows)
        rows.styles.height = min(len(self._pieces), MOST_ROWS)
        rows.show(self._pieces)
        rows.focus()

    def on_key(self, event: events.Key) -> None:
        """The key of a piece chooses it."""
        if found := next((piece for piece in self._pieces if piece.key and piece.key == event.character), None):
            event.stop()
            self.dismiss(found)

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.dismiss(self._pieces[event.index])

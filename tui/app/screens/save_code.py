"""A block of code to a file: which one, and what it is to be called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.app.rendering.copy_rows import code_piece, piece_lines
from tui.app.rendering.fences import CodeBlock
from tui.app.rendering.model_rows import home_path
from tui.app.screens.copy_menu import MOST_ROWS
from tui.app.widgets.filter_field import FilterField
from tui.app.widgets.message import MessagePane
from tui.app.widgets.rows import Rows
from tui.core.errors import LocalLLMError
from tui.core.units import format_count
from tui.services.save_text import FileTakenError, save_text, suggested_name, target


class SaveCode(ModalScreen[str | None]):
    """Asks and saves; the result says what was saved, or is None when the person left.

    Args:
        blocks: what can be saved.
        folder: what a relative name begins at.
    """

    CSS_PATH = "save_code.tcss"
    AUTO_FOCUS = "#save-name"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", priority=True),
        Binding("up", "other(-1)", "The block before", priority=True),
        Binding("down", "other(1)", "The block after", priority=True),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | up,down | Another block. |
    | escape | Leaves without saving. |
    """

    def __init__(self, blocks: Sequence[CodeBlock], folder: Path) -> None:
        super().__init__()
        self._blocks = tuple(blocks)
        self._folder = folder
        self._suggested = ""
        self._taken = ""

    def compose(self) -> ComposeResult:
        """The blocks, the name, what is in the way."""
        with Vertical(id="save-box") as box:
            box.border_title = Content("Save a code block")
            which = "up and down choose   " if len(self._blocks) > 1 else ""
            box.border_subtitle = Content(f"{which}Enter saves   Esc goes back")
            yield Rows(lambda block, width: piece_lines(code_piece(block), width), id="save-rows")
            with Horizontal(id="save-name-row"):
                yield Static(Content("file "), id="save-mark")
                yield FilterField("a name, or a path; ~ is your home directory", id="save-name")
            yield MessagePane(id="save-message")

    def on_mount(self) -> None:
        """Begin with the first block."""
        rows = self.query_one(Rows)
        rows.can_focus = False
        rows.styles.height = min(len(self._blocks), MOST_ROWS)
        rows.show(self._blocks)

    @property
    def _block(self) -> CodeBlock:
        return self._blocks[self.query_one(Rows).at]

    def action_other(self, step: int) -> None:
        """Choose another block."""
        rows = self.query_one(Rows)
        rows.mark(rows.at + step)

    @on(Rows.Marked)
    def _marked(self) -> None:
        """Suggest a name for the block, unless the person gave one already."""
        field = self.query_one(FilterField)
        if field.value == self._suggested:
            self._suggested = suggested_name(self._block.language, self._folder)
            field.value = self._suggested
            field.cursor_position = len(field.value)
            self.query_one(MessagePane).say(f"in {home_path(self._folder)}")

    @on(Input.Changed, "#save-name")
    def _renamed(self) -> None:
        if self._taken and self._taken != self.query_one(FilterField).value:
            self._taken = ""
            self.query_one(MessagePane).say("")

    @on(Input.Submitted, "#save-name")
    def _save(self) -> None:
        name = self.query_one(FilterField).value
        try:
            path = target(name, self._folder)
            save_text(self._block.text, path, overwrite=self._taken == name)
        except FileTakenError as error:
            self._taken = name
            self.query_one(MessagePane).say(f"{error.line()}. Enter once more replaces it", "warning")
        except LocalLLMError as error:
            self.query_one(MessagePane).say(error.line(), "error")
        else:
            lines = self._block.lines
            self.dismiss(f"saved {format_count(lines)} line{'s' * (lines != 1)} to {home_path(path)}")

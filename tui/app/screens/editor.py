"""A text in a larger editor, over whatever is behind it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.app.rendering.shown import shown_line
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.safe_text_area import SafeTextArea


class EditorScreen(ModalScreen[str | None]):
    """Edits `text`; the result is the new text, or None when the person left it as it was.

    Args:
        title: what the text is.
        text: the text to start from.
        problem: why it could not be used as it is; may be untrusted.
    """

    CSS_PATH = "editor.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "accept", "use this text", priority=True),
        Binding("escape", "dismiss(None)", "leave it as it was", priority=True),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | ctrl+s | Ends with the text as it is now. |
    | escape | Ends without a change. |
    """

    def __init__(self, title: str, text: str, problem: str = "") -> None:
        super().__init__()
        self._heading = title
        self._text = text
        self._problem = shown_line(problem)

    def compose(self) -> ComposeResult:
        """The title, the editor, and the keys."""
        yield Static(Content(self._heading), id="editor-title")
        if self._problem:
            yield Static(Content(f"{current_glyphs().failed} {self._problem}"), id="editor-problem")
        yield SafeTextArea(self._text, id="editor-text", soft_wrap=True, tab_behavior="indent")
        yield Static(Content("ctrl+s use this text   esc leave it as it was"), id="editor-keys")

    def on_mount(self) -> None:
        """Start at the end of the text, where one goes on."""
        area = self.query_one(SafeTextArea)
        area.cursor_blink = False
        area.focus()
        area.move_cursor(area.document.end)

    def action_accept(self) -> None:
        """End with the text, what was typed or pasted right before included: the editor may still have to take it."""
        self.query_one(SafeTextArea).call_later(self.call_later, self._end)

    def _end(self) -> None:
        self.dismiss(self.query_one(SafeTextArea).text)

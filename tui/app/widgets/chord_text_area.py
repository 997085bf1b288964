"""Editors in which ctrl+x ctrl+e asks for the person's own editor, as in a shell, and ctrl+x alone cuts."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding
from textual.message import Message
from textual.timer import Timer
from textual.widgets.text_area import Selection

from tui.app.widgets.safe_text_area import SafeTextArea

COPY_AFTER = 0.7
"""Seconds after which what was cut goes to the clipboard: by then the second key of the chord would have come."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """What ctrl+x did: what it took, and what the editor looked like right after it."""

    taken: str
    text: str
    selection: Selection


class ChordTextArea(SafeTextArea):
    """Cuts at once, and takes the cut back when ctrl+e comes next; the clipboard has not been touched then."""

    BINDINGS = [  # noqa: RUF012
        Binding("ctrl+e", "line_end_or_editor", "To the end of the line", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | ctrl+e | To the end of the line; after ctrl+x: asks for the person's own editor. |
    """

    class ChordBegun(Message):
        """The first key of the chord was pressed."""

    class EditorWanted(Message):
        """The text is to be edited elsewhere."""

    _cut: _Cut | None = None
    _copying: Timer | None = None

    def action_cut(self) -> None:
        """Take out the selection or the line; it goes to the clipboard unless the chord goes on."""
        self._copy_cut()
        if self.read_only:
            return
        selection, self._cut = self.selection, None
        self.history.checkpoint()
        done = self._delete_cursor_line() if selection.is_empty else self._delete_via_keyboard(*selection)
        self.history.checkpoint()
        self._cut = _Cut(done.replaced_text if done else "", self.text, self.selection)
        self._copying = self.set_timer(COPY_AFTER, self._copy_cut)
        self.post_message(self.ChordBegun())

    def action_line_end_or_editor(self) -> None:
        """To the end of the line, or, as the second key of the chord, to the person's editor."""
        cut = self._cut
        self._stop_copying()
        self._cut = None
        if cut is None or (cut.text, cut.selection) != (self.text, self.selection):
            self.action_cursor_line_end()
            return
        if cut.taken:
            self.undo()
        self.post_message(self.EditorWanted())

    def action_paste(self) -> None:
        """Paste what was cut last, if the terminal has not been told of it yet."""
        self._copy_cut()
        super().action_paste()

    def _copy_cut(self) -> None:
        if self._copying is not None and self._cut is not None and self._cut.taken:
            self.app.copy_to_clipboard(self._cut.taken)
        self._stop_copying()

    def _stop_copying(self) -> None:
        if self._copying is not None:
            self._copying.stop()
            self._copying = None

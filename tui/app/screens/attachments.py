"""What will go with the prompt: a list to change, and a field for more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.app.attaching import Attaching
from tui.app.rendering.attachment_rows import Chip
from tui.app.widgets.lines import Line
from tui.app.widgets.message import MessagePane
from tui.app.widgets.rows import Rows

_ROLES = {"bar": "mark", "value": "name", "label": "fact"}


class AttachmentsScreen(ModalScreen[None]):
    """Attaches by path, folder or pattern, and takes off.

    Args:
        attaching: what is attached.
        chips: gives what is shown of it, in the same order.
    """

    CSS_PATH = "attachments.tcss"
    AUTO_FOCUS = "#attachments-field"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "to_list", "to the list", show=False),
        Binding("tab", "to_other", "to the list and back", priority=True),
        Binding("delete,backspace,x", "remove", "take off"),
        Binding("escape,alt+a", "leave", "back", priority=True),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | enter | Attaches what the field names. |
    | tab | To the list and back to the field. |
    | delete, backspace, x | Take the marked one off, in the list. |
    | escape, alt+a | Stops what is read; then back to the chat. |
    """

    def __init__(self, attaching: Attaching, chips: Callable[[], Sequence[Chip]]) -> None:
        super().__init__()
        self._attaching, self._chips = attaching, chips

    def compose(self) -> ComposeResult:
        """The field, what it says, the list, the keys."""
        with Vertical(id="attachments-box") as box:
            box.border_title = Content("Attachments")
            yield Input(placeholder="a file, a folder, or src/**/*.py", id="attachments-field", compact=True)
            yield MessagePane(id="attachments-message")
            yield Rows[Chip](self._row, id="attachments-list")
            yield Static(Content(""), id="attachments-keys")

    def on_mount(self) -> None:
        """Show what there is."""
        self.query_one(Input).cursor_blink = False
        self.show()

    def say(self, line: str, role: str = "warning") -> None:
        """Tell the person something about what was asked for."""
        self.query_one(MessagePane).say(line, role)

    def show(self) -> None:
        """Show what is attached now."""
        if not self.query(Rows):
            return  # it is not composed yet, or is gone
        chips, rows = self._chips(), self.query_one(Rows)
        rows.show(chips)
        rows.display = bool(chips)
        rows.styles.height = min(len(chips), 10)
        if not chips and rows.has_focus:
            self.query_one(Input).focus()
        keys = (
            "enter attach   tab to the list, where del takes one off   esc back" if chips else "enter attach   esc back"
        )
        self.query_one("#attachments-keys", Static).update(
            Content(f"{keys}\nIn the prompt, @ finds files by a few letters of their name.")
        )

    def _row(self, chip: Chip, width: int) -> Sequence[Line]:
        return [tuple((text, _ROLES.get(role, role)) for text, role in chip.row(width))]

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.say("")
            self._attaching.add(event.value.strip())
            event.input.clear()
        else:
            self.action_leave()

    def action_to_list(self) -> None:
        """From the field to the list."""
        if self.query_one(Rows).display:
            self.query_one(Rows).focus()

    def action_to_other(self) -> None:
        """From the field to the list, or back."""
        if self.query_one(Rows).has_focus:
            self.query_one(Input).focus()
        else:
            self.action_to_list()

    def action_remove(self) -> None:
        """Take the marked one off; what is still read is stopped."""
        rows, items = self.query_one(Rows), self._attaching.items
        if not rows.has_focus or rows.marked is None:
            return
        if rows.at < len(items):
            self._attaching.remove(items[rows.at])
        else:
            self._attaching.stop()

    def action_leave(self) -> None:
        """Stop what is read; else go back."""
        if not self._attaching.stop():
            self.dismiss(None)

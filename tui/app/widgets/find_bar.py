"""The field in which one searches in the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.filter_field import FilterField
from tui.app.widgets.lines import Line
from tui.core.units import format_count

_KEYS = ("Tab stays here", "up, down walk", "Esc goes back")
"""What the keys do; the first ones are left out where there is no room."""


class FindBar(Horizontal):
    """A field, how many places there are, and the keys."""

    DEFAULT_CSS = """
    FindBar {
        height: 1; padding: 0 1; background: $surface;
        & > #find-mark { width: 7; color: $accent; text-style: bold; }
        & > #find-field, & > #find-field:focus { width: 1fr; background: $surface; }
        & > #find-count { width: 2fr; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,shift+enter", "walk(-1)", "Earlier", show=False),
        Binding("down", "walk(1)", "Later", show=False),
        Binding("tab", "leave(True)", "Stay here", show=False, priority=True),
        Binding("escape", "leave(False)", "Back", show=False, priority=True),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | up,enter | The place before. |
    | down | The place after. |
    | tab | Ends the search where it is. |
    | escape | Ends the search and goes back to where one was. |
    """

    class Wanted(Message):
        """Another text is searched for.

        Attributes:
            text: as typed.
        """

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Walk(Message):
        """Another place is wanted.

        Attributes:
            step: -1 for the one before, 1 for the one after.
        """

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Left(Message):
        """The search is over.

        Attributes:
            stay: whether the person stays where the search led.
        """

        def __init__(self, stay: bool) -> None:
            super().__init__()
            self.stay = stay

    def __init__(self) -> None:
        super().__init__(id="find-bar")
        self._count: tuple[int, int] | None = None

    def compose(self) -> ComposeResult:
        """What is searched for, and what was found."""
        yield Static(Content("search"), id="find-mark")
        yield FilterField("in this chat", id="find-field")
        yield BrowseBar(self._words, id="find-count")

    def on_mount(self) -> None:
        """One types at once."""
        self.to_field()

    def to_field(self) -> None:
        """To where one types."""
        self.query_one(FilterField).focus()

    def show(self, at: int, count: int) -> None:
        """Say which place one is at.

        Args:
            at: from 1.
            count: of all places; 0 when the text is nowhere.
        """
        self._count = (at, count)
        self.query_one(BrowseBar).rearrange()

    def clear(self) -> None:
        """Nothing is searched for."""
        self._count = None
        self.query_one(BrowseBar).rearrange()

    def _words(self, width: int) -> Sequence[Line]:
        count, role = "", "label"
        if self._count is not None:
            at, total = self._count
            count = f"{format_count(at)}/{format_count(total)}" if total else "not found"
            role = "strong" if total else "warning"
        keys = list(_KEYS)
        while keys and len(count) + 2 + len("   ".join(keys)) > width:
            del keys[0]
        words = "   ".join(keys)
        return [((count.ljust(max(0, width - len(words)))[:width], role), (words, "label"))]

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Wanted(event.value))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_walk(-1)

    def action_walk(self, step: int) -> None:
        """Ask for another place."""
        self.post_message(self.Walk(step))

    def action_leave(self, stay: bool) -> None:
        """End the search."""
        self.post_message(self.Left(stay))

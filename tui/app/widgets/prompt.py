"""Where the person types: Enter sends, ctrl+j breaks the line, up and down walk through earlier prompts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding
from textual.content import Content
from textual.message import Message

from tui.app.prompt_history import PromptHistory
from tui.app.widgets.chord_text_area import ChordTextArea

MAX_ROWS = 8
"""Rows the prompt grows to before it scrolls."""


class Prompt(ChordTextArea):
    """A text editor of a few rows that sends its text.

    Args:
        history: earlier prompts; up on the first row and down on the last one walk through them.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("ctrl+j,alt+enter,shift+enter", "newline", "Break the line", show=False),
        Binding("up", "up", "Earlier prompt", show=False),
        Binding("down", "down", "Later prompt", show=False),
    ]
    DEFAULT_CSS = """
    Prompt {
        height: auto; min-height: 1; border: none; padding: 0 1 0 0; background: $background;
        scrollbar-size-vertical: 1;
        &:focus { border: none; }
        & .text-area--cursor-line { background: $background; }
        & .text-area--placeholder { color: $text-muted; }
    }
    """

    @dataclass
    class Sent(Message):
        """The person wants `text` sent. The prompt keeps it until `taken` is called."""

        text: str
        prompt: Prompt

        @property
        def control(self) -> Prompt:
            """The prompt it came from."""
            return self.prompt

    def __init__(self, history: PromptHistory, *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            id=id, soft_wrap=True, show_line_numbers=False, tab_behavior="focus", compact=True,
            highlight_cursor_line=False, placeholder=Content(placeholder),
        )  # fmt: skip
        self.styles.max_height = MAX_ROWS
        # A blinking cursor would wake the program twice a second for ever.
        self.cursor_blink = False
        self._history = history
        self.first: Callable[[events.Key], bool] = lambda _event: False
        """Asked about each key before it does anything here; True when it was meant for something else."""

    def taken(self, text: str) -> None:
        """`text` was sent: remember it and take it out; what was typed after Enter stays."""
        self._history.add(text)
        self.load_text(self.text.removeprefix(text))
        self.move_cursor(self.document.end)

    def give_back(self, text: str) -> None:
        """`text` could not be sent after all: it comes back, before what was typed since."""
        self.put(f"{text}\n{self.text}" if self.text.strip() else text)

    def put(self, text: str) -> None:
        """Put a text in the place of what is there, with the cursor at its end."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def action_send(self) -> None:
        """Ask for the text to be sent."""
        self.post_message(self.Sent(self.text, self))

    def action_newline(self) -> None:
        """Break the line at the cursor."""
        self._replace_via_keyboard("\n", *self.selection)

    def action_up(self) -> None:
        """One row up, or an earlier prompt from the first row."""
        if self.get_cursor_up_location() == self.cursor_location or self.wrapped_row == 0:
            self._recall(self._history.older(self.text))
        else:
            self.action_cursor_up()

    def action_down(self) -> None:
        """One row down, or a later prompt from the last row."""
        if self.wrapped_row >= self.wrapped_document.height - 1:
            self._recall(self._history.newer())
        else:
            self.action_cursor_down()

    def action_cursor_line_end(self, select: bool = False) -> None:
        """To the end of the line; whoever is there means the end of something larger."""
        if not select and self.cursor_location == self.get_cursor_line_end_location():
            raise SkipAction
        super().action_cursor_line_end(select)

    def action_delete_to_start_of_line(self) -> None:
        """To the start of the line; from there, all that is before it: twice at the end empties the prompt."""
        row, column = self.cursor_location
        self.history.checkpoint()
        # The line as it was typed, as in a shell, however many rows the screen makes of it.
        self._delete_via_keyboard((row, 0) if column else (0, 0), self.selection.end)
        self.history.checkpoint()

    @property
    def wrapped_row(self) -> int:
        """The row of the cursor on the screen, counted from the first one of the text."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y

    def _recall(self, text: str | None) -> None:
        if text is not None:
            self.load_text(text)
            self.move_cursor(self.document.end)

    async def _on_key(self, event: events.Key) -> None:
        # Not a priority binding: that would overtake the characters typed just before.
        if (taken := self.first(event)) or event.key == "enter":
            event.stop()
            event.prevent_default()
            if not taken:
                self.action_send()
            return
        await super()._on_key(event)

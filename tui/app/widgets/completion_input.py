"""The line on which the completion view is continued: one line of text with escapes."""

from __future__ import annotations

import re

from rich.text import Text
from textual import events
from textual.actions import SkipAction
from textual.widgets import Input

from tui.app.widgets.safe_text_area import shown
from tui.core.text import printable

_NAMED = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]|[^\x00-\x7f]")


def escaped(text: str) -> str:
    r"""`text` on one line; `process_escapes` gives it back: a line break is `\n`, a control character `\xHH`."""
    return _UNSAFE.sub(_number, "".join(_NAMED.get(char, char) for char in text))


def _number(found: re.Match[str]) -> str:
    char = found[0]
    if printable(char) == char:
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "replace"))


class CompletionInput(Input):
    """An input that takes a paste of several lines as one line with escapes, instead of its first line alone."""

    DEFAULT_CSS = """
    CompletionInput, CompletionInput:focus {
        border: none; height: 1; padding: 0; background: $background; background-tint: $background 0%;
    }
    """

    def on_mount(self) -> None:
        """A blinking cursor would keep an idle link busy."""
        self.cursor_blink = False

    @property
    def _value(self) -> Text:
        """The value as it is drawn: each character of it is one, however it is shown."""
        return Text(shown(self.value), no_wrap=True, overflow="ignore", end="")

    def action_end(self, select: bool = False) -> None:
        """To the end of the line; whoever is there means the end of the text above."""
        if not select and self.cursor_position == len(self.value):
            raise SkipAction
        super().action_end(select)

    def _on_paste(self, event: events.Paste) -> None:
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        text = text.replace("\n", "\\n").replace("\t", "\\t")
        text = _UNSAFE.sub(_number, text)
        event.stop()
        event.prevent_default()
        self.replace(text, *self.selection)

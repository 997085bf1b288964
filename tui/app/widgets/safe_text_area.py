"""Editors for text that others wrote: what a terminal would obey is shown, and stays in the text."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import TextArea

from tui.app.rendering.shown import NOTHING, steady
from tui.core.text import printable


def shown(text: str) -> str:
    """`text` with one character for each that acts on a terminal or has no width that is the same everywhere."""
    text = steady(text, NOTHING)
    if printable(text, keep="\t") == text:
        return text
    return "".join(_picture(char) if printable(char, keep="\t") != char else char for char in text)


def _picture(char: str) -> str:
    code = ord(char)
    return chr(0x2400 + code) if code < 0x20 else "\N{SYMBOL FOR DELETE}" if code == 0x7F else "\N{MIDDLE DOT}"


class SafeTextArea(TextArea):
    """Draws control characters as pictures."""

    def get_line(self, line_index: int) -> Text:
        """One line, safe to send to the terminal."""
        return Text(shown(self.document.get_line(line_index)), end="", no_wrap=True)

"""Editors for text that others wrote: what a terminal would obey is shown, and stays in the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from rich.text import Text
from textual.document._document import Document, DocumentBase, Location
from textual.document._wrapped_document import WrappedDocument
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


class _ShownLines(Sequence[str]):
    """The lines of a document as they are drawn; each is made when it is asked for."""

    def __init__(self, document: DocumentBase) -> None:
        self._document = document

    def __len__(self) -> int:
        return self._document.line_count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [shown(line) for line in self._document.lines[index]]
        return shown(self._document.lines[index])


class _ShownDocument(Document):
    """A document as it is drawn, character for character, for whoever asks how wide that is."""

    def __init__(self, document: DocumentBase) -> None:
        super().__init__("")
        self._lines = _ShownLines(document)  # type: ignore[assignment]  # read, and never written


class SafeTextArea(TextArea):
    """Draws control characters as pictures, and wraps what it draws."""

    @property
    def wrapped_document(self) -> WrappedDocument:
        """The rows. What is measured is what is drawn: joined emoji are as wide as all that is drawn of them."""
        return self._drawn

    @wrapped_document.setter
    def wrapped_document(self, wrapped: WrappedDocument) -> None:
        self._drawn = WrappedDocument(_ShownDocument(wrapped.document), tab_width=self.indent_width)

    def get_line(self, line_index: int) -> Text:
        """One line, safe to send to the terminal."""
        return Text(shown(self.document.get_line(line_index)), end="", no_wrap=True)

    def get_cursor_left_location(self) -> Location:
        """Where the cursor goes to the left: it is never before what is not drawn, where nobody would see it."""
        row, column = super().get_cursor_left_location()
        line = shown(self.document.get_line(row))
        while column and line[column : column + 1] == NOTHING:
            column -= 1
        return row, column

    def get_cursor_right_location(self) -> Location:
        """Where the cursor goes to the right, past what is not drawn."""
        row, column = super().get_cursor_right_location()
        line = shown(self.document.get_line(row))
        while line[column : column + 1] == NOTHING:
            column += 1
        return row, column

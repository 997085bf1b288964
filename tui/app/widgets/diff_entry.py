"""A text with what another one says differently, as an entry of a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tui.app.rendering.layout import wrap
from tui.app.rendering.shown import shown_line, shown_text
from tui.app.widgets.entries import INDENT, MAX_WIDTH, Entry

if TYPE_CHECKING:
    from tui.services.word_diff import Part

LEFT, RIGHT = ("[-", "-]"), ("{+", "+}")
"""Marks around words that only one text has; those of `git diff --word-diff`. They are there without colours too."""

_STYLES = {LEFT: "error", RIGHT: "you"}


class DiffEntry(Entry):
    """One of the two texts as plain text, its own words between marks.

    Args:
        name: whose text it is.
        parts: the text.
        marks: those of its side.
    """

    def __init__(self, name: str, parts: Sequence[Part], marks: tuple[str, str]) -> None:
        super().__init__()
        self._heading = Content.styled(shown_line(name), "model")
        self._text = Content("").join(_marked(part, marks) for part in parts).rstrip() if parts else Content("")

    def lines(self, width: int) -> list[Content]:
        room = max(min(width, MAX_WIDTH) - INDENT, 4)
        body = wrap(self._text, room) if self._text else [Content.styled("(no text)", "faint")]
        return [self._heading, *(line.pad_left(INDENT) if line else line for line in body), Content("")]


def _marked(part: Part, marks: tuple[str, str]) -> Content:
    text = shown_text(part.text.replace("\r\n", "\n"))
    if part.same:
        return Content(text)
    words = text.rstrip()
    return Content.styled(f"{marks[0]}{words}{marks[1]}", _STYLES[marks]) + Content(text[len(words) :])

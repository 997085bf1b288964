"""The row of the prompt, with what the draft takes told in its upper border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.containers import Horizontal
from textual.geometry import Region
from textual.strip import Strip

_EDGE = 2
"""Cells of the border that stay to the right of the words."""


class PromptRow(Horizontal):
    """A row that can say something quietly in its border, as long as no title needs the place."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"prompt-row--quiet", "prompt-row--warning"}
    """
    | Class | Description |
    | :- | :- |
    | `prompt-row--quiet` | What is said quietly. |
    | `prompt-row--warning` | What one should look at. |
    """
    DEFAULT_CSS = """
    PromptRow > .prompt-row--quiet { color: $text-muted; background: $background; }
    PromptRow > .prompt-row--warning { color: $text-warning; background: $background; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._words: tuple[str, ...] = ()
        self._warning = False

    def say(self, words: Sequence[str], *, warning: bool = False) -> None:
        """Say something in the border.

        Args:
            words: one wording or more, the longest first; none says nothing.
            warning: whether one should look at it.
        """
        if (tuple(words), warning) != (self._words, self._warning):
            self._words, self._warning = tuple(words), warning
            x, y = self.content_offset
            self.refresh(Region(-x, -y, self.outer_size.width, 1))

    @property
    def said(self) -> str:
        """What there is room for now; empty for nothing."""
        title = self._border_title
        taken = title.cell_length + 4 if title is not None else 0
        room = self.outer_size.width - taken - 2 * _EDGE - 2
        return next((words for words in self._words if len(words) <= room), "")

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows, with the words laid over the border."""
        strips = super().render_lines(crop)
        if crop.y == 0 and strips and (words := self.said):
            strips[0] = self._with_words(strips[0], words, crop)
        return strips

    def _with_words(self, border: Strip, words: str, crop: Region) -> Strip:
        title = self._border_title
        taken = title.cell_length + 4 if title is not None else 0
        text = f" {words} "
        start = self.outer_size.width - taken - _EDGE - len(text) - crop.x
        if start < 0 or start + len(text) > border.cell_length:
            return border
        style = self.get_component_rich_style(f"prompt-row--{'warning' if self._warning else 'quiet'}")
        after = border.crop(start + len(text), border.cell_length)
        return Strip.join([border.crop(0, start), Strip([Segment(text, style)], len(text)), after])

"""A paragraph that grows at its end: only its last lines are wrapped again."""

from __future__ import annotations

from textual.content import Content

from tui.app.rendering.layout import wrap

KEPT_BEFORE = 3
"""Lines at the end that are wrapped anew: a word or a mark that comes can still change these."""


class GrowingParagraph:
    """Wraps a text again and again as it grows, at a cost that does not grow with it.

    A line break depends on nothing but what follows the one before. So as long as the text before a line stays what it
    was, with its styles, all lines before it stay too.
    """

    def __init__(self) -> None:
        self._width = 0
        self._before = Content("")
        self._kept: list[Content] = []

    def lines(self, content: Content, width: int) -> list[Content]:
        """The text in lines of at most `width` cells, as `wrap` gives them; those that stayed are the same objects."""
        if "\t" in content.plain:
            return wrap(content, width)  # its width depends on what stands before it
        at = len(self._before)
        if width != self._width or not at or not content[:at].is_same(self._before):
            self._width, self._before, self._kept, at = width, Content(""), [], 0
        rest = wrap(content[at:] if at else content, width)
        lines = [*self._kept, *rest]
        if len(rest) > 2 * KEPT_BEFORE:
            self._keep(content, at, rest)
        return lines

    def _keep(self, content: Content, at: int, lines: list[Content]) -> None:
        """Take lines as settled, as far as it is plain where in the text they end."""
        text, kept = content.plain, 0
        for line in lines[:-KEPT_BEFORE]:
            end = at + len(line)
            if not line or not text.startswith(line.plain, at):
                break
            end += text[end : end + 1] in (" ", "\n")
            if text[end : end + 1].isspace():
                break
            at, kept = end, kept + 1
        same = zip(wrap(content[at:], self._width), lines[kept:], strict=False)
        if kept and all(one.is_same(other) for one, other in same):
            self._kept += lines[:kept]
            self._before = content[:at]

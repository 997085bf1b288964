"""Lines of a reply in their margin, where each block of code can have its number."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui.app.widgets.glyphs import current_glyphs

INDENT = 2
"""Cells of the margin."""


class IndentedLine:
    """A laid-out line and its forms in the margin; the same objects as long as it stands there.

    Args:
        line: as `lay_out` gave it.
    """

    __slots__ = ("_mark", "_numbered", "indented", "line")

    def __init__(self, line: Content) -> None:
        self.line = line
        self.indented = line.pad_left(INDENT) if line else line
        self._mark = next((span.style for span in line.spans if span.style in ("codestart", "codeopen")), "")
        self._numbered: tuple[int, Content] = (0, line)

    def starts_code(self, running: bool) -> bool:
        """Whether a block of code begins here that can be copied: one that still grows cannot.

        Args:
            running: whether the reply still grows.
        """
        return self._mark == "codestart" or (self._mark == "codeopen" and not running)

    def numbered(self, number: int) -> Content:
        """The line with the block's number on its left."""
        if self._numbered[0] != number:
            shown = str(number) if number < 10**INDENT else ""
            self._numbered = (number, Content.styled(shown.ljust(INDENT), "number") + self.line)
        return self._numbered[1]


def with_copy_key(footer: Sequence[Content], count: int) -> list[Content]:
    """The lines under a reply with a word on how its blocks of code are copied.

    Args:
        footer: the lines so far; the word stands behind the last one.
        count: how many blocks there are.
    """
    if not count:
        return list(footer)
    glyphs = current_glyphs()
    many = f"alt+1{glyphs.ellipsis}{min(count, 9)} copy the code" if count > 1 else "alt+1 copies the code"
    word = Content.styled(many, "faint")
    if not footer:
        return [word]
    return [*footer[:-1], footer[-1] + Content.styled(f" {glyphs.dot} ", "faint") + word]

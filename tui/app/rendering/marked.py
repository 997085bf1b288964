"""A message that the person marked: a bar down its margin, which no other message has."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui.app.widgets.glyphs import current_glyphs

_MARGIN = 2
"""Cells of the margin; in the first line the sign of who speaks stands there."""


def marked_lines(lines: Sequence[Content]) -> list[Content]:
    """The lines of an entry, the blank one after it included, with the bar in its margin."""
    mark = Content.styled(f"{current_glyphs().bar} ", "branch")
    return [*(_with(mark, line, number == 0) for number, line in enumerate(lines[:-1])), *lines[-1:]]


def _with(mark: Content, line: Content, heading: bool) -> Content:
    margin = line.plain[:_MARGIN]
    if heading or not margin.strip():
        return mark + line[_MARGIN:]
    return line

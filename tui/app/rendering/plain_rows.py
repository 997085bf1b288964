"""A long plain text in rows of a width, and what is found in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from tui.app.rendering.running_text import TAB, wrap_spans
from tui.app.rendering.shown import shown_text
from tui.core.folding import Span, find_in_lines, fold


@dataclass(frozen=True, slots=True)
class PlainRows:
    """Lines of a text, cut into rows.

    Attributes:
        lines: the text's own lines, safe to show.
        rows: of each row: which line it is of, where in it it starts and ends.
        firsts: number of each line's first row.
    """

    lines: tuple[str, ...]
    rows: tuple[tuple[int, int, int], ...]
    firsts: tuple[int, ...] = field(repr=False)

    def text(self, at: int) -> str:
        """One row."""
        line, start, end = self.rows[at]
        return self.lines[line][start:end]

    def row_of(self, span: Span) -> int:
        """The row in which a part of a line begins."""
        first = self.firsts[span.line]
        end = self.firsts[span.line + 1] if span.line + 1 < len(self.firsts) else len(self.rows)
        return bisect_right(self.rows, (span.line, span.start, len(self.lines[span.line]) + 1), first, end) - 1

    def within(self, span: Span, at: int) -> tuple[int, int] | None:
        """The part of a row that a part of a line covers; None where it covers nothing of it."""
        line, start, end = self.rows[at]
        if span.line != line:
            return None
        first, last = max(span.start, start), min(span.end, end)
        return (first - start, last - start) if first < last else None


def plain_lines(text: str) -> tuple[str, ...]:
    """The lines of a text that others wrote, with spaces for its tabs."""
    return tuple(shown_text(text.replace("\r\n", "\n")).replace("\t", TAB).split("\n"))


def plain_rows(lines: Sequence[str], width: int) -> PlainRows:
    """Cut lines into rows; about a second for a million characters that are not ASCII, so call it in a thread.

    Args:
        lines: as `plain_lines` gave them.
        width: cells of a row; 0 leaves every line whole.
    """
    rows: list[tuple[int, int, int]] = []
    firsts: list[int] = []
    for number, line in enumerate(lines):
        firsts.append(len(rows))
        if width:
            rows += [(number, start, end) for start, end in wrap_spans(line, max(2, width))]
        else:
            rows.append((number, 0, len(line)))
    return PlainRows(tuple(lines), tuple(rows), tuple(firsts))


def find_places(lines: Sequence[str], text: str) -> list[Span]:
    """Where lines have a text, each place within its line; case and width do not matter."""
    wanted = fold(text)
    found: list[Span] = []
    if not wanted:
        return found
    for number, line in enumerate(lines):
        if wanted in fold(line):
            places = find_in_lines([line], wanted)
            found += [Span(number, place[0].start, place[-1].end) for place in places]
    return found

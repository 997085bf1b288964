"""What can be attached, under the letters that were typed behind an @: a short list above the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.app.rendering.model_rows import cut
from tui.app.rendering.shown import shown_line, steady
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, LinesPane, Piece, spread
from tui.core.text import printable
from tui.core.units import format_count

if TYPE_CHECKING:
    from tui.app.file_search import Found
    from tui.services.attachments_offer import Offer

ROWS = 8
"""Offers in view."""


class FilePicker(LinesPane):
    """Shows an answer of the search, and which offer is marked; there only while there is one."""

    DEFAULT_CSS = """
    FilePicker { display: none; padding: 0 1; background: $surface; max-height: 50%; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._found: Found | None = None
        self._at = 0
        self._top = 0

    @property
    def marked(self) -> Offer | None:
        """The offer that Enter takes."""
        offers = self._found.offers.offers if self._found else ()
        return offers[self._at] if self._at < len(offers) else None

    @property
    def answered(self) -> str | None:
        """The query that is answered; None while nothing is shown."""
        return self._found.query if self._found else None

    @property
    def reading(self) -> bool:
        """Whether there may be more offers soon."""
        return self._found is not None and self._found.reading

    def show(self, found: Found | None) -> None:
        """Show an answer; None hides the list. The mark stays while the query does."""
        if found is None or self._found is None or found.query != self._found.query:
            self._at = self._top = 0
        self._found = found
        self._at = max(min(self._at, len(found.offers.offers) - 1), 0) if found else 0
        self.display = found is not None
        self.rearrange()

    def move(self, step: int) -> None:
        """Move the mark; from the last offer on to the first one, and back."""
        if self._found and (count := len(self._found.offers.offers)):
            self._at = (self._at + step) % count
            self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The offers in view, and a line on what the keys do."""
        if self._found is None or not width:
            return []
        offers = self._found.offers.offers
        rows = min(ROWS, max(self.screen.size.height // 3, 2))
        self._top = max(min(self._top, self._at, len(offers) - rows), self._at - rows + 1, 0)
        shown = [self._row(at, offers[at], width) for at in range(self._top, min(self._top + rows, len(offers)))]
        return [*shown, self._keys(width)]

    def _row(self, at: int, offer: Offer, width: int) -> Line:
        glyphs, marked = current_glyphs(), at == self._at
        note = f"  {offer.note}" if offer.note else ""
        text = _pieces(offer, max(width - 2 - cell_len(note), 4), "value" if marked else "label")
        return (f"{glyphs.pointer if marked else ' '} ", "bar"), *text, (note, "label")

    def _keys(self, width: int) -> Line:
        assert self._found is not None
        found = self._found
        if found.offers.problem:
            return ((cut(shown_line(found.offers.problem), width), "warning"),)
        count = format_count(found.paths)
        where = f"the first {count} names" if found.cut else f"{count} names{' so far' if found.reading else ''}"
        marked = self.marked
        if marked is None:
            words = f"looking{current_glyphs().ellipsis}" if found.reading else "no file is called so"
        else:
            words = "Enter goes in" if marked.kind == "folder" else "Enter attaches"
            words += "  Esc leaves the @"
        if cell_len(words) + cell_len(where) + 1 > width:
            where = ""
        return spread(((words, "title"),), ((where, "label"),), width)


def _pieces(offer: Offer, room: int, role: str) -> list[Piece]:
    """The path with the letters that were asked for; a long one loses its beginning, where paths are alike."""
    cells = [(_safe(char), at in offer.found) for at, char in enumerate(offer.text)]
    start, width = len(cells), 0
    while start and (width := width + cell_len(cells[start - 1][0])) <= room - (start > 1):
        start -= 1
    pieces: list[Piece] = [(current_glyphs().ellipsis, "label")] if start else []
    for lit, run in groupby(cells[start:], key=lambda cell: cell[1]):
        pieces.append(("".join(text for text, _ in run), "bar" if lit else role))
    return pieces


def _safe(char: str) -> str:
    return steady(printable(char))

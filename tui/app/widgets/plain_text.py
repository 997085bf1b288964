"""A long text to read: scrolled, wrapped or not, with what was searched for highlighted."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.strip import Strip

from tui.app.rendering.plain_rows import PlainRows, plain_rows
from tui.app.widgets.scrolled import Scrolled
from tui.core.folding import Span

SIDEWAYS = 8
"""Cells that one key moves a text that is not wrapped."""


class PlainText(Scrolled):
    """Shows rows; never read as markup."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "up", show=False),
        Binding("down,j,enter", "scroll(1)", "down", show=False),
        Binding("pageup,b", "page(-1)", "page up", show=False),
        Binding("pagedown,space", "page(1)", "page down", show=False),
        Binding("home,g", "scroll(-10000000)", "start", show=False),
        Binding("end,G", "scroll(10000000)", "end", show=False),
        Binding("left", "sideways(-1)", "left", show=False),
        Binding("right", "sideways(1)", "right", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | up,down,pageup,pagedown,space,home,end | Scroll, as in a pager. |
    | left,right | Move sideways where lines are not wrapped. |
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"plain-text--found", "plain-text--here"}
    """
    | Class | Description |
    | :- | :- |
    | `plain-text--found` | What is searched for. |
    | `plain-text--here` | The place of it that one is at. |
    """

    DEFAULT_CSS = """
    PlainText > .plain-text--found { color: $text-warning; text-style: underline; }
    PlainText > .plain-text--here { color: $text-warning; text-style: bold reverse; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rows: PlainRows = plain_rows((), 0)
        self._places: Sequence[Span] = ()
        self._at = 0
        self._left = 0

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self._rows.rows)

    @property
    def plain(self) -> str:
        """All rows."""
        return "\n".join(self._rows.text(at) for at in range(self.total))

    @property
    def top_line(self) -> int:
        """The line of the text that the first row in view is of."""
        return self._rows.rows[self.top][0] if self.top < self.total else 0

    def show(self, rows: PlainRows) -> None:
        """Show other rows; the line at the top stays there, if there is one of its number."""
        line = self.top_line
        self._rows, self._left = rows, 0
        self._go_to_top(rows.firsts[min(line, len(rows.firsts) - 1)] if rows.firsts else 0)
        self.refit()
        self.refresh()

    def show_places(self, places: Sequence[Span]) -> None:
        """Highlight places, in the order of the text."""
        self._places = places
        self.refresh()

    def nearest(self) -> int:
        """Number of the first place from the first row in view on; the first of all where there is none below."""
        at = bisect_left([place.line for place in self._places], self.top_line)
        return at if at < len(self._places) else 0

    def go_to(self, number: int) -> None:
        """Go to a place."""
        self._at = number
        place = self._places[number]
        row = self._rows.row_of(place)
        if not self.top <= row < self.top + self.size.height:
            self._go_to_top(row - self.size.height // 3)
        start = place.start - self._rows.rows[row][1]
        if not self._left <= start < self._left + self.text_width - SIDEWAYS:
            self._left = max(0, start - self.text_width // 3) if start >= self.text_width - SIDEWAYS else 0
        self.refresh()

    def draw(self, at: int, width: int) -> Strip:
        """One row."""
        text, first = self._rows.text(at), self._first_place(at)
        style, base = self.get_component_rich_style, self.base_style
        parts, done = [], 0
        for number in range(first, len(self._places)):
            place = self._places[number]
            if place.line != self._rows.rows[at][0]:
                break
            if (span := self._rows.within(place, at)) is not None:
                role = "plain-text--here" if number == self._at else "plain-text--found"
                parts += [Segment(text[done : span[0]], base), Segment(text[span[0] : span[1]], style(role))]
                done = span[1]
        strip = Strip([*parts, Segment(text[done:], base)])
        return strip.crop(self._left, self._left + width) if self._left else strip

    def _first_place(self, at: int) -> int:
        return bisect_left(self._places, self._rows.rows[at][0], key=lambda place: place.line)

    def action_scroll(self, rows: int) -> None:
        """Move the text."""
        self.scroll_rows(rows)

    def action_page(self, pages: int) -> None:
        """Move the text by what is in view."""
        self.scroll_rows(pages * max(1, self.size.height - 2))

    def action_sideways(self, steps: int) -> None:
        """Move sideways."""
        longest = max(
            (end - start for _, start, end in self._rows.rows[self.top : self.top + self.size.height]), default=0
        )
        if longest * 2 > self.text_width or self._left:
            self._left = max(0, min(self._left + steps * SIDEWAYS, 2 * longest - SIDEWAYS))
            self.refresh()

"""The part of the conversation on the screen that is about what a search found in it."""

from __future__ import annotations

from bisect import bisect_right

from textual.content import Content

from tui.app.widgets.entries import Entry
from tui.app.widgets.follows_end import FollowsEnd
from tui.app.widgets.found_marks import FoundMarks


class FoundPlaces(FollowsEnd):
    """Highlights places, goes to them, and back to where one was; the subclass lays out and draws the lines."""

    _entries: list[Entry]
    _ends: list[int]
    _lines: list[Content]
    _following: bool
    _found: FoundMarks | None = None

    def show_entry(self, entry: Entry) -> None:
        """Scroll to an entry."""
        raise NotImplementedError

    def show_found(self, found: FoundMarks | None) -> None:
        """Highlight what is searched for, or nothing any more."""
        self._found = found
        self.refresh()

    def show_place(self, entry: Entry, nth: int, total: int) -> None:
        """Bring a place into view that a search found, a third from the top; see `FoundMarks.go_to`."""
        if self._found is None or entry not in self._entries or not self._ends:
            return
        start, lines = self._part(self._entries.index(entry))
        at = start + self._found.go_to(entry, lines, nth, total)
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        self._following = False
        if not top <= at < top + height:
            self.scroll_to(y=max(0, at - height // 3), animate=False, immediate=True, force=True)
        self.refresh()

    @property
    def place(self) -> tuple[Entry | None, int]:
        """The entry at the upper edge, and how many of its lines are above that; None for whoever is at the end."""
        if self._following or not self._ends:
            return None, 0
        index = bisect_right(self._ends, self.scroll_offset.y)
        return self._entries[index], self.scroll_offset.y - self._part(index)[0]

    def return_to(self, entry: Entry, above: int) -> None:
        """Go back to what `place` told."""
        self.show_entry(entry)
        self.scroll_to(y=self.scroll_offset.y + above, animate=False, immediate=True, force=True)

    def _with_found(self, at: int) -> Content | None:
        """A line with the places in it; None where there are none."""
        if self._found is None:
            return None
        start, lines = self._part(index := bisect_right(self._ends, at))
        marked = self._found.highlighted(self._entries[index], lines, at - start)
        return marked if marked is not self._lines[at] else None

    def _part(self, index: int) -> tuple[int, list[Content]]:
        """Where the lines of an entry begin, and the lines."""
        start = self._ends[index - 1] if index else 0
        return start, self._lines[start : self._ends[index]]

"""Where the lines of the conversation have what is searched for, and which of these places one is at."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui.app.rendering.shown import steady
from tui.app.widgets.entries import Entry, ReplyEntry, UserEntry
from tui.app.widgets.glyphs import current_glyphs
from tui.core.folding import Span, find_in_lines, fold


class FoundMarks:
    """Highlights a text in the lines in view; only those are looked at.

    Args:
        text: what is searched for.
    """

    def __init__(self, text: str) -> None:
        self._wanted = fold(steady(text))  # as it stands in the lines
        self._at: tuple[Entry, int] | None = None
        self._known: dict[int, tuple[tuple[int, int], Entry, list[list[Span]]]] = {}

    def go_to(self, entry: Entry, lines: Sequence[Content], nth: int, total: int) -> int:
        """Make a place the one that one is at.

        Args:
            entry: the message it is in.
            lines: of the message.
            nth: which place in it, from 0.
            total: how many there are. Where the screen shows fewer, the first ones are not shown, such as those in
                reasoning that is folded.

        Returns:
            The line of the message in which it begins; 0 where the screen does not show it.
        """
        places = self._places(entry, lines)
        at = min(max(0, nth - max(0, total - len(places))), len(places) - 1)
        self._at = (entry, at)
        return places[at][0].line if places else 0

    def highlighted(self, entry: Entry, lines: Sequence[Content], line: int) -> Content:
        """One line of an entry with the places in it; the line itself where there are none."""
        content = lines[line]
        for nth, place in enumerate(self._places(entry, lines)):
            here = self._at is not None and self._at == (entry, nth)
            for span in place:
                if span.line == line:
                    content = content.stylize("here" if here else "found", span.start, span.end)
        return content

    def _places(self, entry: Entry, lines: Sequence[Content]) -> list[list[Span]]:
        if not isinstance(entry, UserEntry | ReplyEntry):
            return []  # what the program itself said is not searched
        key = (entry.version, len(lines))
        known = self._known.get(id(entry))
        if known is None or known[0] != key or known[1] is not entry:
            text = ["", *(line.plain for line in lines[1 : len(lines) - entry.below])]
            glyphs = current_glyphs()
            places = find_in_lines(text, self._wanted, f"{glyphs.edge}{glyphs.column}")
            known = self._known[id(entry)] = (key, entry, places)
        return known[2]

"""Which reply's blocks of code have numbers: the keys that copy them mean that reply."""

from __future__ import annotations

from collections.abc import Sequence

from tui.app.widgets.entries import Entry, ReplyEntry


class CodeNumbers:
    """Moves the numbers: to the marked reply if it has code, or else to the newest reply on the screen that has."""

    def __init__(self) -> None:
        self.at: ReplyEntry | None = None
        """The reply that has them; None where there is no code."""

    def move(self, entries: Sequence[Entry], marked: Entry | None) -> list[ReplyEntry]:
        """See where they belong now.

        Args:
            entries: what is shown, oldest first.
            marked: the entry with the person's mark.

        Returns:
            The entries that are to be drawn again.
        """
        before, self.at = self.at, _wanted(entries, marked)
        if before is self.at:
            return []
        if before is not None:
            before.numbered = False
        if self.at is not None:
            self.at.numbered = True
        return [entry for entry in (before, self.at) if entry is not None]


def _wanted(entries: Sequence[Entry], marked: Entry | None) -> ReplyEntry | None:
    if isinstance(marked, ReplyEntry) and marked.has_code:
        return marked
    return next((entry for entry in reversed(entries) if isinstance(entry, ReplyEntry) and entry.has_code), None)

"""The open branch of a conversation in the transcript: a part of a long one, and more of it as one scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.app.chat_turns import entry_of, head_end, tail_start
from tui.app.rendering.attachment_rows import stored_words
from tui.app.widgets.entries import Entry, MoreEntry
from tui.app.widgets.transcript import Transcript

if TYPE_CHECKING:
    from tui.store.records import MessageRecord


class ChatView:
    """Keeps the entries of the messages; what the program itself said stays between them.

    Laying out takes about 2 ms for each thousand characters, so a long conversation is never laid out at once.

    Args:
        transcript: where they are shown.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self.attachment_words = stored_words
        """How large an attachment is, in words."""
        self._records: tuple[MessageRecord, ...] = ()
        self._entries: list[Entry] = []
        self._start = 0
        self._earlier: MoreEntry | None = None
        self._later: MoreEntry | None = None
        self._marked: int | None = None

    @property
    def marked(self) -> int | None:
        """Number of the message that the person marked."""
        return self._marked

    @property
    def is_empty(self) -> bool:
        """Whether no message is shown."""
        return not self._records

    @property
    def _end(self) -> int:
        return self._start + len(self._entries)

    def message_of(self, entry: Entry) -> int | None:
        """Number of the message that an entry shows; None for what the program itself said."""
        at = next((number for number, shown in enumerate(self._entries) if shown is entry), None)
        return None if at is None else self._records[self._start + at].id

    def show(
        self, records: Sequence[MessageRecord], *, anew: bool = False, above: Entry | None = None, growing: str = ""
    ) -> Entry | None:
        """Show the end of a branch: what is shown of it already stays.

        Args:
            records: all of it.
            anew: whether everything that is there goes first.
            above: what follows it, all above what the program said so far; None puts it below.
            growing: name of the model that writes the last one now; empty when nothing grows.

        Returns:
            The last message's entry.
        """
        if anew:
            self._transcript.clear()
            self._records, self._entries, self._start, self._earlier, self._later = (), [], 0, None, None
        same = self._common(records)
        if growing and same == len(records):
            same -= 1
        if same < self._start or not self._records or self._later is not None:
            self._records = tuple(records)
            self._begin(tail_start(records, len(records)), len(records), above, growing)
        else:
            self._records = tuple(records)
            kept = same - self._start
            self._drop(self._entries[kept:])
            new = self._made(same, len(records), growing)
            self._entries[kept:] = new
            self._transcript.add(*new)
        self._mark_again()
        return self._entries[-1] if self._entries else None

    def know(self, records: Sequence[MessageRecord]) -> None:
        """The same messages, of which more is known now; what is on the screen says it already."""
        if len(records) == len(self._records):
            self._records = tuple(records)

    def show_earlier(self) -> None:
        """Show some more of the messages before those that are shown."""
        if self._earlier is None:
            return
        start = tail_start(self._records, self._start)
        new = self._made(start, self._start)
        self._start, self._entries = start, new + self._entries
        old, self._earlier = self._earlier, MoreEntry(start) if start else None
        at = self._transcript.entries.index(old)
        self._transcript.splice(at, 1, *([self._earlier] if self._earlier else []), *new)

    def show_later(self) -> None:
        """Show some more of the messages after those that are shown."""
        if self._later is None:
            return
        end = head_end(self._records, self._end)
        new = self._made(self._end, end)
        self._entries += new
        old, self._later = self._later, self._after(end)
        at = self._transcript.entries.index(old)
        self._transcript.stay()
        self._transcript.splice(at, 1, *new, *([self._later] if self._later else []))

    def show_end(self) -> None:
        """Go to the newest message."""
        if self._later is not None:
            self._begin(tail_start(self._records, len(self._records)), len(self._records))
        self._transcript.to_end()

    def show_at(self, records: Sequence[MessageRecord], message: int) -> None:
        """Show another branch at one of its messages; everything that is there goes first."""
        self.show((), anew=True)
        if any(record.id == message for record in records):
            self._records = tuple(records)
            self.go_to(message)
        else:
            self.show(records)

    def go_to(self, message: int) -> None:
        """Scroll to a message of the branch, with what surrounds it."""
        if (entry := self.entry_of(message)) is not None:
            self._transcript.show_entry(entry)

    def entry_of(self, message: int) -> Entry | None:
        """The entry of a message of the branch; what surrounds it is shown if it is not yet."""
        at = self._place(message)
        if at is None:
            return None
        if not self._start <= at < self._end:
            self._begin(tail_start(self._records, at), head_end(self._records, at))
        return self._entries[at - self._start]

    @property
    def last_message_in_view(self) -> int | None:
        """Number of the last message that begins above the lower edge of what is in view."""
        seen = self._transcript.last_in_view(self._entries)
        return self.message_of(seen) if seen is not None else None

    def mark(self, message: int | None) -> None:
        """Mark a message of the branch and bring it into view, or mark none."""
        at = self._place(message)
        self._marked = None if at is None else message
        if at is not None and not self._start <= at < self._end:
            self._begin(tail_start(self._records, at), head_end(self._records, at))
        self._transcript.mark(None if at is None else self._entries[at - self._start])

    def move_mark(self, step: int) -> bool:
        """Mark the message before or after; without a mark the last one in view. False where there is none.

        Args:
            step: -1 or 1.
        """
        at = self._place(self._marked)
        if at is None:
            seen = self._transcript.last_in_view(self._entries)
            at = next((self._start + n for n, entry in enumerate(self._entries) if entry is seen), len(self._records))
            at = min(at, len(self._records) - 1) - step
        if not 0 <= at + step < len(self._records):
            return False
        if at + step < self._start:
            self.show_earlier()
        elif at + step >= self._end:
            self.show_later()
        self.mark(self._records[at + step].id)
        return True

    def _place(self, message: int | None) -> int | None:
        return next((at for at, record in enumerate(self._records) if record.id == message), None)

    def _mark_again(self) -> None:
        """The same message may be drawn by another entry now, or be gone."""
        at = self._place(self._marked) if self._marked is not None else None
        self._marked = self._marked if at is not None else None
        shown = at is not None and self._start <= at < self._end
        self._transcript.mark(self._entries[at - self._start] if shown and at is not None else None, show=False)

    def _common(self, records: Sequence[MessageRecord]) -> int:
        """How many messages at the beginning are on the screen as they are."""
        for number, (was, now) in enumerate(zip(self._records, records, strict=False)):
            if (was.id, was.siblings, was.state) != (now.id, now.siblings, now.state):
                return number
        return min(len(self._records), len(records))

    def _begin(self, start: int, end: int, above: Entry | None = None, growing: str = "") -> None:
        """Show a part of the branch in the place of what is shown of it."""
        self._drop([entry for entry in (self._earlier, *self._entries, self._later) if entry is not None])
        self._start, self._entries = start, self._made(start, end, growing)
        self._earlier, self._later = MoreEntry(start) if start else None, self._after(end)
        shown = [entry for entry in (self._earlier, *self._entries, self._later) if entry is not None]
        if above is not None:
            self._transcript.splice(0, 0, *shown, above)
        else:
            self._transcript.add(*shown)

    def _made(self, start: int, end: int, growing: str = "") -> list[Entry]:
        """Entries of some messages; the last one of all may grow."""
        last = len(self._records) - 1
        return [
            entry_of(self._records[at], growing if at == last else "", self.attachment_words)
            for at in range(start, end)
        ]

    def _after(self, end: int) -> MoreEntry | None:
        return MoreEntry(len(self._records) - end, later=True) if end < len(self._records) else None

    def _drop(self, gone: Sequence[Entry]) -> None:
        entries = self._transcript.entries
        numbers = {id(entry) for entry in gone}
        if first := next((at for at, entry in enumerate(entries, 1) if id(entry) in numbers), 0):
            left = [entry for entry in entries[first - 1 :] if id(entry) not in numbers]
            self._transcript.splice(first - 1, len(entries) - first + 1, *left)

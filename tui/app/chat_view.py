"""The open branch of a conversation in the transcript: the end of a long one first, the rest as one scrolls back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.app.chat_turns import entry_of, tail_start
from tui.app.widgets.entries import EarlierEntry, Entry
from tui.app.widgets.transcript import Transcript

if TYPE_CHECKING:
    from tui.store.records import MessageRecord


class ChatView:
    """Keeps the entries of the messages; what the program itself said stays between them.

    Args:
        transcript: where they are shown.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._records: tuple[MessageRecord, ...] = ()
        self._entries: list[Entry] = []
        self._earlier: EarlierEntry | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no message is shown."""
        return not self._records

    @property
    def _start(self) -> int:
        """Number of the first message that is shown."""
        return len(self._records) - len(self._entries)

    def show(
        self, records: Sequence[MessageRecord], *, anew: bool = False, above: Entry | None = None, growing: str = ""
    ) -> Entry | None:
        """Show a branch: what is shown of it already stays.

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
            self._records, self._entries, self._earlier = (), [], None
        same = self._common(records) - (1 if growing and len(records) == self._common(records) else 0)
        if same < self._start or not self._records:
            self._begin(records, above, growing)
        else:
            kept = same - self._start
            self._drop(self._entries[kept:])
            new = [entry_of(record) for record in records[same:-1]]
            new += [entry_of(record, growing) for record in records[same:][-1:]]
            self._entries[kept:] = new
            self._transcript.add(*new)
        self._records = tuple(records)
        return self._entries[-1] if self._entries else None

    def know(self, records: Sequence[MessageRecord]) -> None:
        """The same messages, of which more is known now; what is on the screen says it already."""
        if len(records) == len(self._records):
            self._records = tuple(records)

    def show_earlier(self) -> None:
        """Show some more of the messages before those that are shown."""
        if self._earlier is not None:
            self._extend(tail_start(self._records, self._start))

    def go_to(self, message: int) -> None:
        """Scroll to a message of the branch."""
        at = next((number for number, record in enumerate(self._records) if record.id == message), None)
        if at is None:
            return
        if at < self._start:
            self._extend(at)
        self._transcript.show_entry(self._entries[at - self._start])

    def _common(self, records: Sequence[MessageRecord]) -> int:
        """How many messages at the beginning are on the screen as they are."""
        for number, (was, now) in enumerate(zip(self._records, records, strict=False)):
            if (was.id, was.siblings, was.state) != (now.id, now.siblings, now.state):
                return number
        return min(len(self._records), len(records))

    def _begin(self, records: Sequence[MessageRecord], above: Entry | None, growing: str) -> None:
        self._drop([*self._entries, *([self._earlier] if self._earlier else [])])
        start = tail_start(records, len(records))
        self._earlier = EarlierEntry(start) if start else None
        self._entries = [entry_of(record, growing if record is records[-1] else "") for record in records[start:]]
        shown = [*([self._earlier] if self._earlier else []), *self._entries]
        if above is not None:
            self._transcript.splice(0, 0, *shown, above)
        else:
            self._transcript.add(*shown)

    def _extend(self, start: int) -> None:
        new: list[Entry] = [entry_of(record) for record in self._records[start : self._start]]
        self._entries[:0] = new
        old, self._earlier = self._earlier, EarlierEntry(start) if start else None
        if old is not None:
            at = self._transcript.entries.index(old)
            self._transcript.splice(at, 1, *([self._earlier] if self._earlier else []), *new)

    def _drop(self, gone: Sequence[Entry]) -> None:
        entries = self._transcript.entries
        numbers = {id(entry) for entry in gone}
        if first := next((at for at, entry in enumerate(entries, 1) if id(entry) in numbers), 0):
            left = [entry for entry in entries[first - 1 :] if id(entry) not in numbers]
            self._transcript.splice(first - 1, len(entries) - first + 1, *left)

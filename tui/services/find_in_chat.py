"""Searching in the open branch of a conversation: every place where a text is, in any of its messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.core.folding import count_folded, fold

if TYPE_CHECKING:
    from tui.store.records import MessageRecord

_MARKS = ("**", "`")
"""What the screen leaves out of what a model writes."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place where the text is.

    Attributes:
        message: number of the message.
        nth: which one in the message, from 0.
    """

    message: int
    nth: int


class ChatFinder:
    """Keeps the messages as they are compared, so that each letter more costs only the comparison.

    About 100 ms for the first two million characters, and a few for each search in them; to be called in a thread.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, str]] = {}

    def find(self, records: Sequence[MessageRecord], text: str) -> list[Place]:
        """All places, in the order of the conversation.

        Args:
            records: the messages.
            text: what to find; case, width and white space do not matter.
        """
        wanted = fold(text)
        places: list[Place] = []
        for record in records:
            places += [Place(record.id, nth) for nth in range(count_folded(self._folded(record), wanted))]
        return places

    def _folded(self, record: MessageRecord) -> str:
        known = self._known.get(record.id)
        if known is None or known[0] != len(record.text):
            known = self._known[record.id] = (len(record.text), fold(_without_marks(record)))
        return known[1]


def _without_marks(record: MessageRecord) -> str:
    text = record.text
    if record.role != "user":
        for mark in _MARKS:
            text = text.replace(mark, "")
    return text

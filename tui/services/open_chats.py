"""The chats that are open: those one went to lately, in the order in which one went there first."""

from __future__ import annotations

MOST = 9
"""Open chats; one more closes the one that was opened longest ago."""


class OpenChats:
    """Their numbers, and the way from one to the next."""

    def __init__(self) -> None:
        self._numbers: list[int] = []

    @property
    def numbers(self) -> tuple[int, ...]:
        """All of them, the one opened first at the beginning."""
        return tuple(self._numbers)

    def open(self, conversation: int) -> None:
        """The person is there now."""
        if conversation not in self._numbers:
            self._numbers = [*self._numbers, conversation][-MOST:]

    def close(self, conversation: int) -> None:
        """It is gone."""
        if conversation in self._numbers:
            self._numbers.remove(conversation)

    def beside(self, conversation: int | None, step: int) -> int | None:
        """The neighbour of an open chat, from the last one on to the first; None where no other one is open.

        Args:
            conversation: where the person is; None for a new chat, which lies after the last one.
            step: 1 for the next one, -1 for the one before.
        """
        others = [number for number in self._numbers if number != conversation]
        if not others:
            return None
        if conversation not in self._numbers:
            return self._numbers[0 if step > 0 else -1]
        return self._numbers[(self._numbers.index(conversation) + step) % len(self._numbers)]

    def text(self) -> str:
        """For the store."""
        return " ".join(map(str, self._numbers))

    @classmethod
    def of(cls, text: str) -> OpenChats:
        """What `text` wrote; anything else is left out."""
        chats = cls()
        for word in text.split():
            if word.isdecimal():
                chats.open(int(word))
        return chats

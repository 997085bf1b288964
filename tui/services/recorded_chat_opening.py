"""What a conversation begins with, before the person's first prompt."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.core.messages import Message
from tui.services.presets_held import Held, read_held, written_held
from tui.services.recorded_chat_branch import Branch

if TYPE_CHECKING:
    from tui.store.records import Conversation, MessageRecord
    from tui.store.store import Store  # with SQLite, which the first frame does without


@dataclass(frozen=True, slots=True)
class Opening:
    """A preset's part in a conversation.

    Attributes:
        held: what holds for it; None for the settings alone.
        turns: what is said before the person's first prompt.
    """

    held: Held | None = None
    turns: tuple[Message, ...] = ()

    @classmethod
    def kept(cls, conversation: Conversation | None) -> Opening:
        """What holds for a conversation, for a new one that goes on from it."""
        return cls(read_held(conversation.settings) if conversation else None)

    def settings_with(self, settings: str) -> str:
        """The settings that are kept with a conversation, with this in them."""
        return written_held(self.held, settings)

    def branch(self) -> Branch:
        """The first turns as they will stand in the conversation; none of them is stored yet."""
        return Branch(self._records())

    def begin(self, store: Store) -> Conversation:
        """A new conversation. The first turns give it no title: the person's own prompt does.

        Raises:
            StoreError: the store refuses it.
        """
        settings, now = self.settings_with(""), time.time()
        if not self.turns:
            return store.create(settings=settings)
        from tui.store.records import Conversation

        return store.insert(Conversation(0, "", "prompt", now, now, leaf=-1, settings=settings), self._records())

    def _records(self) -> list[MessageRecord]:
        from tui.store.records import MessageRecord

        now, count = time.time(), len(self.turns)
        # Numbers below 1 are never free: the store gives new ones in the same order.
        return [
            MessageRecord(at - count, 0, at - count - 1 if at else None, turn.role, turn.content, now)
            for at, turn in enumerate(self.turns)
            if turn.role != "tool"
        ]

"""What a conversation begins with, before the person's first prompt."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tui.core.messages import Message
from tui.services.presets_held import Held, written_held
from tui.store.records import Conversation, MessageRecord
from tui.store.store import Store


@dataclass(frozen=True, slots=True)
class Opening:
    """A preset's part in a conversation.

    Attributes:
        held: what holds for it; None for the settings alone.
        turns: what is said before the person's first prompt.
    """

    held: Held | None = None
    turns: tuple[Message, ...] = ()

    def settings_with(self, settings: str) -> str:
        """The settings that are kept with a conversation, with this in them."""
        return written_held(self.held, settings)

    def begin(self, store: Store) -> Conversation:
        """A new conversation. The first turns give it no title: the person's own prompt does.

        Raises:
            StoreError: the store refuses it.
        """
        settings = self.settings_with("")
        if not self.turns:
            return store.create(settings=settings)
        now, count = time.time(), len(self.turns)
        # Numbers below 1 are never free: the store gives new ones in the same order.
        messages = [
            MessageRecord(at - count, 0, at - count - 1 if at else None, turn.role, turn.content, now)
            for at, turn in enumerate(self.turns)
        ]
        return store.insert(Conversation(0, "", "prompt", now, now, leaf=-1, settings=settings), messages)

"""A reply that grows on the screen and in the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tui.core.errors import LocalLLMError
from tui.core.events import Failed, Finished, StopReason
from tui.services.recorded_chat_writer import ReplyWriter
from tui.store.records import MessageRecord, Reply
from tui.store.store import Store


class RecordedReply:
    """Its text so far, and its writer.

    Args:
        store: where it is kept.
        grown: its record, growing.
        failed: told when the store does not take it.
        begun: text that it begins with and that is not in its record yet.
        before: the message that it continues; None for a new reply.
    """

    def __init__(
        self,
        store: Store,
        grown: MessageRecord,
        failed: Callable[[LocalLLMError], None],
        *,
        begun: str = "",
        before: MessageRecord | None = None,
    ) -> None:
        self._record = grown
        self._before = before
        self._parts = [grown.text, begun]
        self._added = False
        self._writer = ReplyWriter(store, grown.id, failed)
        self._writer.add(begun)

    @property
    def id(self) -> int:
        """Its number in the store."""
        return self._record.id

    @property
    def conversation(self) -> int:
        """The number of its conversation."""
        return self._record.conversation

    @property
    def is_older(self) -> bool:
        """Whether it was a message already before it grew."""
        return self._before is not None and self._before.id == self._record.id

    @property
    def text(self) -> str:
        """All of it so far."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0]

    def record(self) -> MessageRecord:
        """What is known of it."""
        return replace(self._record, text=self.text)

    def add(self, text: str, tokens: tuple[int, ...] = ()) -> None:
        """Take what was generated."""
        self._added = self._added or bool(text)
        self._parts.append(text)
        self._writer.add(text, tokens)

    def end(self, event: Finished | Failed) -> bool:
        """It is over; whether anything came of it.

        A continued reply to which nothing was added ends as it had ended before.
        """
        known = self._record.reply
        assert known is not None
        nothing = not self._added and (isinstance(event, Failed) or event.reason is StopReason.CANCELLED)
        if nothing and self._before is not None and self._before.reply is not None:
            # It is as it was, and a part of it that came to nothing is no part.
            self._record = replace(self._before, text=self.text)
            self._writer.give_up(self._before)
        elif isinstance(event, Finished):
            facts = replace(known.facts, seed=event.seed)
            self._settle(replace(known, facts=facts, timings=event.timings, stop_reason=event.reason, stop=event.stop))
        else:
            self._settle(replace(known, stop_reason=None))
        return self._added or self.is_older

    def interrupt(self) -> None:
        """The program ends while it grows."""
        self._writer.finish(None)

    def wait(self) -> None:
        """Wait until it is in the store."""
        self._writer.wait()

    def _settle(self, reply: Reply) -> None:
        self._record = replace(self._record, reply=reply, state="done" if reply.stop_reason else "interrupted")
        self._writer.finish(reply.stop_reason, reply.timings, stop=reply.stop, seed=reply.facts.seed)

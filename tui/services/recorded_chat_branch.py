"""The branch of a stored conversation that is open, as the screen and the model need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui.core.errors import LocalLLMError
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt
from tui.store.formats.spoken import full_text

if TYPE_CHECKING:
    from tui.store.records import Attachment, MessageRecord

LABEL = "chat "
"""What stands before a conversation's number where the engine keeps computed ones."""


class Branch:
    """Messages from the first one to where the person is. Not to be changed from outside."""

    def __init__(self, records: Sequence[MessageRecord] = ()) -> None:
        self.records = tuple(records)
        self.messages = tuple(Message(record.role, record.text) for record in records)
        """The same as the values that are shown."""

    @property
    def last(self) -> MessageRecord | None:
        """The message at its end."""
        return self.records[-1] if self.records else None

    def with_last(self, record: MessageRecord) -> Branch:
        """One message longer."""
        branch = Branch()
        branch.records = (*self.records, record)
        branch.messages = (*self.messages, Message(record.role, record.text))
        return branch

    def up_to(self, record: MessageRecord | None) -> Branch:
        """The part that ends with a message; nothing for None."""
        count = next((n for n, one in enumerate(self.records, 1) if record and one.id == record.id), 0)
        branch = Branch()
        branch.records, branch.messages = self.records[:count], self.messages[:count]
        return branch

    def before(self, record: MessageRecord) -> Branch:
        """The part before a message."""
        whole = self.up_to(record)
        branch = Branch()
        branch.records, branch.messages = whole.records[:-1], whole.messages[:-1]
        return branch

    def find(self, message: int) -> MessageRecord:
        """One of its messages.

        Raises:
            LocalLLMError: it has none with this number.
        """
        for record in self.records:
            if record.id == message:
                return record
        raise LocalLLMError("This message is not in the conversation that is open")

    def last_prompt(self, message: int | None = None) -> MessageRecord:
        """What the person said last, up to a message where one is given.

        Raises:
            LocalLLMError: nothing yet, or there is no such message.
        """
        records = self.records if message is None else self.up_to(self.find(message)).records
        for record in reversed(records):
            if record.role == "user":
                return record
        raise LocalLLMError("There is nothing to generate again", hint="say something first")

    def preview(
        self, text: str, params: GenerationParams, attachments: Sequence[Attachment]
    ) -> tuple[ChatPrompt, ChatPrompt]:
        """What the model is asked if this is said next, and the part of it that is there already."""
        from tui.store.records import MessageRecord

        said = MessageRecord(0, 0, None, "user", text, 0.0, attachments=tuple(attachments))
        return self.with_last(said).prompt(params), self.prompt(params)

    def prompt(self, params: GenerationParams, begun: str = "") -> ChatPrompt:
        """What the model is asked.

        Chat templates want the two to take turns: what one of them said in a row becomes one message, and a reply
        without a word none.

        Args:
            params: the system prompt is in them.
            begun: what the reply begins with already.
        """
        said: list[Message] = []
        for record in self.records:
            text = full_text(record)
            if said and said[-1].role == record.role:
                said[-1] = replace(said[-1], content=f"{said[-1].content}\n\n{text}")
            elif text or record.role == "user":
                said.append(Message(record.role, text))
        system = (Message("system", params.system_prompt),) if params.system_prompt.strip() else ()
        label = label_of(self.records[0].conversation) if self.records else ""
        return ChatPrompt((*system, *said), begun, label)


def label_of(conversation: int) -> str:
    """What a conversation is called where the engine keeps computed ones."""
    return f"{LABEL}{conversation}"

"""A whole conversation on its way out of the store or into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tui.store.formats.reading import FormatError
from tui.store.records import Conversation, MessageRecord


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation with its messages.

    Attributes:
        conversation: its row.
        messages: the whole tree, parents before children, siblings by age.
        tokens: those that were generated for a reply, by the number of the message.
    """

    conversation: Conversation
    messages: tuple[MessageRecord, ...]
    tokens: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def branch(self) -> tuple[MessageRecord, ...]:
        """The messages from the beginning to where the person is; to the newest one where that is not known."""
        by_id = {message.id: message for message in self.messages}
        here = by_id.get(self.conversation.leaf or 0) or (self.messages[-1] if self.messages else None)
        path = []
        while here is not None:
            path.append(here)
            here = by_id[here.parent] if here.parent is not None else None
        return tuple(reversed(path))


def renumbered(chat: Chat) -> Chat:
    """`chat` with its messages numbered from 1 and itself without a number, as it lies in a file.

    What the store gave out as numbers says nothing to another store. A reply that is still being written counts as
    interrupted: nobody goes on with the copy.
    """
    numbers = {message.id: number for number, message in enumerate(chat.messages, 1)}
    messages = tuple(_renumbered(message, numbers) for message in chat.messages)
    leaf = numbers.get(chat.conversation.leaf or 0)
    tokens = {numbers[message]: given for message, given in chat.tokens.items()}
    return Chat(replace(chat.conversation, id=0, leaf=leaf), messages, tokens)


def check(chat: Chat, what: str) -> None:
    """Refuse what is no tree.

    Args:
        chat: numbered as by `renumbered`.
        what: whose messages these are, for the error.

    Raises:
        FormatError: a number is there twice, or names no message that came before.
    """
    seen: set[int] = set()
    for message in chat.messages:
        where = f"message {message.id} of {what}"
        if message.id in seen:
            raise FormatError(f"{where} is there twice")
        if message.parent is not None and message.parent not in seen:
            raise FormatError(f"{where} follows message {message.parent}", why="that one does not come before it")
        if message.role == "system":
            raise FormatError(f"{where} is a system message", why="the system prompt is kept with the replies")
        seen.add(message.id)
    for message in chat.messages:
        if message.edited is not None and message.edited not in seen:
            raise FormatError(
                f"message {message.id} of {what} was made from message {message.edited}, which is missing"
            )
    if chat.conversation.leaf is not None and chat.conversation.leaf not in seen:
        raise FormatError(f"the open branch of {what} ends in message {chat.conversation.leaf}, which is missing")


def _renumbered(message: MessageRecord, numbers: Mapping[int, int]) -> MessageRecord:
    return replace(
        message,
        id=numbers[message.id],
        conversation=0,
        parent=numbers[message.parent] if message.parent is not None else None,
        edited=numbers.get(message.edited or 0),
        state="interrupted" if message.state == "growing" else message.state,
    )

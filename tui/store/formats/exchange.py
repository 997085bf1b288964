"""Conversations out of the store and into it, whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from tui.core.text import one_line
from tui.store.formats.chat import Chat, renumbered
from tui.store.formats.native import write_json
from tui.store.formats.openai import write_openai
from tui.store.formats.readable import write_markdown, write_plain
from tui.store.records import Conversation, MessageRecord
from tui.store.store import Store

WRITERS: Mapping[str, Callable[[Iterable[Chat]], Iterator[str]]] = {
    "json": write_json, "md": write_markdown, "txt": write_plain, "jsonl": write_openai,
}  # fmt: skip
"""The formats of an export, by the ending of their files."""


def chat_of(store: Store, conversation: Conversation) -> Chat:
    """All that the store has of a conversation.

    Raises:
        StoreError: it cannot be read.
    """
    messages = tuple(store.messages(conversation.id))
    tokens = {message.id: store.tokens(message.id) for message in messages if message.reply is not None}
    return Chat(conversation, messages, {message: given for message, given in tokens.items() if given})


def export(store: Store, conversations: Sequence[Conversation], format_: str) -> Iterator[str]:
    """A file of conversations in pieces; one conversation at a time is held in memory.

    Args:
        store: where they are.
        conversations: which of them; they come in the order in which they were begun.
        format_: `json`, `md`, `txt` or `jsonl`.

    Raises:
        StoreError: one cannot be read.
    """
    # An import gives out new numbers in the order of the file: by number the next export has the same order.
    ordered = sorted(conversations, key=lambda conversation: conversation.id)
    return WRITERS[format_](chat_of(store, conversation) for conversation in ordered)


def take_in(store: Store, chats: Iterable[Chat]) -> list[Conversation]:
    """Put conversations into the store: all, or none where one cannot be stored.

    Args:
        store: where to.
        chats: numbered as in a file.

    Raises:
        StoreError: they cannot be stored.
    """
    return store.insert_all([_unnumbered(chat) for chat in chats])


def not_there(store: Store, chats: Iterable[Chat]) -> list[Chat]:
    """Those conversations that the store has not, so that a file can be imported again when it has grown.

    Raises:
        StoreError: the store cannot be read.
    """
    there: dict[tuple[str, float], list[Conversation]] = {}
    for conversation in store.conversations(archived=None):
        there.setdefault((conversation.title, conversation.created), []).append(conversation)

    def known(chat: Chat) -> bool:
        alike = there.get((one_line(chat.conversation.title), chat.conversation.created), ())
        return any(
            conversation.length == len(chat.messages) and _said(chat_of(store, conversation)) == _said(chat)
            for conversation in alike
        )

    return [chat for chat in chats if not known(chat)]


def _said(chat: Chat) -> list[tuple[int | None, str, str]]:
    return [(message.parent, message.role, message.text) for message in renumbered(chat).messages]


def _unnumbered(chat: Chat) -> tuple[Conversation, Sequence[MessageRecord], Mapping[int, Sequence[int]]]:
    """The same with numbers that no store keeps: each store gives out its own, in the same order."""

    def below_zero(number: int) -> int:
        return number - len(chat.messages) - 1

    def moved(number: int | None) -> int | None:
        return None if number is None else below_zero(number)

    messages = [replace(m, id=below_zero(m.id), parent=moved(m.parent), edited=moved(m.edited)) for m in chat.messages]
    conversation = replace(chat.conversation, id=0, leaf=moved(chat.conversation.leaf))
    return conversation, messages, {below_zero(message): tokens for message, tokens in chat.tokens.items()}

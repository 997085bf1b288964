"""This program's own JSON: everything the store knows of a conversation, all branches included.

The same conversations give the same bytes: fields stand in the order of their declaration, messages are numbered from
1 in the order in which they were stored, and what is computed from the rest is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from tui.store.formats.chat import Chat, check, renumbered
from tui.store.formats.draft import MAX_MESSAGES
from tui.store.formats.reading import FormatError, as_list, as_object
from tui.store.formats.values import from_json, to_json
from tui.store.records import Conversation, MessageRecord

FORMAT = "localllm-tui chats"
VERSION = 1
_OF_THE_STORE = ("id", "model", "length", "deleted")
_OF_THE_TREE = ("conversation", "position", "siblings")
_TOKENS = re.compile("[0-9]{1,10}( [0-9]{1,10})*")


def write_json(chats: Iterable[Chat]) -> Iterator[str]:
    """The file in pieces, one for each conversation."""
    yield f'{{\n "format": {json.dumps(FORMAT)},\n "version": {VERSION},\n "conversations": ['
    separator = "\n"
    for chat in chats:
        text = json.dumps(_entry(renumbered(chat)), ensure_ascii=False, indent=1, allow_nan=False)
        yield separator + "  " + text.replace("\n", "\n  ")
        separator = ",\n"
    yield ("\n " if separator != "\n" else "") + "]\n}\n"


def is_native(value: Any) -> bool:
    """Whether a JSON value is such a file."""
    return isinstance(value, dict) and value.get("format") == FORMAT


def read_json(value: Any) -> list[Chat]:
    """The conversations of such a file.

    Raises:
        FormatError: it is damaged, or of a newer version.
    """
    version = value.get("version")
    if version != VERSION:
        newer = isinstance(version, int) and version > VERSION
        raise FormatError(
            f"the file has version {version if isinstance(version, int) else '?'} of its format",
            why=f"this program reads version {VERSION}",
            hint="update this program" if newer else "",
        )
    entries = as_list(value.get("conversations"), "conversations")
    chats = [_chat(entry, f"conversation {number}") for number, entry in enumerate(entries, 1)]
    if sum(len(chat.messages) for chat in chats) > MAX_MESSAGES:
        raise FormatError("the file has too many messages", why=f"more than {MAX_MESSAGES:,}")
    return chats


def _entry(chat: Chat) -> dict[str, Any]:
    entry: dict[str, Any] = to_json(chat.conversation, _OF_THE_STORE)
    messages = [to_json(message, _OF_THE_TREE) for message in chat.messages]
    for message, record in zip(messages, chat.messages, strict=True):
        # As a string they take one line and not one for each token.
        if tokens := chat.tokens.get(record.id):
            message["tokens"] = " ".join(map(str, tokens))
    return {**entry, "messages": messages}


def _chat(value: Any, what: str) -> Chat:
    entries = as_list(as_object(value, what).get("messages"), f"messages of {what}")
    computed = {"conversation": 0, "position": 1, "siblings": 1}
    messages = tuple(
        from_json(MessageRecord, entry, f"message {number} of {what}", **computed)
        for number, entry in enumerate(entries, 1)
    )
    conversation = from_json(Conversation, value, what, id=0, model="", length=len(messages), deleted=None)
    tokens = {
        message.id: _tokens(entry["tokens"], f"message {message.id} of {what}")
        for message, entry in zip(messages, entries, strict=True)
        if entry.get("tokens")
    }
    chat = Chat(conversation, messages, tokens)
    check(chat, what)
    return renumbered(chat)


def _tokens(value: Any, what: str) -> tuple[int, ...]:
    if not isinstance(value, str) or not _TOKENS.fullmatch(value):
        raise FormatError(f"the tokens of {what} are no numbers with spaces between")
    tokens = tuple(map(int, value.split(" ")))
    if max(tokens) >= 2**32:
        raise FormatError(f"a token of {what} is larger than 32 bits")
    return tokens

"""What a file of conversations is, found out by looking into it, and what it holds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui.store.formats.adopt import adopted
from tui.store.formats.chat import Chat
from tui.store.formats.chatgpt import is_chatgpt, read_chatgpt
from tui.store.formats.draft import MAX_MESSAGES, Draft, tidy
from tui.store.formats.elia import is_elia, read_elia
from tui.store.formats.native import is_native, read_json
from tui.store.formats.openai import is_openai, read_openai
from tui.store.formats.oterm import is_oterm, read_oterm
from tui.store.formats.reading import FormatError, json_lines, parse_json, read_text
from tui.store.formats.sqlite_file import is_sqlite, opened
from tui.store.formats.web_ui import is_session, is_web_ui, read_sessions, read_web_ui
from tui.store.formats.zip_file import is_zip, texts_of

KNOWN = (
    "this program's JSON, OpenAI JSONL, ChatGPT's conversations.json, llama-server's exports, or oterm's or elia's "
    "database"
)


@dataclass(frozen=True, slots=True)
class Found:
    """The conversations of a file.

    Attributes:
        source: whose format it is, in words.
        chats: what the store can take, numbered as in a file.
        left_out: how many things of them cannot be kept, such as pictures and calls of tools.
        empty: how many conversations have no message, and are not among `chats`.
    """

    source: str
    chats: tuple[Chat, ...]
    left_out: int = 0
    empty: int = 0


def read_chats(path: Path) -> Found:
    """Everything that a file holds; nothing of it when a part is wrong.

    Raises:
        FormatError: it cannot be read, or is none of the known formats.
    """
    try:
        if is_sqlite(path):
            return _from_database(path)
        if is_zip(path):
            return _from_archive(path)
        return _from_text(read_text(path))
    except FormatError as error:
        if str(path) in error.what:
            raise
        what = f"{path}: {error.what[:1].lower()}{error.what[1:]}"
        raise FormatError(what, why=error.why, hint=error.hint) from None
    except MemoryError:
        raise FormatError(f"{path} is too large", why="there is not enough memory to read it") from None


def _from_database(path: Path) -> Found:
    with opened(path) as connection:
        if is_oterm(connection):
            return _gathered("oterm", read_oterm(connection))
        if is_elia(connection):
            return _gathered("elia", read_elia(connection))
    raise FormatError("this is a database of another program", hint=f"what can be imported: {KNOWN}")


def _from_archive(path: Path) -> Found:
    parts = [_from_text(text) for _, text in texts_of(path)]
    return Found(
        parts[0].source,
        tuple(chat for part in parts for chat in part.chats),
        sum(part.left_out for part in parts),
        sum(part.empty for part in parts),
    )


def _from_text(text: str) -> Found:
    text = text.strip("\ufeff \t\r\n")
    if not text:
        raise FormatError("the file is empty")
    first, _, rest = text.partition("\n")
    try:
        value = parse_json(first)
    except FormatError:
        return _from_json(parse_json(text))
    if is_session(value):
        return _gathered("llama-server", read_sessions(json_lines(text)))
    if is_openai(value) and not is_web_ui(value):
        return _gathered("OpenAI JSONL", read_openai(json_lines(text)))
    # What is a value by itself and goes on has to be JSON Lines, of something.
    return _unknown() if rest.strip() else _from_json(value)


def _from_json(value: Any) -> Found:
    if is_native(value):
        return Found("localllm-tui", tuple(read_json(value)))
    if is_chatgpt(value):
        return _gathered("ChatGPT", read_chatgpt(value))
    if is_web_ui(value):
        return _gathered("llama-server", read_web_ui(value))
    if isinstance(value, list) and value and all(isinstance(entry, dict) and is_openai(entry) for entry in value):
        return _gathered("OpenAI", read_openai(enumerate(value, 1)))
    if is_openai(value):
        return _gathered("OpenAI", read_openai([(1, value)]))
    return _unknown()


def _unknown() -> Found:
    raise FormatError("this holds no conversations that are known here", hint=f"what can be imported: {KNOWN}")


def _gathered(source: str, drafts: Iterable[Draft]) -> Found:
    tidied = [tidy(draft) for draft in drafts]
    if sum(len(draft.messages) for draft in tidied) > MAX_MESSAGES:
        raise FormatError("the file has too many messages", why=f"more than {MAX_MESSAGES:,}")
    kept = [draft for draft in tidied if draft.messages]
    now = time.time()
    return Found(
        source,
        tuple(adopted(draft, now) for draft in kept),
        sum(draft.left_out for draft in tidied),
        len(tidied) - len(kept),
    )

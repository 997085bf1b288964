"""Conversations for people: Markdown and plain text. Only the branch that is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tui.store.formats.chat import Chat
from tui.store.formats.spoken import full_text, speaker, system_prompt
from tui.store.records import MessageRecord


def write_markdown(chats: Iterable[Chat]) -> Iterator[str]:
    """A Markdown document in pieces, one for each conversation."""
    separator = ""
    for chat in chats:
        yield separator + "\n\n".join(_markdown(chat)) + "\n"
        separator = "\n---\n\n"


def write_plain(chats: Iterable[Chat]) -> Iterator[str]:
    """Plain text in pieces, one for each conversation."""
    separator = ""
    for chat in chats:
        yield separator + "\n\n".join(_plain(chat)) + "\n"
        separator = "\n" + "=" * 72 + "\n\n"


def _markdown(chat: Chat) -> Iterator[str]:
    branch = chat.branch()
    yield f"# {_title(chat)}"
    yield f"*{_began(chat)}*"
    if system := system_prompt(branch):
        yield "## System prompt"
        yield system.strip("\n")
    for message in branch:
        yield f"## {speaker(message)}"
        yield full_text(message).strip("\n")
        if mark := _mark(message):
            yield f"*({mark})*"


def _plain(chat: Chat) -> Iterator[str]:
    branch = chat.branch()
    yield f"{_title(chat)}\n{_began(chat)}"
    if system := system_prompt(branch):
        yield f"System prompt:\n{system.strip(chr(10))}"
    for message in branch:
        mark = _mark(message)
        yield f"{speaker(message)}:\n{full_text(message).strip(chr(10))}" + (f"\n({mark})" if mark else "")


def _title(chat: Chat) -> str:
    return " ".join(chat.conversation.title.split()) or "Untitled"


def _began(chat: Chat) -> str:
    """When it began, in UTC: a file reads the same wherever it was written."""
    try:
        return f"{datetime.fromtimestamp(chat.conversation.created, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, OSError, ValueError):
        return "at an unknown time"


def _mark(message: MessageRecord) -> str:
    return "" if message.state == "done" else "interrupted"

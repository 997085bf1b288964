"""JSON Lines of messages in OpenAI's shape: `{"messages": [{"role": …, "content": …}, …]}`, one conversation a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tui.core.messages import Role
from tui.store.formats.chat import Chat
from tui.store.formats.draft import Draft, chain
from tui.store.formats.reading import FormatError, as_list, as_object, text_or_empty
from tui.store.formats.spoken import full_text, system_prompt

_ROLES: Mapping[str, Role] = {
    "user": "user", "assistant": "assistant", "system": "system",
    "developer": "system",  # the newer name
}  # fmt: skip
_TOOLS = ("tool", "function")


def is_openai(value: Any) -> bool:
    """Whether a line looks like a conversation: an object with messages, or the bare array of them, none empty."""
    messages = value.get("messages") if isinstance(value, dict) else value
    return isinstance(messages, list) and bool(messages) and all(isinstance(m, dict) and "role" in m for m in messages)


def read_openai(lines: Iterable[tuple[int, Any]]) -> list[Draft]:
    """The conversations, one for each line.

    Args:
        lines: the values, each with the number of its line.

    Raises:
        FormatError: a line has another shape.
    """
    return [_draft(value, f"line {number}") for number, value in lines]


def _draft(value: Any, what: str) -> Draft:
    entry = value if isinstance(value, list) else as_object(value, what).get("messages")
    turns: list[tuple[Role, str]] = []
    left_out = 0
    for message in as_list(entry, f"messages of {what}"):
        said = as_object(message, f"a message of {what}")
        role = text_or_empty(said.get("role"))
        if role in _TOOLS:
            left_out += 1
            continue
        if role not in _ROLES:
            raise FormatError(f"a message of {what} has the role {role or 'null'}")
        text, lost = _content(said.get("content"), what)
        left_out += lost + (1 if said.get("tool_calls") else 0)
        turns.append((_ROLES[role], text))
    title = text_or_empty(value.get("title")) if isinstance(value, dict) else ""
    return Draft(title=title, messages=chain(turns), left_out=left_out)


def _content(value: Any, what: str) -> tuple[str, int]:
    """The text, and how many parts are none."""
    if value is None:
        return "", 0
    if isinstance(value, str):
        return value, 0
    texts = []
    lost = 0
    for part in as_list(value, f"the content of a message of {what}"):
        text = part.get("text") if isinstance(part, dict) else None
        if isinstance(text, str):
            texts.append(text)
        else:
            lost += 1
    return "\n\n".join(texts), lost


def write_openai(chats: Iterable[Chat]) -> Iterator[str]:
    """JSON Lines in pieces: the open branch of each conversation; one without a message has no line."""
    for chat in chats:
        branch = chat.branch()
        if not branch:
            continue
        system = system_prompt(branch)
        messages = [{"role": "system", "content": system}] if system else []
        messages += [{"role": message.role, "content": full_text(message)} for message in branch]
        yield json.dumps({"messages": messages}, ensure_ascii=False) + "\n"

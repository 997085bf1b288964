"""What llama-server's web page exports.

Since June 2026 (llama.cpp pull request 24688) JSON Lines: `{"type": "session", "harness": "llama.app", id, name,
currNode, lastModified}`, then `{"type": "message", "message": …}` for each message, and again for the next session.
The same lines are the Hugging Face Hub's Session Trace Simple Format, whose messages need no names.
Before that JSON: `{"conv": …, "messages": […]}`, or an array of such (pull request 14347, July 2025).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tui.core.messages import Role
from tui.store.formats.draft import Draft, DraftMessage
from tui.store.formats.reading import FormatError, as_list, as_object, seconds_or_none, text_or_empty

_ROLES: Mapping[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}


def is_web_ui(value: Any) -> bool:
    """Whether a JSON value looks like one exported conversation, or several."""
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and "conv" in first and "messages" in first


def is_session(value: Any) -> bool:
    """Whether the first line of JSON Lines is a session's."""
    return isinstance(value, dict) and value.get("type") == "session"


def read_web_ui(value: Any) -> list[Draft]:
    """The conversations of an exported JSON file.

    Raises:
        FormatError: it has another shape.
    """
    drafts = []
    for number, entry in enumerate(value if isinstance(value, list) else [value], 1):
        what = f"conversation {number}"
        exported = as_object(entry, what)
        header = as_object(exported.get("conv"), f"conv of {what}")
        drafts.append(_draft(header, as_list(exported.get("messages"), f"messages of {what}"), what))
    return drafts


def read_sessions(lines: Iterable[tuple[int, Any]]) -> list[Draft]:
    """The conversations of exported JSON Lines.

    Args:
        lines: the values, each with the number of its line.

    Raises:
        FormatError: they have another shape.
    """
    sessions: list[tuple[Mapping[str, Any], list[Any]]] = []
    for number, value in lines:
        record = as_object(value, f"line {number}")
        if record.get("type") == "session":
            sessions.append((record, []))
        elif record.get("type") == "message":
            if not sessions:
                raise FormatError(f"line {number} is a message", why="no session comes before it")
            sessions[-1][1].append(record.get("message"))
    return [_draft(header, messages, f"session {n}") for n, (header, messages) in enumerate(sessions, 1)]


def _draft(header: Mapping[str, Any], entries: Sequence[Any], what: str) -> Draft:
    messages: list[DraftMessage] = []
    left_out = 0
    for number, entry in enumerate(entries):
        message, lost = _message(as_object(entry, f"a message of {what}"), number, messages)
        messages.append(message)
        left_out += lost
    times = [message.created for message in messages if message.created is not None and message.text]
    return Draft(
        title=text_or_empty(header.get("name")),
        messages=tuple(messages),
        selected=text_or_empty(header.get("currNode")),
        created=min(times, default=seconds_or_none(header.get("lastModified"), 0.001)),
        model=next((message.model for message in reversed(messages) if message.model), ""),
        left_out=left_out,
    )


def _message(entry: Mapping[str, Any], number: int, before: Sequence[DraftMessage]) -> tuple[DraftMessage, int]:
    # A message without a name follows the one before it, as in a format without branches.
    key = text_or_empty(entry.get("id")) or f"line {number}"
    previous = before[-1].key if before and not entry.get("id") else None
    parent = text_or_empty(entry.get("parent")) or previous
    if entry.get("type") == "root":
        return DraftMessage(key, None, "system", ""), 0
    role = _ROLES.get(text_or_empty(entry.get("role")))
    attached, lost = _attachments(entry.get("extra"))
    lost += 1 if entry.get("toolCalls") else 0
    if role is None:
        return DraftMessage(key, parent, "user", ""), 1
    content = "\n\n".join(part for part in (_text(entry.get("content")), *attached) if part)
    reasoning = text_or_empty(entry.get("reasoningContent")) or text_or_empty(entry.get("thinking"))
    if reasoning and role == "assistant":
        content = f"<think>\n{reasoning}\n</think>\n\n{content}"
    created = seconds_or_none(entry.get("timestamp"), 0.001)
    return DraftMessage(key, parent, role, content, created, text_or_empty(entry.get("model"))), lost


def _text(content: Any) -> str:
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "\n\n".join(part for part in parts if isinstance(part, str) and part)
    return text_or_empty(content)


def _attachments(extra: Any) -> tuple[list[str], int]:
    """Attached texts as the page itself gives them to the model, and how many attachments are no text."""
    texts = []
    entries = [entry for entry in extra if isinstance(entry, dict)] if isinstance(extra, list) else []
    for entry in entries:
        # The text drawn from a PDF counts as one.
        if content := text_or_empty(entry.get("content")):
            texts.append(f"--- File: {text_or_empty(entry.get('name'))} ---\n{content}")
    return texts, len(entries) - len(texts)

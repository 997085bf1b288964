"""ChatGPT's `conversations.json`: an array of conversations, each a `mapping` of nodes to parents and children.

The file is undocumented; the shape is that of exports of 2023 to 2026 (`title`, `create_time`, `current_node`,
`mapping[id] = {message, parent, children}`, `message = {author.role, content.parts, create_time, metadata}`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.core.messages import Role
from tui.store.formats.draft import Draft, DraftMessage
from tui.store.formats.reading import as_list, as_object, seconds_or_none, text_or_empty

_ROLES: Mapping[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}


def is_chatgpt(value: Any) -> bool:
    """Whether a JSON value looks like one conversation of the file, or all of them."""
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and isinstance(first.get("mapping"), dict)


def read_chatgpt(value: Any) -> list[Draft]:
    """The conversations of the file.

    Raises:
        FormatError: it has another shape.
    """
    entries = value if isinstance(value, list) else [value]
    return [_conversation(entry, f"conversation {number}") for number, entry in enumerate(entries, 1)]


def _conversation(value: Any, what: str) -> Draft:
    entry = as_object(value, what)
    mapping = as_object(entry.get("mapping"), f"the mapping of {what}")
    left_out = 0
    messages = []
    for key in _in_order(mapping, what):
        node = as_object(mapping[key], f"a node of {what}")
        message, lost = _message(key, node, what)
        left_out += lost
        messages.append(message)
    return Draft(
        title=text_or_empty(entry.get("title")),
        messages=tuple(messages),
        selected=text_or_empty(entry.get("current_node")),
        created=seconds_or_none(entry.get("create_time")),
        model=text_or_empty(entry.get("default_model_slug")),
        archived=entry.get("is_archived") is True,
        left_out=left_out,
    )


def _in_order(mapping: Mapping[str, Any], what: str) -> list[str]:
    """The keys so that siblings come in the order in which their parent names them: the mapping's own says nothing."""
    rank: dict[str, int] = {}
    for node in mapping.values():
        children = as_object(node, f"a node of {what}").get("children") or []
        for number, child in enumerate(as_list(children, f"the children of a node of {what}")):
            if isinstance(child, str):
                rank.setdefault(child, number)
    return sorted(mapping, key=lambda key: rank.get(key, 0))


def _message(key: str, node: Mapping[str, Any], what: str) -> tuple[DraftMessage, int]:
    """A node as a message, without text when nothing of it is kept; and how much of it is lost."""
    parent = text_or_empty(node.get("parent")) or None
    nothing = DraftMessage(key, parent, "user", "")
    if node.get("message") is None:
        return nothing, 0
    message = as_object(node["message"], f"a message of {what}")
    author = message.get("author")
    role = _ROLES.get(text_or_empty(author.get("role"))) if isinstance(author, dict) else None
    metadata = message.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    if metadata.get("is_visually_hidden_from_conversation") is True:
        return nothing, 0
    text, lost = _content(message.get("content"))
    # What the assistant says to a tool is no part of the dialogue.
    if role is None or message.get("recipient") not in (None, "", "all"):
        return nothing, 1 if text or lost else 0
    created = seconds_or_none(message.get("create_time"))
    return DraftMessage(key, parent, role, text, created, text_or_empty(metadata.get("model_slug"))), lost


def _content(value: Any) -> tuple[str, int]:
    """The text of a message, and how many parts of it are none."""
    if not isinstance(value, dict):
        return "", 0
    kind = value.get("content_type")
    if kind == "code":
        return text_or_empty(value.get("text")), 0
    if kind not in ("text", "multimodal_text"):
        return "", 0 if kind in ("model_editable_context", "user_editable_context", "reasoning_recap") else 1
    parts = value.get("parts")
    parts = parts if isinstance(parts, list) else []
    texts = [_part(part) for part in parts]
    return "\n\n".join(text for text in texts if text), sum(text is None for text in texts)


def _part(part: Any) -> str | None:
    if isinstance(part, str):
        return part
    # What was said aloud comes with its transcript.
    return text_or_empty(part.get("text")) or None if isinstance(part, dict) else None

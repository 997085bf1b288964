"""The messages of a request as the engine takes them."""

from __future__ import annotations

from typing import Any

from tui.core.messages import Message, Role
from tui.server.errors import ApiError
from tui.server.fields import Fields, wrong

_ROLES: dict[str, Role] = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant",
}  # fmt: skip
_MOST = 10_000


def messages_of(fields: Fields) -> tuple[Message, ...]:
    """A conversation in OpenAI's shape.

    Raises:
        ApiError: it is none.
    """
    items = fields.items("messages")
    if not items:
        raise ApiError(400, "messages has to be an array with at least one message.", param="messages")
    if len(items) > _MOST:
        raise ApiError(400, f"messages has {len(items):,} messages, and {_MOST:,} are the most.", param="messages")
    return tuple(_message(number, item) for number, item in enumerate(items))


def _message(number: int, item: Any) -> Message:
    name = f"messages[{number}]"
    if not isinstance(item, dict):
        raise wrong(name, "an object with role and content", item)
    role = _ROLES.get(str(item.get("role")))
    if role is None:
        raise wrong(f"{name}.role", "system, developer, user or assistant", item.get("role"))
    return Message(role, content_text(f"{name}.content", item.get("content")))


def content_text(name: str, content: Any) -> str:
    """A message's content as text: a text, or an array of parts that are texts.

    Raises:
        ApiError: it is neither, or has a part that is no text.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise wrong(name, "a text or an array of parts", content)
    return "\n".join(_part(f"{name}[{number}]", part) for number, part in enumerate(content))


def _part(name: str, part: Any) -> str:
    if isinstance(part, dict) and part.get("type") in ("text", "input_text", "output_text"):
        text = part.get("text")
        if isinstance(text, str):
            return text
        raise wrong(f"{name}.text", "a text", text)
    if isinstance(part, dict) and isinstance(part.get("type"), str):
        raise ApiError(400, f"{name} is of type {part['type'][:40]}, and this model reads text only.", param=name)
    raise wrong(name, "an object with type and text", part)

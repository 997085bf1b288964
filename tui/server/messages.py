"""The messages of a request as the engine takes them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tui.core.messages import Message, Speaker, ToolCall
from tui.server.errors import ApiError
from tui.server.fields import Fields, wrong

_ROLES: dict[str, Speaker] = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool",
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
    return named(tuple(_message(number, item) for number, item in enumerate(items)))


def begins_reply(fields: Fields, messages: tuple[Message, ...]) -> bool:
    """Whether the beginning of the model's next message follows the conversation: not where `add_generation_prompt` is
    false. A reply at the end, with which the model goes on, is its own beginning.

    Raises:
        ApiError: that is neither true nor false.
    """
    return fields.flag("add_generation_prompt", True) or messages[-1].role == "assistant"


def named(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """A conversation in which the answers of tools have their tools' names, which some templates need."""
    names = {call.id: call.name for message in messages for call in message.calls if call.id}
    return tuple(
        replace(one, name=names.get(one.call_id, "")) if one.role == "tool" and not one.name else one
        for one in messages
    )


def _message(number: int, item: Any) -> Message:
    name = f"messages[{number}]"
    if not isinstance(item, dict):
        raise wrong(name, "an object with role and content", item)
    role = _ROLES.get(str(item.get("role")))
    if role is None:
        raise wrong(f"{name}.role", "system, developer, user, assistant or tool", item.get("role"))
    text, fields = content_text(f"{name}.content", item.get("content")), Fields(item)
    if role == "assistant":
        reasoning = fields.text("reasoning_content") or fields.text("reasoning")
        return Message(role, text, reasoning, _calls(f"{name}.tool_calls", fields.items("tool_calls")))
    if role == "tool":
        return Message(role, text, call_id=fields.text("tool_call_id"), name=fields.text("name"))
    return Message(role, text)


def _calls(name: str, items: list[Any]) -> tuple[ToolCall, ...]:
    calls = []
    for number, item in enumerate(items):
        function = item.get("function") if isinstance(item, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise wrong(f"{name}[{number}]", "an object with id and function", item)
        arguments = function.get("arguments", "{}")
        calls.append(call_of(f"{name}[{number}]", function["name"], arguments, item.get("id")))
    return tuple(calls)


def call_of(name: str, function: str, arguments: Any, call_id: Any) -> ToolCall:
    """A call in a conversation.

    Args:
        name: of the field, for errors.
        function: the tool's name.
        arguments: an object, or the text of one.
        call_id: of the call; None for none.

    Raises:
        ApiError: the arguments are no JSON object.
    """
    if call_id is not None and not isinstance(call_id, str):
        raise wrong(f"{name}.id", "a text", call_id)
    try:
        value = json.loads(arguments or "{}") if isinstance(arguments, str) else arguments
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise wrong(f"{name}.arguments", "the text of a JSON object", arguments)
    return ToolCall(function, json.dumps(value, ensure_ascii=False), call_id or "")


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

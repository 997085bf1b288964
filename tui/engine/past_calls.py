"""What a chat template is given of the tools that were called, and of what they answered."""

from __future__ import annotations

import json
from typing import Any

from tui.core.messages import Message, ToolCall
from tui.engine.jinja import Rendered

_PROBE: dict[str, Any] = {"needle": "hay"}
_TOOL = {"type": "function", "function": {"name": "f", "description": "", "parameters": {"type": "object"}}}


class PastCalls:
    """Hands calls to a template in the shape that it was written for.

    Some templates write a call's arguments as JSON themselves, or one by one, and want an object; others want the text
    that OpenAI's clients send. Which it is shows in what they make of an object, as llama.cpp finds out too
    (`common/jinja/caps.cpp`).
    """

    def __init__(self) -> None:
        self._objects: bool | None = None

    def fields(self, message: Message, template: Rendered) -> dict[str, Any]:
        """What a message has besides its role and its text."""
        told: dict[str, Any] = {}
        if message.calls:
            if self._objects is None:
                self._objects = _takes_objects(template)
            told["tool_calls"] = [_call(call, objects=self._objects) for call in message.calls]
        if message.call_id:
            told["tool_call_id"] = message.call_id
        if message.name:
            told["name"] = message.name
        return told


def _call(call: ToolCall, *, objects: bool) -> dict[str, Any]:
    arguments = json.loads(call.arguments) if objects else call.arguments
    return {"type": "function", "id": call.id, "function": {"name": call.name, "arguments": arguments}}


def _takes_objects(template: Rendered) -> bool:
    call = {"type": "function", "id": "call00001", "function": {"name": "f", "arguments": _PROBE}}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
    ]
    try:
        text = template(messages, False, {"tools": [_TOOL]})
    except Exception:  # a template is a program from a file: whatever it raises says that this is not its shape
        return False
    return str(_PROBE) not in text

"""A request of `/v1/responses`, read as the chat that it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tui.core.messages import Message
from tui.server.asking import Asked
from tui.server.chat import with_system
from tui.server.errors import ApiError
from tui.server.fields import Fields, wrong
from tui.server.messages import call_of, content_text, messages_of, named
from tui.server.parameters import parameters_of
from tui.server.state import State
from tui.server.tools import toolbox_of

_KEPT = {
    "previous_response_id": "This server keeps no responses. Send the whole conversation as input.",
    "conversation": "This server keeps no conversations. Send the whole conversation as input.",
    "background": "This server answers while the client waits: background is not served.",
    "prompt": "This server keeps no prompts. Send the text as input or instructions.",
}
_MOST = 10_000


def asked_by(state: State, fields: Fields) -> Asked:
    """What a request asks.

    Raises:
        ApiError: it asks for what cannot be.
    """
    for name, why in _KEPT.items():
        if name in fields and fields.body[name] is not False:
            raise ApiError(400, why, param=name)
    messages = _input(fields)
    if instructions := fields.text("instructions"):
        messages = (Message("system", instructions), *messages)
    params = parameters_of(Fields(_as_chat(fields)), state.generation)
    return Asked(fields.text("model"), with_system(state, messages), params, toolbox_of(fields))


def _as_chat(fields: Fields) -> dict[str, Any]:
    """How tokens are to be chosen, in the words of chat completions."""
    body = {**fields.body, "stop": fields.body.get("stop")}
    if "max_output_tokens" in fields:
        body["max_tokens"] = fields.whole("max_output_tokens", 0, least=1)
    if effort := Fields(fields.table("reasoning")).text("effort"):
        body["reasoning_effort"] = effort
    form = Fields(Fields(fields.table("text")).table("format"))
    kind = form.text("type", "text")
    if kind == "json_schema":
        body["response_format"] = {"type": kind, "json_schema": {"schema": form.body.get("schema")}}
    elif kind in ("json_object", "text"):
        body["response_format"] = {"type": kind}
    else:
        raise wrong("text.format.type", "text, json_object or json_schema", kind)
    return body


def _input(fields: Fields) -> tuple[Message, ...]:
    value = fields.body.get("input")
    if isinstance(value, str):
        return (Message("user", value),)
    if not isinstance(value, list) or not 0 < len(value) <= _MOST:
        raise wrong("input", f"a text, or an array of 1 to {_MOST:,} items", value)
    messages: list[Message] = []
    thought = ""
    for number, item in enumerate(value):
        if not isinstance(item, dict):
            raise wrong(f"input[{number}]", "an object", item)
        if item.get("type") == "reasoning":
            thought += _thought(f"input[{number}]", Fields(item))
            continue
        message = _message(f"input[{number}]", item)
        if message.role == "assistant":
            message, thought = replace(message, reasoning=thought), ""
        _append(messages, message)
    if not messages:
        raise ApiError(400, "input has no message.", param="input")
    return named(tuple(messages))


def _append(messages: list[Message], message: Message) -> None:
    """Calls are items of their own here, and belong to the reply before them in a chat."""
    last = messages[-1] if messages else None
    if message.calls and last is not None and last.role == "assistant":
        both = replace(last, calls=(*last.calls, *message.calls), reasoning=last.reasoning + message.reasoning)
        messages[-1] = both
    else:
        messages.append(message)


def _message(name: str, item: dict[str, Any]) -> Message:
    fields = Fields(item)
    kind = fields.text("type", "message")
    if kind == "message":
        return messages_of(Fields({"messages": [{"role": item.get("role"), "content": item.get("content")}]}))[0]
    if kind == "function_call":
        function = fields.text("name")
        if not function:
            raise wrong(f"{name}.name", "the name of a function", item.get("name"))
        return Message("assistant", "", calls=(call_of(name, function, item.get("arguments"), item.get("call_id")),))
    if kind == "function_call_output":
        return Message("tool", content_text(f"{name}.output", item.get("output")), call_id=fields.text("call_id"))
    raise ApiError(400, f"{name} is of type {kind[:40]}, which is not served here.", param=name)


def _thought(name: str, fields: Fields) -> str:
    parts = fields.items("content")
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    if len(texts) != len(parts) or not all(isinstance(text, str) for text in texts):
        raise wrong(f"{name}.content", "an array of parts with a text", parts)
    return "\n\n".join(str(text) for text in texts)

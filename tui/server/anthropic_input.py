"""A request of Anthropic's `/v1/messages`, read as the chat that it is."""

from __future__ import annotations

import json
from typing import Any

from tui.core.messages import Message, ToolCall
from tui.server.asking import Asked
from tui.server.chat import with_system
from tui.server.errors import ApiError
from tui.server.fields import Fields, wrong
from tui.server.messages import call_of, named
from tui.server.parameters import parameters_of
from tui.server.state import State
from tui.server.tools import Tool, Toolbox, Use, chosen, make_tool

_MOST = 10_000
_USES: dict[str, Use] = {"auto": "auto", "any": "required", "none": "none", "tool": "required"}


def asked_by(state: State, fields: Fields, *, counting: bool = False) -> Asked:
    """What a request asks.

    Args:
        state: what the handlers share.
        fields: the request.
        counting: whether only its tokens are to be counted.

    Raises:
        ApiError: it asks for what cannot be.
    """
    messages = _messages(fields)
    system = _texts("system", fields.body.get("system"))
    if system:
        messages = (Message("system", system), *messages)
    body = _as_chat(fields)
    if not counting:
        if "max_tokens" not in fields:
            raise ApiError(400, "max_tokens has to be there: the most tokens of the answer.", param="max_tokens")
        body["max_tokens"] = fields.whole("max_tokens", 0, least=1)
    params = parameters_of(Fields(body), state.generation)
    return Asked(fields.text("model"), with_system(state, messages), params, _toolbox(fields))


def _as_chat(fields: Fields) -> dict[str, Any]:
    """How tokens are to be chosen, in the words of chat completions."""
    body = {**fields.body, "stop": list(fields.texts("stop_sequences"))}
    thinking = Fields(fields.table("thinking"))
    kind = thinking.text("type", "auto")
    if kind == "disabled":
        body["reasoning_effort"] = "none"
    elif kind == "enabled" and "budget_tokens" in thinking:
        body["reasoning_budget"] = thinking.whole("budget_tokens", 0, least=0)
    if effort := Fields(fields.table("output_config")).text("effort"):
        body["reasoning_effort"] = effort
    form = Fields(Fields(fields.table("output_config")).table("format") or fields.table("output_format"))
    if form.text("type") == "json_schema":
        body["response_format"] = {"type": "json_schema", "json_schema": {"schema": form.body.get("schema")}}
    return body


def _toolbox(fields: Fields) -> Toolbox:
    tools = tuple(_tool(f"tools[{number}]", item) for number, item in enumerate(fields.items("tools")))
    choice = Fields(fields.table("tool_choice"))
    kind = choice.text("type", "auto")
    if kind not in _USES:
        raise wrong("tool_choice.type", "auto, any, tool or none", kind)
    name = choice.text("name") if kind == "tool" else ""
    if kind == "tool" and not name:
        raise wrong("tool_choice.name", "the name of a tool", choice.body.get("name"))
    single = choice.flag("disable_parallel_tool_use") if "disable_parallel_tool_use" in choice else None
    return chosen(tools, _USES[kind], name, None if single is None else not single)


def _tool(name: str, item: Any) -> Tool:
    if not isinstance(item, dict):
        raise wrong(name, "an object with name and input_schema", item)
    fields = Fields(item)
    kind = fields.text("type", "custom")
    if kind != "custom":
        raise ApiError(400, f"{name} is of type {kind[:40]}; only tools of the client's own are served.", param=name)
    return make_tool(name, fields, "input_schema")


def _messages(fields: Fields) -> tuple[Message, ...]:
    items = fields.items("messages")
    if not 0 < len(items) <= _MOST:
        raise wrong("messages", f"an array of 1 to {_MOST:,} messages", items)
    messages: list[Message] = []
    for number, item in enumerate(items):
        name = f"messages[{number}]"
        if not isinstance(item, dict):
            raise wrong(name, "an object with role and content", item)
        role = item.get("role")
        if role == "user":
            messages += _of_user(name, item.get("content"))
        elif role == "assistant":
            messages.append(_of_assistant(name, item.get("content")))
        else:
            raise wrong(f"{name}.role", "user or assistant", role)
    return named(tuple(messages))


def _of_user(name: str, content: Any) -> list[Message]:
    """What tools answered comes first: it belongs to the calls before."""
    results: list[Message] = []
    texts: list[str] = []
    for place, block in _blocks(name, content):
        fields = Fields(block)
        if fields.text("type") == "tool_result":
            text = _texts(f"{place}.content", block.get("content"))
            results.append(Message("tool", text, call_id=fields.text("tool_use_id")))
        else:
            texts.append(_text(place, block))
    return [*results, *([Message("user", "\n".join(texts))] if texts or not results else [])]


def _of_assistant(name: str, content: Any) -> Message:
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[ToolCall] = []
    for place, block in _blocks(name, content):
        fields = Fields(block)
        kind = fields.text("type")
        if kind == "tool_use":
            function = fields.text("name")
            if not function:
                raise wrong(f"{place}.name", "the name of a tool", block.get("name"))
            calls.append(call_of(place, function, json.dumps(fields.table("input")), block.get("id")))
        elif kind == "thinking":
            thoughts.append(fields.text("thinking"))
        elif kind != "redacted_thinking":
            texts.append(_text(place, block))
    return Message("assistant", "\n".join(texts), "\n\n".join(thoughts), tuple(calls))


def _texts(name: str, content: Any) -> str:
    return "\n".join(_text(place, block) for place, block in _blocks(name, content) if block.get("text") != "")


def _blocks(name: str, content: Any) -> list[tuple[str, dict[str, Any]]]:
    if content is None:
        return []
    if isinstance(content, str):
        return [(name, {"type": "text", "text": content})]
    if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
        raise wrong(f"{name}.content", "a text or an array of blocks", content)
    return [(f"{name}.content[{number}]", block) for number, block in enumerate(content)]


def _text(name: str, block: dict[str, Any]) -> str:
    kind = Fields(block).text("type")
    if kind != "text":
        raise ApiError(400, f"{name} is of type {kind[:40]}, and this model reads text only.", param=name)
    text = block.get("text")
    if not isinstance(text, str):
        raise wrong(f"{name}.text", "a text", text)
    return text

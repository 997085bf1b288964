"""Tools for chat templates that know none: they are described in the system message, and the answer is JSON.

The format is the one that llama.cpp falls back to: `{"tool_call": …}` or `{"response": "…"}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from tui.core.messages import Message, ToolCall
from tui.server.tools import Toolbox
from tui.server.tools_formats import GENERIC
from tui.server.tools_grammar import ANSWER
from tui.server.tools_json import JsonEnd
from tui.server.tools_parser import CallParser, Piece


def told_of_tools(messages: Sequence[Message], box: Toolbox) -> tuple[Message, ...]:
    """A conversation whose system message describes the tools."""
    described = "\n".join(json.dumps(tool.declared(), ensure_ascii=False) for tool in box.tools)
    call = '{"tool_call": {"name": "NAME", "arguments": {…}}}'
    if box.parallel:
        call = '{"tool_calls": [{"name": "NAME", "arguments": {…}}, …]}'
    text = f"You can call these tools:\n\n{described}\n\nRespond in JSON. To call a tool: {call}"
    if box.use != "required":
        text += '\nTo answer the user: {"response": "…"}'
    first = messages[0] if messages else None
    if first is not None and first.role == "system":
        return (replace(first, content=f"{first.content}\n\n{text}"), *messages[1:])
    return (Message("system", text), *messages)


def without_calls(messages: Sequence[Message]) -> tuple[Message, ...]:
    """A conversation in which calls and what tools answered are plain messages, in the same JSON."""
    return tuple(_plain(message) for message in messages)


def _plain(message: Message) -> Message:
    if message.calls:
        calls = [_written(call) for call in message.calls]
        written = {"tool_call": calls[0]} if len(calls) == 1 else {"tool_calls": calls}
        text = json.dumps(written, ensure_ascii=False)
        return Message("assistant", f"{message.content}\n{text}" if message.content else text, message.reasoning)
    if message.role == "tool":
        answer = {"tool": message.name, "tool_call_id": message.call_id, "content": message.content}
        told = {key: value for key, value in answer.items() if value}
        return Message("user", json.dumps({"tool_response": told}, ensure_ascii=False))
    return message


def _written(call: ToolCall) -> dict[str, object]:
    return {"name": call.name, "arguments": json.loads(call.arguments)}


class GenericParser:
    """Takes an answer apart that a grammar holds to the generic format.

    Args:
        box: the tools.
        plain: whether an answer that calls nothing is a text; JSON of a schema's otherwise.
    """

    def __init__(self, box: Toolbox, *, plain: bool) -> None:
        self._calls = CallParser(GENERIC, box.tools, certain=True)
        self._plain = plain
        self._held = ""
        self._text: list[str] = []
        self._end = JsonEnd()
        self._decoder = _TextDecoder()
        self._state: Callable[[str], None] = self._before
        self._pieces: list[Piece] = []

    def feed(self, text: str) -> list[Piece]:
        """Take more of the answer, and give what became certain."""
        for char in text:
            self._state(char)
        said, self._text = "".join(self._text), []
        pieces, self._pieces = self._pieces, []
        return [*pieces, *([Piece("text", said)] if said else [])]

    def finish(self) -> list[Piece]:
        """What was held back, now that nothing follows; the beginning of something that broke off is no text."""
        return [*self.feed(""), *self._calls.finish()]

    def _before(self, char: str) -> None:
        self._held += char
        if self._held == ANSWER:
            self._held, self._state = "", self._in_answer
        elif not ANSWER.startswith(self._held):
            self._state = self._in_calls
            self._in_calls(self._held)

    def _in_calls(self, text: str) -> None:
        self._pieces += self._calls.feed(text)

    def _in_answer(self, char: str) -> None:
        step = self._end.take(char)
        if step != "before":
            self._text.append(self._decoder.take(char) if self._plain else char)
        if step != "more":
            self._state = self._over

    def _over(self, _char: str) -> None:
        """The brace that ends it."""


class _TextDecoder:
    """A JSON text, its characters as they come."""

    def __init__(self) -> None:
        self._escape = ""
        self._half = ""

    def take(self, char: str) -> str:
        if not self._escape:
            if char == "\\":
                self._escape = char
            return "" if char in '"\\' else char
        self._escape += char
        if self._escape.startswith("\\u") and len(self._escape) < 6:
            return ""
        whole, self._escape, self._half = self._half + self._escape, "", ""
        text = str(json.loads(f'"{whole}"'))
        if len(text) == 1 and "\ud800" <= text <= "\udbff":
            self._half = whole
            return ""
        return text.encode("utf-8", "replace").decode() if "\ud800" <= text[0] <= "\udfff" else text

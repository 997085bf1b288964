"""JSON read one character at a time: where a value ends, and which calls an object makes."""

from __future__ import annotations

import json
from typing import Any, Literal

Step = Literal["more", "last", "before"]
"""Whether a value goes on with a character, ends with it, or has ended before it."""
_NAMES = ("name", "tool_name", "function")
_ARGUMENTS = ("arguments", "parameters", "args")
_IDS = ("id", "tool_call_id", "call_id")
_SPACE = " \t\r\n"


class Malformed(ValueError):
    """A text is not what it began as."""


class JsonEnd:
    """Finds the end of a JSON value whose first character comes first."""

    def __init__(self) -> None:
        self._open = 0
        self._in_text = self._escaped = self._scalar = False
        self._begun = False

    def take(self, char: str) -> Step:
        """Take the next character."""
        if not self._begun:
            self._begun, self._scalar = True, char not in '{["'
        elif self._scalar:
            return "before" if char in ",}]" + _SPACE else "more"
        if self._in_text:
            if self._escaped:
                self._escaped = False
            elif char == "\\":
                self._escaped = True
            elif char == '"':
                self._in_text = False
                return "more" if self._open else "last"
        elif char == '"':
            self._in_text = True
        elif char in "{[":
            self._open += 1
        elif char in "}]":
            self._open -= 1
            return "more" if self._open else "last"
        return "more"


class CallObject:
    """An object such as `{"name": "f", "arguments": {…}}`, told as soon as it is known.

    The names of its fields are those of any model. What it has besides is passed over.
    """

    def __init__(self) -> None:
        self.name = ""
        """Of the tool, once it is known."""
        self.done = False
        self._fields: dict[str, Any] = {}
        self._state = self._open
        self._key = ""
        self._value = ""
        self._end = JsonEnd()
        self._nested = 0
        self._streams = False
        self._given = False

    @property
    def id(self) -> str:
        """By which the model calls the call; empty for none."""
        found = next((self._fields[key] for key in _IDS if key in self._fields), "")
        return found if isinstance(found, str) else ""

    def take(self, char: str) -> str:
        """Take the next character.

        Returns:
            What it adds to the arguments.

        Raises:
            Malformed: this is no such object.
        """
        return self._state(char)

    def _open(self, char: str) -> str:
        if char != "{":
            raise Malformed
        self._state = self._before_key
        return ""

    def _before_key(self, char: str) -> str:
        if char == '"':
            self._key, self._end, self._state = char, JsonEnd(), self._in_key
            self._end.take(char)
        elif char == "}":
            if not self._nested:
                return self._finish()
            self._nested -= 1
        elif char not in _SPACE + ",":
            raise Malformed
        return ""

    def _in_key(self, char: str) -> str:
        self._key += char
        if self._end.take(char) == "last":
            self._key, self._state = str(_loaded(self._key)), self._before_colon
        return ""

    def _before_colon(self, char: str) -> str:
        if char == ":":
            self._state = self._before_value
        elif char not in _SPACE:
            raise Malformed
        return ""

    def _before_value(self, char: str) -> str:
        if char in _SPACE:
            return ""
        if char == "{" and self._key == "function" and not self._nested:
            self._nested, self._state = 1, self._before_key
            return ""
        self._value, self._end, self._state = "", JsonEnd(), self._in_value
        self._streams = self._key in _ARGUMENTS and bool(self.name) and char == "{" and not self._given
        self._given = self._given or self._streams
        return self._in_value(char)

    def _in_value(self, char: str) -> str:
        step = self._end.take(char)
        if step != "before":
            self._value += "" if self._streams else char
        if step == "more":
            return char if self._streams else ""
        self._state = self._before_key
        if not self._streams:
            self._keep()
        rest = self._before_key(char) if step == "before" else ""
        return (char if self._streams and step == "last" else "") + rest

    def _keep(self) -> None:
        value = _loaded(self._value)
        self._fields[self._key] = value
        if self._key in _NAMES and isinstance(value, str) and value and not self.name:
            self.name = value

    def _finish(self) -> str:
        self.done = True
        if not self.name:
            raise Malformed
        if self._given:
            return ""
        value: Any = next((self._fields[key] for key in _ARGUMENTS if key in self._fields), {})
        if isinstance(value, str):  # OpenAI's own way, which some models have learnt
            value = _loaded(value) if value.strip() else {}
        if not isinstance(value, dict):
            raise Malformed
        return json.dumps(value, ensure_ascii=False)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed from None

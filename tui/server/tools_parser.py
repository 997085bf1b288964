"""Finds the calls in what a model writes, while it writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from tui.server.tools import Tool
from tui.server.tools_blocks import calls_of
from tui.server.tools_formats import Format
from tui.server.tools_json import CallObject, JsonEnd, Malformed

_LONGEST_HEADER = 400
"""Characters between a marker and the arguments; a name has 128 at most."""
_LONGEST_BLOCK = 1_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that became certain.

    Attributes:
        kind: a part of the answer's text, the name of a tool that is called, or a part of its arguments.
        text: what is added.
        call: the number of the call, from 0.
    """

    kind: Literal["text", "name", "arguments"]
    text: str
    call: int = 0


class CallParser:
    """Takes an answer apart into text and calls, one character after the other: however it is torn, the same comes out.

    What looks like a call and is none stays text.

    Args:
        form: how the model writes calls.
        tools: those it may call.
        certain: whether a grammar holds the answer to calls: the beginning of one that breaks off is then no text.
    """

    def __init__(self, form: Format, tools: Collection[Tool], *, certain: bool = False) -> None:
        self._form = form
        self._certain = certain
        self._tools = {tool.name: tool for tool in tools}
        self._pieces: list[Piece] = []
        self._held = ""
        self._raw = ""
        self._calls = 0
        self._said = False
        self._skipped = ""
        self._object: CallObject | None = None
        self._json = JsonEnd()
        self._told = False
        self._state: Callable[[str], None] = self._header if form.within else self._text

    def feed(self, text: str) -> list[Piece]:
        """Take more of the answer.

        Returns:
            What became certain, in order.
        """
        for char in text:
            self._state(char)
        return self._given()

    def finish(self) -> list[Piece]:
        """What was held back, now that nothing follows."""
        while self._state == self._after and self._skipped:
            self._flush_after()
        if not self._certain:
            self._say(self._raw if not self._told else "")
            self._say(self._held)
        self._raw = self._held = ""
        return self._given()

    @property
    def calls(self) -> int:
        """How many calls there are so far."""
        return self._calls

    def _given(self) -> list[Piece]:
        pieces: list[Piece] = []
        for piece in self._pieces:
            if pieces and piece.kind != "name" and (pieces[-1].kind, pieces[-1].call) == (piece.kind, piece.call):
                piece = Piece(piece.kind, pieces.pop().text + piece.text, piece.call)
            pieces.append(piece)
        self._pieces = []
        return pieces

    # Text. Blanks are held back, because those before a call do not belong to the answer.

    def _text(self, char: str) -> None:
        self._held += char
        opener = max((one for one in self._form.openers if self._held.endswith(one)), key=len, default="")
        if opener:
            text = self._held[: -len(opener)].rstrip()
            self._say(text)
            self._raw, self._held, self._state = self._held[len(text) :], "", self._header
        elif self._form.bare and not self._said and self._held.lstrip()[:1] in ("{", "["):
            self._raw, self._held, self._state = self._held[:-1], "", self._header
            self._state(char)
        else:
            keep = self._overlap(self._held)
            certain = self._held[: len(self._held) - keep]
            certain = certain.rstrip()
            self._say(certain)
            self._held = self._held[len(certain) :]

    def _overlap(self, text: str) -> int:
        openers = self._form.openers
        longest = min(max(map(len, openers)) - 1, len(text))
        return next((size for size in range(longest, 0, -1) if any(o.startswith(text[-size:]) for o in openers)), 0)

    def _say(self, text: str) -> None:
        if not text or (self._calls and not text.strip()):
            return
        self._said = self._said or bool(text.strip())
        self._pieces.append(Piece("text", text))

    def _give_up(self) -> None:
        """This is no call after all."""
        raw, self._raw, self._skipped = self._raw, "", ""
        self._object, self._state = None, self._text
        if not self._told:
            self._said = True  # what was no call at the beginning is none later either
            self._say(raw)
        self._told = False

    # A call: from its marker to the arguments, and the arguments.

    def _header(self, char: str) -> None:
        self._raw += char
        self._skipped += char
        if self._form.plain and self._skipped == self._form.plain:
            self._raw = self._skipped = ""
            self._said, self._state = True, self._text
        elif self._form.block:
            if self._skipped.endswith(self._form.block.end):
                self._take_block()
            elif len(self._skipped) > _LONGEST_BLOCK:
                self._give_up()
        elif char == "{":
            found = self._form.header.fullmatch(self._skipped[:-1])
            if not found:
                self._give_up()
                return
            self._skipped = ""
            name = found.groupdict().get("name")
            self._begin_named(name) if name else self._begin_object(char)
        elif len(self._skipped) > _LONGEST_HEADER:
            self._give_up()

    def _begin_named(self, name: str) -> None:
        self._call(name)
        self._json, self._state = JsonEnd(), self._arguments
        self._arguments("{")

    def _arguments(self, char: str) -> None:
        step = self._json.take(char)
        self._add(char)
        if step == "last":
            self._end_call()

    def _begin_object(self, char: str) -> None:
        self._object, self._told, self._state = CallObject(), False, self._in_object
        self._object.take(char)

    def _in_object(self, char: str) -> None:
        assert self._object is not None
        self._raw += char
        try:
            added = self._object.take(char)
        except Malformed:
            self._give_up()
            return
        if added and not self._told:
            if self._form.bare and self._object.name not in self._tools:
                self._give_up()
                return
            self._call(self._object.name)
        if added:
            self._add(added)
        if self._object.done:
            self._object = None
            self._end_call()

    def _call(self, name: str) -> None:
        self._pieces.append(Piece("name", name, self._calls))
        self._calls += 1
        self._told, self._raw = True, ""

    def _add(self, text: str) -> None:
        self._pieces.append(Piece("arguments", text, self._calls - 1))

    def _end_call(self) -> None:
        self._raw, self._told = "", False
        self._skipped, self._state = "", self._after

    def _take_block(self) -> None:
        assert self._form.block is not None
        try:
            calls = calls_of(self._form.block, self._skipped, self._tools)
        except Malformed:
            self._give_up()
            return
        for name, arguments in calls:
            self._call(name)
            self._add(json.dumps(arguments, ensure_ascii=False))
        self._end_call()

    # After a call: another one, what ends it, or text again.

    def _after(self, char: str) -> None:
        self._skipped += char
        marks = (*self._form.openers, *self._form.closers)
        if self._skipped in self._form.closers and not self._longer(marks):
            self._skipped = ""
        elif self._skipped in self._form.openers and not self._longer(marks):
            self._raw, self._skipped, self._state = self._skipped, "", self._header
        elif not self._longer(marks):
            self._flush_after()

    def _longer(self, marks: tuple[str, ...]) -> bool:
        """Whether what came after a call may still become a longer mark."""
        return any(len(mark) > len(self._skipped) and mark.startswith(self._skipped) for mark in marks)

    def _flush_after(self) -> None:
        first, rest = self._skipped[0], self._skipped[1:]
        self._skipped = ""
        if first == "{" and "name" not in self._form.header.groupindex and not self._form.block:
            self._raw = first
            self._begin_object(first)
        elif not first.isspace() and first not in "[],;}":
            self._state = self._text
            self._text(first)
        for char in rest:
            self._state(char)

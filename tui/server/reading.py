"""An answer taken apart while it comes: what was thought, what is said, which tools are called."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tui.core.reasoning import Gathered, Span, Splitter
from tui.server.tools_parser import Piece


class Parser(Protocol):
    """Finds calls."""

    def feed(self, text: str) -> list[Piece]:
        """Take more of the answer, and give what became certain."""

    def finish(self) -> list[Piece]:
        """What was held back."""


@dataclass(frozen=True, slots=True)
class Delta:
    """Something that is added to an answer.

    Attributes:
        kind: a thought, the answer's text, the name of a tool that is called, or a part of its arguments.
        text: what is added.
        call: the number of the call, from 0.
        id: of the call, with its name.
    """

    kind: Literal["reasoning", "text", "name", "arguments"]
    text: str
    call: int = 0
    id: str = ""


@dataclass(slots=True)
class Call:
    """A tool that is called.

    Attributes:
        id: of the call.
        name: of the tool.
        arguments: the text of a JSON object, as the model wrote it.
    """

    id: str
    name: str
    arguments: str = ""


@dataclass(slots=True)
class Reading:
    """Follows one answer.

    Args:
        splitter: tells thoughts from the answer; None leaves them in it.
        parser: finds calls; None where there can be none.
        tidy: whether the ids of calls are nine letters and digits.
        most: calls that are told; None for all.
    """

    splitter: Splitter | None
    parser: Parser | None
    tidy: bool = False
    most: int | None = None
    reasoning: str = ""
    text: str = ""
    calls: list[Call] = field(default_factory=list)
    _gathered: Gathered = field(default_factory=Gathered)

    def feed(self, text: str) -> list[Delta]:
        """Take more of what the model writes, and give what is added."""
        if self.splitter is None:
            return self._answer(text)
        return self._sorted(self.splitter.feed(text))

    def finish(self) -> list[Delta]:
        """What was held back, now that nothing follows."""
        held = self._sorted(self.splitter.finish()) if self.splitter else []
        return [*held, *(self._told(self.parser.finish()) if self.parser else [])]

    def _sorted(self, spans: Sequence[Span]) -> list[Delta]:
        parts = self._gathered.sort(spans)
        self.reasoning += parts.reasoning
        thought = [Delta("reasoning", parts.reasoning)] if parts.reasoning else []
        return [*thought, *self._answer(parts.answer)]

    def _answer(self, text: str) -> list[Delta]:
        if not text:
            return []
        return self._told(self.parser.feed(text) if self.parser else [Piece("text", text)])

    def _told(self, pieces: Sequence[Piece]) -> list[Delta]:
        return [delta for piece in pieces if (delta := self._one(piece))]

    def _one(self, piece: Piece) -> Delta | None:
        if piece.kind == "text":
            self.text += piece.text
            return Delta("text", piece.text)
        if self.most is not None and piece.call >= self.most:
            return None
        if piece.kind == "name":
            self.calls.append(Call(uuid.uuid4().hex[:9] if self.tidy else f"call_{uuid.uuid4().hex[:24]}", piece.text))
            return Delta("name", piece.text, piece.call, self.calls[-1].id)
        self.calls[piece.call].arguments += piece.text
        return Delta("arguments", piece.text, piece.call)

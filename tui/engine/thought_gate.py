"""Where a grammar begins to hold for a model that thinks first: behind its thoughts, at the first token of the answer.

llama.cpp's own lazy grammars begin at a pattern in the text as well. They end the process where one token carries both
the end of the thought and a beginning of the answer that the grammar forbids, so the gate is built here, and a token
like that is said in two parts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum, auto

from tui.core.markers import Markers
from tui.engine.vocabulary import Vocabulary

_MOST_BLANK = 8
"""Bytes of white space that may stand between a thought and the answer."""


class Verdict(Enum):
    """What becomes of a token that the model chose."""

    FREE = auto()
    """It belongs to a thought, or to what frames one."""
    HELD = auto()
    """It belongs to the answer, and so the grammar holds from it on."""
    OTHERS = auto()
    """Others are said in its place: those that are due."""

    @property
    def holds(self) -> bool:
        """Whether the token itself is not free."""
        return self is not Verdict.FREE


class ThoughtGate:
    """Follows a generation token by token until its answer begins.

    Args:
        markers: between which the model thinks.
        vocabulary: the model's tokens.
        inside: whether it thinks already.
        after: whether a thought is over.
        shown: special tokens that are a part of markers.
    """

    def __init__(
        self, markers: Markers, vocabulary: Vocabulary, *, inside: bool, after: bool, shown: frozenset[int]
    ) -> None:
        self._vocabulary = vocabulary
        self._shown = shown
        self._starts = tuple(start.encode() for start in markers.starts)
        self._openers = tuple(opener.encode() for opener in markers.openers)
        self._end, self._ending = markers.end.encode(), markers.ending
        self._framed = markers.framed
        self._thinking, self._after = inside, after
        self._held = b""
        self._due: deque[int] = deque()
        self.open = False
        """Whether the grammar holds."""

    def due(self) -> int | None:
        """The next token that is said in the place of one that the model chose; None when it chooses."""
        return self._due.popleft() if self._due else None

    def drop_due(self) -> None:
        """Something else is said."""
        self._due.clear()

    def judge(self, token: int, allows: Callable[[int], bool]) -> Verdict:
        """What becomes of a token that was chosen freely.

        Args:
            token: its number.
            allows: whether the grammar allows a token as its first one.
        """
        if self.open:
            return Verdict.HELD
        if self._vocabulary.is_end(token):
            return self._instead(self._ending, token) if self._thinking else Verdict.HELD
        piece = self._vocabulary.piece(token, special=token in self._shown)
        return self._in_thought(token, piece) if self._thinking else self._before_answer(token, piece, allows)

    def take(self, token: int) -> None:
        """Go on by a token that is free."""
        self._held += self._vocabulary.piece(token, special=token in self._shown)
        if self._thinking:
            before, end, rest = self._held.partition(self._end)
            self._thinking, self._after = not end, bool(end)
            self._held = rest if end else before[max(0, len(before) - len(self._end) + 1) :]
            return
        text = self._held.lstrip()
        if (start := next((one for one in self._may_think if text.startswith(one)), None)) is not None:
            self._thinking, self._held = True, text[len(start) :]
        elif text.startswith(self._may_open):
            self.open = True

    @property
    def _may_think(self) -> tuple[bytes, ...]:
        """One thought before the answer is enough, but for models that think in several frames."""
        return self._starts if not self._after or self._framed else ()

    @property
    def _may_open(self) -> tuple[bytes, ...]:
        return self._openers if self._after or self._framed else ()

    def _in_thought(self, token: int, piece: bytes) -> Verdict:
        _, end, rest = (self._held + piece).partition(self._end)
        if not end or not rest.strip():
            return Verdict.FREE
        return self._instead(piece[: len(piece) - len(rest)].decode("utf-8", "replace"), token)

    def _before_answer(self, token: int, piece: bytes, allows: Callable[[int], bool]) -> Verdict:
        text, begun = (self._held + piece).lstrip(), self._held.lstrip()
        if not text:
            short = len(self._held + piece) <= _MOST_BLANK
            return Verdict.FREE if self._after and piece and short else Verdict.HELD
        frames = (*self._may_think, *self._may_open)
        fits = any(one.startswith(text) or (text.startswith(one) and not text[len(one) :].strip()) for one in frames)
        if fits and (begun or not allows(token)):
            return Verdict.FREE
        if begun:  # what has begun as a marker becomes one
            whole = next(one for one in frames if one.startswith(begun))
            return self._instead(whole[len(begun) :].decode("utf-8", "replace"), token)
        return Verdict.HELD

    def _instead(self, text: str, token: int) -> Verdict:
        tokens = self._vocabulary.tokenize_part(text)
        if not tokens or tokens[0] == token:
            return Verdict.HELD
        self._due.extend(tokens)
        return Verdict.OTHERS

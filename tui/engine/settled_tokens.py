"""Tokens of a text whose beginning stays the same: only what follows the last mark in that beginning is read again.

llama.cpp first splits a text at the special tokens in it, and reads each part by itself. So the tokens before such a
mark do not depend on what comes after it.
"""

from __future__ import annotations

from tui.engine.vocabulary import Vocabulary

_WORTH = 2_000
"""Characters that must have settled to be remembered."""


class SettledTokens:
    """Tokenizes texts that begin alike, each as a whole would be.

    Args:
        vocabulary: the model's tokens.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._text, self._mark = "", ""
        self._tokens: list[int] = []

    def tokens(self, text: str, settled: int) -> list[int]:
        """All tokens of a text.

        Args:
            text: the whole prompt.
            settled: characters at its beginning that will probably stay.
        """
        known = bool(self._text) and text.startswith(self._text) and text.startswith(self._mark, len(self._text))
        begun, before = (self._text, self._tokens) if known else ("", [])
        rest = text[len(begun) :]
        after = self._vocabulary.tokenize_part(rest) if known else self._vocabulary.tokenize(text)
        if settled - len(begun) >= _WORTH:
            self._settle(text, settled, begun, before, after)
        return before + after

    def _settle(self, text: str, settled: int, begun: str, before: list[int], after: list[int]) -> None:
        """Remember the tokens before the last mark in the settled part, if reading from there gives the same."""
        marks = {self._vocabulary.special_text(token) for token in set(after) if self._vocabulary.is_special(token)}
        found = [(text.rfind(mark, len(begun) + 1, settled + len(mark)), mark) for mark in marks if mark]
        at, mark = max(found, default=(-1, ""))
        if at < 0:
            return
        tail = self._vocabulary.tokenize_part(text[at:])
        if tail and after[-len(tail) :] == tail:
            self._text, self._mark, self._tokens = text[:at], mark, before + after[: -len(tail)]

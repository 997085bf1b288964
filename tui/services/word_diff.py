"""Two texts compared word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
"""Scripts that put no spaces between words: each character stands for itself."""

_WORD = re.compile(rf"([{_IDEOGRAPHS}]|[^\W{_IDEOGRAPHS}]+|[^\w\s])(\s*)")

_MANY = 2000
"""From so many words on, words that are everywhere are not looked for in every place: that takes the square of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one of the texts.

    Attributes:
        text: what it says, white space included.
        same: whether the other text says it too, in this place.
    """

    text: str
    same: bool


@dataclass(frozen=True, slots=True)
class Diff:
    """Two texts, and what of them differs.

    Attributes:
        left: the first text in parts.
        right: the second one.
        agreement: share of the words that both have, 0 to 1.
        first: how many words are the same before the first one that differs; None where none does.
    """

    left: tuple[Part, ...]
    right: tuple[Part, ...]
    agreement: float
    first: int | None


def diff_words(left: str, right: str) -> Diff:
    """Compare two texts. White space is not compared. Takes up to a second for long ones: for a worker."""
    one, other = _WORD.findall(left), _WORD.findall(right)
    a, b = [word for word, _ in one], [word for word, _ in other]
    matcher = SequenceMatcher(None, a, b, autojunk=max(len(a), len(b)) > _MANY)
    codes = matcher.get_opcodes()
    parts = ([Part(_lead(left), True)], [Part(_lead(right), True)])
    for tag, a0, a1, b0, b1 in codes:
        for to, words in ((parts[0], one[a0:a1]), (parts[1], other[b0:b1])):
            if words:
                to.append(Part("".join(word + space for word, space in words), tag == "equal"))
    same = sum(a1 - a0 for tag, a0, a1, _, _ in codes if tag == "equal")
    first = next((a0 for tag, a0, _, _, _ in codes if tag != "equal"), None)
    agreement = 2 * same / (len(a) + len(b)) if a or b else 1.0
    return Diff(_filled(parts[0]), _filled(parts[1]), agreement, first)


def _lead(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]


def _filled(parts: list[Part]) -> tuple[Part, ...]:
    return tuple(part for part in parts if part.text)

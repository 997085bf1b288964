"""Finding a text whatever its case, width and line breaks: `ｱｲｽ` is found as `アイス`, `STRASSE` as `straße`.

What the screen shows alike is alike: an emoji with and without its joiners, and a flag as its two letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui.core.text import INVISIBLE, letter_of

_UNSHOWN = re.compile(f"[{INVISIBLE}]|([\U0001f1e6-\U0001f1ff])")

_VOICED = "\uff9e\uff9f"
"""Marks behind a half-width kana, which are one character with it in full width."""


def fold(text: str) -> str:
    """`text` as it is compared: one case, one width, every run of white space one space."""
    return " ".join(_alike(text).split())


def _alike(text: str) -> str:
    if text.isascii():
        return text.lower()
    text = _UNSHOWN.sub(lambda found: letter_of(found[1]) if found[1] else "", text)
    return unicodedata.normalize("NFKC", text).casefold()


def count_folded(folded: str, wanted: str) -> int:
    """How often a folded text has another one, without overlaps."""
    return folded.count(wanted) if wanted else 0


@dataclass(frozen=True, slots=True)
class Span:
    """A part of one line.

    Attributes:
        line: number of the line.
        start: its first character.
        end: the one after its last.
    """

    line: int
    start: int
    end: int


def find_in_lines(lines: Sequence[str], wanted: str, skipped: str = "") -> list[list[Span]]:
    """Where laid-out lines have a text, which may go on from one line to the next.

    Args:
        lines: the lines. Where one ends, the text may have had a space or not.
        wanted: a folded text.
        skipped: characters at the beginning of a line, after spaces, that are not of the text.

    Returns:
        The places, each with its part of every line that it touches.
    """
    needle = wanted.replace(" ", "")
    if not needle:
        return []
    haystack = _Folded(lines, skipped)
    gaps = {len(wanted[:at].replace(" ", "")) for at, char in enumerate(wanted) if char == " "}
    return [haystack.spans(at, at + len(needle)) for at in haystack.find(needle, gaps)]


class _Folded:
    """Lines as one folded text without white space; knows for each character where it came from."""

    def __init__(self, lines: Sequence[str], skipped: str) -> None:
        text: list[str] = []
        self._from: list[tuple[int, int, int]] = []
        self._gaps: list[str] = []
        gap = "\n"
        for number, line in enumerate(lines):
            begin = len(line) - len(line.lstrip(f" {skipped}"))
            for start, end in _clusters(line, begin):
                for char in _alike(line[start:end]):
                    if char.isspace():
                        gap = gap or " "
                        continue
                    text.append(char)
                    self._from.append((number, start, end))
                    self._gaps.append(gap)
                    gap = ""
            gap = "\n"
        self._text = "".join(text)

    def find(self, needle: str, gaps: set[int]) -> Iterator[int]:
        """Where the text has `needle` with white space at `gaps` and nowhere else; a line's end is both."""
        at = self._text.find(needle)
        while at >= 0:
            inner = enumerate(self._gaps[at + 1 : at + len(needle)], 1)
            fits = all(gap == "\n" or (gap == " ") is (number in gaps) for number, gap in inner)
            if fits:
                yield at
            at = self._text.find(needle, at + (len(needle) if fits else 1))

    def spans(self, start: int, end: int) -> list[Span]:
        """The parts of lines that a part of the text came from."""
        spans: list[Span] = []
        for line, first, after in self._from[start:end]:
            if spans and spans[-1].line == line:
                spans[-1] = Span(line, spans[-1].start, after)
            else:
                spans.append(Span(line, first, after))
        return spans


def _clusters(line: str, begin: int) -> Iterator[tuple[int, int]]:
    """Characters together with the marks that change them."""
    if line.isascii():
        yield from ((at, at + 1) for at in range(begin, len(line)))
        return
    start = begin
    for at in range(begin + 1, len(line) + 1):
        if at == len(line) or not (unicodedata.combining(line[at]) or line[at] in _VOICED):
            yield start, at
            start = at

"""A long text that grows at its end, in lines of a width; adding to it only wraps its last line again.

Each stretch of the text has a kind, such as prompt or completion. Text is made printable as it comes in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len, get_character_cell_size, split_graphemes

from tui.app.rendering.shown import shown_text

TAB = "    "

# Lines break after spaces, and beside Japanese and Chinese characters and pictures, but not before closing punctuation.
_CLOSERS = frozenset("、。，．・：；？！゛゜ヽヾ々ー」』）】〉》〕｝］ぁぃぅぇぉっゃゅょァィゥェォッャュョ”’…‥")
_OPENERS = frozenset("「『（【〈《〔｛［")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff]")
_WORD = re.compile("[^ ]+ *| +")

Run = tuple[str, str]
"""A text and its kind."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of the screen.

    Attributes:
        runs: its text, cut where the kind changes.
        break_kind: kind of the line break that ends it; empty when it goes on in the next line, or is the last one.
    """

    runs: tuple[Run, ...] = ()
    break_kind: str = ""

    @property
    def text(self) -> str:
        """The line without kinds."""
        return "".join(text for text, _ in self.runs)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds on this line, each once, in order; those of an empty line are its line break's."""
        visible = tuple(dict.fromkeys(kind for text, kind in self.runs if text.strip()))
        return visible or tuple(dict.fromkeys(kind for _, kind in self.runs)) or tuple(filter(None, (self.break_kind,)))


def wrap_spans(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Cut text without line breaks into lines of at most `width` cells.

    Spaces at the end of a line may hang over its end, so that nothing of the text is lost. A word wider than a
    line is cut, never inside a character.

    Args:
        text: printable text.
        width: cells, at least 2.

    Yields:
        Start and end of each line in `text`; one empty line for an empty text.
    """
    if cell_len(text) <= width:
        yield 0, len(text)
    elif len(text) == cell_len(text) and text.isascii():
        yield from _wrap_ascii(text, width)
    else:
        yield from _wrap_graphemes(text, width)


def _wrap_ascii(text: str, width: int) -> Iterator[tuple[int, int]]:
    start = used = 0
    for word in _WORD.finditer(text):
        size = len(word[0].rstrip(" "))
        if used and used + size > width:
            yield start, word.start()
            start, used = word.start(), 0
        while size > width:
            yield start, start + width
            start += width
            size -= width
        used += min(size, width) + len(word[0]) - len(word[0].rstrip(" "))
    yield start, len(text)


def _wrap_graphemes(text: str, width: int) -> Iterator[tuple[int, int]]:
    start = used = 0
    break_at = break_used = 0
    before = ""
    for at, end, size in split_graphemes(text)[0]:
        here = text[at:end]
        if before and _may_break(before, here):
            break_at, break_used = at, used
        while used + size > width and here != " " and at > start:
            if break_at <= start:
                break_at, break_used = at, used
            yield start, break_at
            start, used = break_at, used - break_used
        used += size
        before = here
    yield start, len(text)


def _may_break(before: str, after: str) -> bool:
    if after == " ":
        return False
    if before == " ":
        return True
    return after[0] not in _CLOSERS and before[0] not in _OPENERS and (_is_ideograph(before) or _is_ideograph(after))


def _is_ideograph(grapheme: str) -> bool:
    return get_character_cell_size(grapheme[0]) == 2 and not _HANGUL.match(grapheme)


class RunningText:
    """The text and its lines.

    Args:
        width: cells of a line.
    """

    def __init__(self, width: int = 80) -> None:
        self._width = max(2, width)
        self._runs: list[Run] = []
        self.lines: list[TextLine] = [TextLine()]

    @property
    def text(self) -> str:
        """The whole text, as it is shown."""
        return "".join(text for text, _ in self._runs)

    def append(self, text: str, kind: str) -> int:
        """Add to the end.

        Args:
            text: untrusted text.
            kind: what it is.

        Returns:
            Number of the first line that changed.
        """
        shown = shown_text(text).replace("\t", TAB)
        first = len(self.lines) - 1
        if shown:
            self._runs.append((shown, kind))
            self._lay_out(shown, kind)
        return first

    def clear(self) -> None:
        """Take the whole text away."""
        self._runs.clear()
        self.lines = [TextLine()]

    def set_width(self, width: int) -> None:
        """Lay the whole text out anew, for another width."""
        if max(2, width) == self._width:
            return
        self._width = max(2, width)
        self.lines = [TextLine()]
        for text, kind in _merged(self._runs):
            self._lay_out(text, kind)

    def _lay_out(self, text: str, kind: str) -> None:
        *ended, rest = text.split("\n")
        for part in ended:
            self._extend(part, kind)
            last = self.lines[-1]
            self.lines[-1] = TextLine(last.runs, kind)
            self.lines.append(TextLine())
        self._extend(rest, kind)

    def _extend(self, text: str, kind: str) -> None:
        """Add text without line breaks to the last line."""
        if not text:
            return
        runs = [*self.lines.pop().runs, (text, kind)]
        joined = "".join(part for part, _ in runs)
        self.lines.extend(TextLine(_cut(runs, start, end)) for start, end in wrap_spans(joined, self._width))


def _cut(runs: list[Run], start: int, end: int) -> tuple[Run, ...]:
    cut: list[Run] = []
    at = 0
    for text, kind in runs:
        piece = text[max(0, start - at) : max(0, end - at)]
        at += len(text)
        if piece:
            cut.append((piece, kind))
        if at >= end:
            break
    return tuple(_merged(cut))


def _merged(runs: list[Run]) -> list[Run]:
    merged: list[tuple[list[str], str]] = []
    for text, kind in runs:
        if merged and merged[-1][1] == kind:
            merged[-1][0].append(text)
        else:
            merged.append(([text], kind))
    return [("".join(texts), kind) for texts, kind in merged]

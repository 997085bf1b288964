"""What of a picture must stay the same on any machine: labels, keys, layout. Everything else is masked.

Masked are: numbers with their units, bars and graphs, words that tell a speed or how well a model fits, what the model
writes, and how many processor cores there are. Not masked are all other words and keys, where the borders run, and the
row of every word; in the panes at the sides only the order counts, since more cores and longer numbers take more rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import unified_diff
from itertools import pairwise

from wcwidth import wcwidth

_BAR = re.compile("[\u2581-\u258f·]{2,}|[\u2581-\u258f]")
_BORDERS = "▕▏│"
_NUMBER = re.compile(r"(?<![\w-])\d[\d,]*(\.\d+)?( ?(%|[kKMGT]i?B|ms|s|min|tok/s|tokens)(?![a-z]))*|(?<!\S)-(?!\S)")
"""A number that is no part of a word, such as a key's name; a lone dash stands for one that is not known yet."""
_GLUED = re.compile(r"\b(CPU|RAM)\d+%")
"""Where there is little room, 100% leaves none for a space."""
_WORDS = re.compile(r"\b(slow|minimum for dialogue|comfortable|fast|fit for batch work|fits|tight|no)\b")
_CORES = re.compile(r"^( ?# ?)+$")

Rows = list[tuple[int, str]]


def skeleton(lines: Sequence[str], free: str = "", *, exact: bool = False) -> list[str]:
    """What must not change.

    Args:
        lines: rows of a screen.
        free: the model's own text begins in the first row of a pane with this, and ends at the rule below it.
        exact: mask nothing.

    Returns:
        One text for each pane and row that says something.
    """
    if exact:
        return [line.rstrip() for line in lines]
    last = len(lines) - 1
    result = [f"status {_mask(lines[0])}", f"keys {_mask(lines[last])}"]
    panes = _panes(lines[1:last])
    for number, (left, rows) in enumerate(panes):
        result.append(f"pane from column {left}")
        beside = len(panes) == 3 and number != 1
        result += _paragraphs(rows) if beside else _numbered(_without(rows, free))
    return result


def difference(wanted: Sequence[str], got: Sequence[str]) -> list[str]:
    """The differing lines of two skeletons, as a person reads them."""
    return list(unified_diff(wanted, got, "the picture", "the program", lineterm="", n=0))[2:]


def _panes(lines: Sequence[str]) -> list[tuple[int, Rows]]:
    """Each pane: its first column, and its rows with their numbers."""
    rows = [_cells(line) for line in lines]
    width = max(map(len, rows), default=0)
    for row in rows:
        row.extend(" " * (width - len(row)))
    borders = [column for column in range(width) if all(row[column] in tuple(_BORDERS) for row in rows)]
    return [
        (left + 1, [(number, "".join(row[left + 1 : right])) for number, row in enumerate(rows, 1)])
        for left, right in pairwise([-1, *borders, width])
        if right > left + 1
    ]


def _cells(line: str) -> list[str]:
    return [cell for character in line for cell in ((character, "") if wcwidth(character) == 2 else (character,))]


def _without(rows: Rows, free: str) -> Rows:
    """The rows without those that the model wrote: from the first one with `free` on, to the rule above the input."""
    start = next((at for at, (_, text) in enumerate(rows) if free and free in text), None)
    if start is None:
        return rows
    end = next((at for at, (_, text) in enumerate(rows) if at > start and "──" in text), len(rows))
    return [*rows[:start], (rows[start][0], free), *rows[end:]]


def _numbered(rows: Rows) -> list[str]:
    return [f"  {row:02} {text}" for row, text in ((row, _mask(text)) for row, text in rows) if text]


def _paragraphs(rows: Rows) -> list[str]:
    """The words of each paragraph, wherever its lines break."""
    paragraphs = [""]
    for _, line in rows:
        text = _mask(line)
        if not line.strip():
            paragraphs.append("")
        elif not _CORES.match(text):
            paragraphs[-1] = f"{paragraphs[-1]} {text}".strip()
    return [f"  {paragraph}" for paragraph in paragraphs if paragraph]


def _mask(text: str) -> str:
    text = _GLUED.sub(r"\1 #", _BAR.sub(" ", text))
    text = _WORDS.sub("~", _NUMBER.sub("#", text))
    return " ".join(re.sub("─+", "─", text).split())

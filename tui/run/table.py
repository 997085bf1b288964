"""Rows in columns, for a person at a terminal and for `awk`."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_RIGHT = {"SIZE", "PARAMETERS", "DOWNLOADS", "LIKES", "MESSAGES"}


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, the first row being the headings; columns at the end without content are left out."""
    while len(rows[0]) > 1 and not any(row[-1] for row in rows[1:]):
        rows = [row[:-1] for row in rows]
    widths = [max(_cells(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            " " * (width - _cells(cell)) + cell if heading in _RIGHT else cell + " " * (width - _cells(cell))
            for cell, width, heading in zip(row, widths, rows[0], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def shortened(text: str, most: int) -> str:
    """`text` in at most `most` columns; what does not fit is an ellipsis at its end."""
    if _cells(text) <= most:
        return text
    while _cells(text) > most - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)

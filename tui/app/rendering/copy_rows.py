"""What can be copied of a conversation, as rows of a menu."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.app.rendering.fences import CodeBlock
from tui.app.rendering.model_rows import cut
from tui.app.rendering.shown import shown_line
from tui.app.widgets.lines import Line
from tui.core.units import format_count

_NAME, _FACT = 20, 17


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that can be copied.

    Attributes:
        key: a letter or a digit that chooses it; empty where there are no more keys.
        name: what it is.
        text: what is copied.
        fact: how much it is.
        glance: the beginning of it.
    """

    key: str
    name: str
    text: str
    fact: str
    glance: str = ""


def code_piece(block: CodeBlock) -> Piece:
    """A block of code."""
    lines = f"{format_count(block.lines)} line{'s' * (block.lines != 1)}"
    first = next((line for line in block.text.splitlines() if line.strip()), "")
    key = str(block.number) if block.number < 10 else ""
    return Piece(
        key, f"{shown_line(block.language)[:12] or 'code'} {block.number}", block.text, lines, shown_line(first[:200])
    )


def text_piece(key: str, name: str, text: str) -> Piece:
    """A message, or several."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return Piece(key, name, text, f"{format_count(len(text))} characters", shown_line(first[:200]))


def piece_line(piece: Piece, width: int) -> Line:
    """A piece as a row."""
    key, facts = f" {piece.key:<3}", f"{piece.fact:>{_FACT}}  "
    room = max(0, width - len(key) - _NAME - len(facts))
    return ((key, "mark"), (cut(piece.name, _NAME), "name"), (facts, "fact"), (cut(piece.glance, room), "fact"))


def piece_lines(piece: Piece, width: int) -> Sequence[Line]:
    """As `Rows` wants it."""
    return [piece_line(piece, width)]

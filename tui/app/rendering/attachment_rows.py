"""Attachments in words and rows: which, how large, how many tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.app.rendering.model_rows import cut_left
from tui.app.rendering.shown import shown_line
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, Piece, line_width, spread
from tui.core.units import format_bytes, format_count

if TYPE_CHECKING:
    from tui.store.records import Attachment

CHIP_ROWS = 3
"""Rows of attachments above the prompt; more are counted."""

_BYTES_PER_TOKEN = 4
"""The rule of thumb for English text; other text takes more tokens."""

_GAP = "   "
_NAME_CELLS, _NAME_LEAST = 40, 12
_SIZE_CELLS = 8
_TOKENS_CELLS = 14


@dataclass(frozen=True, slots=True)
class Chip:
    """One attachment as it is shown.

    Attributes:
        name: untrusted.
        size: bytes; None while it is read.
        tokens: in words; while it is read, how far that is.
        note: what is special about it; mostly empty.
    """

    name: str
    size: int | None
    tokens: str
    note: str = ""

    def pieces(self, width: int) -> Line:
        """At most `width` cells."""
        rest = " ".join(part for part in (self._size(), self.tokens, self.note) if part)
        room = max(min(width - cell_len(rest) - 2, _NAME_CELLS), 8)
        name = cut_left(shown_line(self.name), room)
        rest = shown_line(rest)
        if cell_len(name) + cell_len(rest) + 2 > width:
            rest = ""
        return (("@", "bar"), (name, "value"), (f" {rest}" if rest else "", "label"))

    def row(self, width: int) -> Line:
        """A row of `width` cells, with the numbers in columns."""
        size, tokens = self._size().rjust(_SIZE_CELLS), shown_line(self.tokens).rjust(_TOKENS_CELLS)
        facts = f"  {size}  {tokens}"
        note = f"  {shown_line(self.note)}" if self.note else ""
        if width - 2 - cell_len(facts) - cell_len(note) < _NAME_LEAST:
            note = ""
        room = max(width - 2 - cell_len(facts) - cell_len(note), _NAME_LEAST)
        name = cut_left(shown_line(self.name), room)
        return spread((("@", "bar"), (name, "value"), (note, "label")), ((facts, "label"),), width)

    def _size(self) -> str:
        return "reading" + current_glyphs().ellipsis if self.size is None else format_bytes(self.size)


def estimate(attachment: Attachment) -> int:
    """Tokens that an attached text takes with most models, roughly."""
    return -(-len(attachment.text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)


def token_words(count: int, exact: bool) -> str:
    """`3,021 tokens`, or `~3,000 tokens` for an estimate."""
    return f"{'' if exact else '~'}{format_count(count)} token{'s' * (count != 1)}"


def size_words(attachment: Attachment) -> str:
    """How large an attached text is: `12.3 KiB`."""
    return format_bytes(len(attachment.text.encode("utf-8", "replace")))


def stored_words(attachment: Attachment) -> str:
    """How large an attached text is, and about how many tokens that is."""
    return f"{size_words(attachment)} {token_words(estimate(attachment), exact=False)}"


def chip_rows(chips: Sequence[Chip], total: int, exact: bool, n_ctx: int, width: int) -> list[Line]:
    """Rows of attachments above the prompt, and what they take together.

    Args:
        chips: the attachments.
        total: tokens of all of them.
        exact: whether the model counted all of them.
        n_ctx: tokens that the context holds; 0 when there is no model.
        width: cells.
    """
    if not chips or width < 8:
        return []
    rows: list[list[Piece]] = [[]]
    used, shown = 0, 0
    for chip in chips:
        pieces = chip.pieces(width)
        cells = line_width(pieces)
        if rows[-1] and used + len(_GAP) + cells > width:
            if len(rows) == CHIP_ROWS:
                break
            rows.append([])
            used = 0
        if rows[-1]:
            rows[-1].append((_GAP, ""))
            used += len(_GAP)
        rows[-1] += pieces
        used += cells
        shown += 1
    last = _sum(chips, len(chips) - shown, total, exact, n_ctx, width)
    *above, below = (tuple(row) for row in rows)
    if used + len(_GAP) + line_width(last) <= width:
        return [*above, spread(below, last, width)]
    return [*above, below, last]


def chips_line(chips: Sequence[Chip], lead: str, width: int) -> Line:
    """Attachments in one row that begins with a few words; those without room are counted."""
    line: list[Piece] = [(lead, "label")]
    for shown, chip in enumerate(chips):
        more = f"{_GAP}and {format_count(len(chips) - shown)} more"
        pieces = ((_GAP, ""), *chip.pieces(width))
        left = len(chips) - shown - 1
        if line_width((*line, *pieces)) + (len(more) if left else 0) > width and shown:
            line.append((more, "label"))
            break
        line += pieces
    return tuple(line)


def _sum(chips: Sequence[Chip], hidden: int, total: int, exact: bool, n_ctx: int, width: int) -> Line:
    """What the attachments take together, where that says more than they do, and the key that changes them."""
    words, role = (f"and {format_count(hidden)} more: " if hidden else ""), "label"
    if n_ctx and total >= n_ctx:
        role = "warning"
        words += f"{token_words(total, exact)}, more than the context of {format_count(n_ctx)}"
    elif len(chips) > 1:
        words += f"{token_words(total, exact)}{f' of {format_count(n_ctx)}' if n_ctx else ' in all'}"
    keys = "Esc stops reading" if any(chip.size is None for chip in chips) else "alt+a changes"
    both: Line = ((words, role), (f"{_GAP}{keys}", "label")) if words else ((keys, "label"),)
    return both if line_width(both) <= width else ((cut_left(words or keys, width), role),)

"""What the keys of a dialog do, folded to its width; the keys stand out as in the bottom line of a screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from tui.app.widgets.lines import Line, LinesPane, Piece, line_width

GAP = 3
"""Cells between one key's words and the next key."""


def key_lines(keys: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """Keys and what they do; what does not fit into a line begins the next one, and is never cut apart.

    Args:
        keys: each with its words.
        width: cells.
    """
    lines: list[list[Piece]] = [[]]
    for key, words in keys:
        taken = line_width(tuple(lines[-1]))
        if taken and taken + cell_len(f"{key} {words}") > width:
            lines.append([])
        lines[-1] += [(key, "key"), (f" {words}{' ' * GAP}", "label")]
    return [tuple(line) for line in lines]


class DialogKeys(LinesPane):
    """Shows the keys of a dialog.

    Args:
        keys: each with what it does.
    """

    COMPONENT_CLASSES = LinesPane.COMPONENT_CLASSES | {"lines--key"}
    DEFAULT_CSS = """
    DialogKeys { height: auto; }
    DialogKeys > .lines--key { color: $accent; text-style: bold; }
    """

    def __init__(self, keys: Sequence[tuple[str, str]], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._keys = tuple(keys)

    def lines_for(self, width: int) -> Sequence[Line]:
        """The lines."""
        return key_lines(self._keys, width) if width else []

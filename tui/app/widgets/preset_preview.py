"""What a preset says, beside the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.app.widgets.lines import Line
from tui.app.widgets.scrolled_lines import ScrolledLines


class PresetPreview(ScrolledLines):
    """Shows what a function gives for its width.

    Args:
        make: gives the lines.
    """

    def __init__(self, make: Callable[[int], Sequence[Line]], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._make = make

    def lines_for(self, width: int) -> Sequence[Line]:
        """The lines."""
        return self._make(width)

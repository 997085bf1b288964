"""Lines around the browser's table, made anew for each width by whoever knows what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.app.widgets.lines import Line, LinesPane


class BrowseBar(LinesPane):
    """Shows what a function gives for its width.

    Args:
        make: gives the lines; called for each width, and on `rearrange`.
    """

    COMPONENT_CLASSES = LinesPane.COMPONENT_CLASSES | {"lines--heading", "lines--sorted", "lines--strong", "lines--key"}
    DEFAULT_CSS = """
    BrowseBar > .lines--heading { color: $text-muted; }
    BrowseBar > .lines--sorted { color: $foreground; text-style: bold; }
    BrowseBar > .lines--strong { color: $foreground; text-style: bold; }
    BrowseBar > .lines--key { color: $accent; text-style: bold; }
    """

    def __init__(self, make: Callable[[int], Sequence[Line]], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._make = make

    def lines_for(self, width: int) -> Sequence[Line]:
        """The lines."""
        return self._make(width) if width > 0 else []

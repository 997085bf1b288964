"""One line between the text and the input: how the last completion ended, or why nothing runs."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from tui.app.rendering.shown import shown_line
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, LinesPane

ROLES = {"info": "label", "warning": "warning", "error": "error"}


class CompletionNotice(LinesPane):
    """Draws the notice."""

    DEFAULT_CSS = """
    CompletionNotice { height: 1; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text = ""
        self._kind = "info"

    def show(self, text: str, kind: str = "info") -> None:
        """Show a notice.

        Args:
            text: one line; untrusted parts are made safe.
            kind: `info`, `warning` or `error`.
        """
        self._text, self._kind = shown_line(text), kind
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The line."""
        text = self._text
        if cell_len(text) > width > 0:
            text = set_cell_size(text, width - 1) + current_glyphs().ellipsis
        return [((text, ROLES[self._kind]),)]

"""One line between the text and the input: how the last completion ended, or what the marks mean."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from tui.app.widgets.completion_text import legend
from tui.app.widgets.glyphs import Glyphs, current_glyphs
from tui.app.widgets.lines import Line, LinesPane, line_width, spread
from tui.core.text import one_line

ROLES = {"info": "label", "warning": "warning", "error": "error"}


def notice_line(text: str, kind: str, width: int, glyphs: Glyphs) -> Line:
    """The notice at the left, and the legend at the right where there is room for both.

    Args:
        text: the notice; empty for the legend alone.
        kind: `info`, `warning` or `error`.
        width: cells.
        glyphs: the characters to draw with.
    """
    key = legend(glyphs)
    if cell_len(text) > width:
        text = set_cell_size(text, max(0, width - 1)) + glyphs.ellipsis
    left = [(text, ROLES[kind])]
    if line_width(tuple(key)) + cell_len(text) + 3 > width:
        return tuple(left) if text else tuple(key)
    return spread(left, key, width)


class CompletionNotice(LinesPane):
    """Draws the notice and the legend."""

    COMPONENT_CLASSES = LinesPane.COMPONENT_CLASSES | {"lines--prompt", "lines--typed"}
    """
    | Class | Description |
    | :- | :- |
    | `lines--prompt` | The legend's word for a prompt, as prompts look. |
    | `lines--typed` | The legend's word for typed text, as typed text looks. |
    """
    DEFAULT_CSS = """
    CompletionNotice { height: 1; padding: 0 1; color: $text-muted; }
    CompletionNotice > .lines--prompt { color: $warning; }
    CompletionNotice > .lines--typed { color: $success; text-style: bold; }
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
        self._text, self._kind = one_line(text), kind
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The line."""
        return [notice_line(self._text, self._kind, width, current_glyphs())]

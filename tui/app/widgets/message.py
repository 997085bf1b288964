"""One sentence in a pane, folded to its width; nothing is shown while there is none."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tui.app.rendering.shown import shown_line
from tui.app.widgets.lines import Line, LinesPane

_MOST = 6


class MessagePane(LinesPane):
    """Says what happens, or what went wrong and what to do next."""

    DEFAULT_CSS = """
    MessagePane { height: auto; max-height: 6; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.text = ""
        """What is said now."""
        self._role = "label"
        self.display = False

    def say(self, text: str, role: str = "label") -> None:
        """Say something else.

        Args:
            text: untrusted text, as one line; empty for nothing.
            role: `label`, `value`, `warning` or `error`.
        """
        self.text, self._role = shown_line(text), role
        self.display = bool(text)
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The sentence."""
        lines = textwrap.wrap(self.text, max(width, 10))[:_MOST] if width else []
        return [((line, self._role),) for line in lines]

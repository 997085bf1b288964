"""A README of the Hub: read from its beginning, drawn as the application draws any Markdown; links lead nowhere."""

from __future__ import annotations

from textual.content import Content

from tui.app.rendering.document import Document
from tui.app.rendering.shown import shown_text
from tui.app.widgets.entries import MAX_WIDTH, Entry
from tui.app.widgets.transcript import Transcript

LONGEST = 60_000
"""Characters that are shown; nobody reads on to the end of more."""


class ReadmeEntry(Entry):
    """The text.

    Args:
        text: Markdown, untrusted.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        shown = shown_text(text.replace("\r\n", "\n")[:LONGEST])
        self._document = Document(shown if len(text) <= LONGEST else f"{shown}\n\n(the rest is left out)")

    def lines(self, width: int) -> list[Content]:
        return self._document.lines(max(min(width, MAX_WIDTH), 4))


class Readme(Transcript, can_focus=True):
    """Shows one text; never runs to its end by itself."""

    DEFAULT_CSS = """
    Readme {
        height: 1fr; padding: 0 1; background: $background; scrollbar-color: $border;
        scrollbar-background: $background; scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
        &:focus { scrollbar-color: $accent; }
    }
    """

    def show(self, text: str) -> None:
        """Show another text, from its beginning."""
        self.clear()
        self.add(ReadmeEntry(text))
        self.scroll_home(animate=False)

    def _keep_end(self) -> None:
        """A text is read from its beginning."""

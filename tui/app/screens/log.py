"""The log view: what llama.cpp and this program reported, newest at the end."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Log, Static

from tui.app.rendering.shown import shown_text
from tui.core.units import format_count
from tui.settings.logs import RingHandler

LOOK = 0.5
"""Seconds between two looks for new lines, while the view is open."""


class LogScreen(Screen[None]):
    """Shows the kept lines and follows new ones.

    Args:
        ring: the kept lines.
    """

    CSS_PATH = "log.tcss"
    AUTO_FOCUS = "#log-lines"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("f8", "leave", "Back", show=False, priority=True),
        Binding("slash,ctrl+f", "search", "Search"),
    ]

    def __init__(self, ring: RingHandler) -> None:
        super().__init__()
        self._ring = ring
        self._written = -1
        self._wanted = ""

    def compose(self) -> ComposeResult:
        """Lines and a search field."""
        yield Static(Content(""), id="log-title")
        yield Log(id="log-lines")
        yield Input(placeholder="show only lines with this text", id="log-search", compact=True)

    def on_mount(self) -> None:
        """Show what there is, and look again now and then."""
        self._look()
        self.set_interval(LOOK, self._look)

    def _look(self) -> None:
        if self._ring.written == self._written:
            return
        self._written = self._ring.written
        wanted = self._wanted.casefold()
        lines = [shown_text(line) for line in self._ring.lines()]
        shown = [line for line in lines if wanted in line.casefold()]
        log = self.query_one(Log)
        at_end = log.is_vertical_scroll_end
        log.clear()
        log.write_lines(shown, scroll_end=False)
        if at_end:
            log.scroll_end(animate=False)
        self._show_title(len(shown), len(lines))

    def _show_title(self, shown: int, total: int) -> None:
        counts = (
            f"{format_count(shown)} of {format_count(total)} lines" if self._wanted else f"{format_count(total)} lines"
        )
        title = Content.assemble(("LOG", "bold"), (f"  {counts}   / searches   Esc goes back", "$foreground 60%"))
        self.query_one("#log-title", Static).update(title)

    @on(Input.Changed, "#log-search")
    def narrow(self, event: Input.Changed) -> None:
        """Show only lines with the text."""
        self._wanted = event.value
        self._written = -1
        self._look()

    @on(Input.Submitted, "#log-search")
    def back_to_lines(self) -> None:
        """From the field to the lines."""
        self.query_one(Log).focus()

    def action_search(self) -> None:
        """To the search field."""
        self.query_one("#log-search").focus()

    def action_leave(self) -> None:
        """Out of the search field first, then back."""
        field = self.query_one("#log-search", Input)
        if field.value or field.has_focus:
            field.value = ""
            self.query_one(Log).focus()
        else:
            self.dismiss(None)

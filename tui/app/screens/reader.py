"""A reply or the whole conversation as plain text, full screen: to read, to search, to copy, to give to a pager."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.app.commands.command import bindings
from tui.app.commands.reading import READER_COMMANDS
from tui.app.outside import ended_badly, run_outside
from tui.app.rendering.plain_rows import find_places, plain_lines, plain_rows
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.filter_field import FilterField
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import Line
from tui.app.widgets.plain_text import PlainText
from tui.core.errors import LocalLLMError
from tui.core.folding import Span
from tui.core.text import printable
from tui.core.units import format_count
from tui.services.programs import pager_command


class ReaderScreen(Screen[None]):
    """Shows one of two texts.

    Args:
        name: what the first text is.
        text: the first text, a message.
        whole: gives the second one, the whole conversation.
    """

    CSS_PATH = "reader.tcss"
    AUTO_FOCUS = "#reader-text"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(READER_COMMANDS)]
    commands = READER_COMMANDS

    def __init__(self, name: str, text: str, whole: Callable[[], str]) -> None:
        super().__init__()
        self._names = (name, "the whole chat")
        self._text = text
        self._whole = whole
        self._reads_whole = False
        self._wrapped = True
        self._said = ""
        self._places: Sequence[Span] = ()
        self._place = 0
        self._asked = 0
        self._lines: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Title, text, field, keys."""
        yield BrowseBar(self._title, id="reader-title")
        yield PlainText(id="reader-text")
        with Horizontal(id="reader-field-row"):
            yield Static(Content("/"), id="reader-mark")
            yield FilterField("search in this text", id="reader-field")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Show the first text."""
        self.query_one("#reader-field-row").display = False
        self.query_one(KeyLine).show([(command, True) for command in READER_COMMANDS if command.short])

    async def on_resize(self, event: Resize) -> None:
        """Wrap for the new width."""
        self._lay_out(event.size.width - 2)

    def _lay_out(self, width: int = 0) -> None:
        self._asked += 1
        room = (width or self.size.width - 2) if self._wrapped else 0
        self.run_worker(self._show(self._asked, self.text, room))

    @property
    def text(self) -> str:
        """What is read now."""
        return self._whole() if self._reads_whole else self._text

    async def _show(self, number: int, text: str, width: int) -> None:
        """Lay out in a thread: a long conversation takes seconds."""
        self._say("laying it out" if len(text) > 200_000 else "")
        lines = await asyncio.to_thread(plain_lines, text)
        rows = await asyncio.to_thread(plain_rows, lines, width)
        if number == self._asked and self.is_attached:
            self._lines = lines
            self.query_one(PlainText).show(rows)
            self._say("")
            if self._places:
                self._show_place()

    def _title(self, width: int) -> Sequence[Line]:
        count = f"{format_count(len(self._lines))} line{'s' * (len(self._lines) != 1)}"
        said = self._said or ("" if self._wrapped else "not wrapped")
        name = self._names[self._reads_whole]
        return [(("READ", "title"), (f"  {name}", "strong"), (f"  {count}", "label"), (f"  {said}", "label"))]

    def _say(self, text: str) -> None:
        self._said = text
        self.query_one("#reader-title", BrowseBar).rearrange()

    # What the person asks for

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the field letters are text."""
        searching = self.is_mounted and self.query_one("#reader-field").has_focus
        return not (searching and action == "search")

    def action_search(self) -> None:
        """To the field."""
        self.query_one("#reader-field-row").display = True
        self.query_one(FilterField).focus()

    @on(Input.Changed, "#reader-field")
    async def _find(self, event: Input.Changed) -> None:
        lines, text = self._lines, event.value
        places = await asyncio.to_thread(find_places, lines, text)
        if text != self.query_one(FilterField).value or lines is not self._lines:
            return
        self._places = places
        area = self.query_one(PlainText)
        area.show_places(places)
        self._place = area.nearest()
        self._show_place()

    @on(Input.Submitted, "#reader-field")
    def _found(self) -> None:
        self._end_search()

    def _end_search(self) -> None:
        """From the field to the text; n and N walk from here."""
        self.query_one("#reader-field-row").display = False
        self.query_one(PlainText).focus()

    def action_walk(self, step: int) -> None:
        """Another place."""
        if self._places:
            self._place = (self._place + step) % len(self._places)
        self._show_place()

    def _show_place(self) -> None:
        if self._places:
            self.query_one(PlainText).go_to(self._place)
            self._say(f"{format_count(self._place + 1)}/{format_count(len(self._places))}, n and N walk")
        else:
            wanted = self.query_one(FilterField).value.strip()
            self._say("not found" if wanted else "/ searches")

    def action_wrap(self) -> None:
        """Wrap long lines, or no longer."""
        self._wrapped = not self._wrapped
        self._lay_out()

    def action_other(self) -> None:
        """From the message to the whole chat, and back."""
        self._reads_whole = not self._reads_whole
        self._places = ()
        self.query_one(PlainText).show_places(())
        self.query_one(FilterField).value = ""
        self._lay_out()

    def action_copy(self) -> None:
        """Copy what is read."""
        text = self.text
        self.app.copy_to_clipboard(text)
        self._say(f"copied {format_count(len(text))} characters")

    def action_pager(self) -> None:
        """Give it to the person's pager."""
        self.run_worker(self._page(self.text))

    async def _page(self, text: str) -> None:
        try:
            argv = pager_command(os.environ)
            with tempfile.TemporaryFile() as file:
                # A pager may pass on what would act on the terminal.
                file.write(printable(text.replace("\r\n", "\n"), keep="\n\t").encode() + b"\n")
                file.seek(0)
                self._say(ended_badly(argv, await run_outside(self.app, argv, file)))
        except (LocalLLMError, OSError) as error:
            self._say(error.line() if isinstance(error, LocalLLMError) else f"no room for the text: {error.strerror}")

    def action_back(self) -> None:
        """Out of the search first."""
        if self.query_one("#reader-field-row").display:
            self.query_one(FilterField).value = ""
            self._end_search()
        else:
            self.dismiss(None)

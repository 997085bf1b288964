"""The requests of a server as they run: a table, what they come to, and what can be done with one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.timer import Timer

from tui.app.commands.command import Command
from tui.app.rendering.compositor import RowCompositor
from tui.app.rendering.request_rows import head_line, now_words, request_row, total_line
from tui.app.unwaited import unwaited
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import Line, spread
from tui.app.widgets.message import MessagePane
from tui.app.widgets.rows import Rows
from tui.core.errors import LocalLLMError
from tui.services.requests import RequestInfo
from tui.services.watching import Snapshot, Watched

_READ_SECONDS = 6.0
"""How long what was said stays."""
INTERVAL = 0.25
"""Seconds between two looks: nobody reads more of them, and the engine needs the processor."""


class Watching(Screen[None]):
    """Follows the requests of a server while it is in view; a subclass says more about the server.

    Args:
        watched: where the requests are.
    """

    CSS_PATH = "watching.tcss"
    AUTO_FOCUS = "#watch-rows"
    commands: ClassVar[tuple[Command, ...]] = ()

    def __init__(self, watched: Watched) -> None:
        super().__init__()
        self._compositor = RowCompositor()
        self._watched = watched
        self._timer: Timer | None = None
        self.snapshot = Snapshot()
        """What is shown."""
        self._keys: tuple[object, ...] = ()
        self._said_until = 0.0

    def compose(self) -> ComposeResult:
        """Title, the server, the table, what all came to, keys."""
        yield BrowseBar(self._title, id="watch-title")
        yield BrowseBar(self.facts, id="watch-facts")
        yield BrowseBar(lambda width: [head_line(width)], id="watch-head")
        yield Rows[RequestInfo](lambda info, width: [request_row(info, width)], id="watch-rows")
        yield MessagePane(id="watch-message")
        yield BrowseBar(lambda width: [total_line(self.snapshot, width)], id="watch-total")
        yield KeyLine(id="watch-keys")

    def on_mount(self) -> None:
        """Begin to look."""
        self._timer = self.set_interval(INTERVAL, self.look)
        self.look()

    def on_screen_suspend(self) -> None:
        """Nobody looks."""
        if self._timer is not None:
            self._timer.pause()

    def on_screen_resume(self) -> None:
        """Somebody looks again."""
        if self._timer is not None:
            self._timer.resume()
            self.look()

    def on_resize(self) -> None:
        """Everything for another width."""
        self.refresh_facts()

    # What a subclass says

    name_shown = "REQUESTS"
    """In the title."""

    def state_words(self) -> tuple[str, str]:
        """What goes on, for the title, and the role it is drawn in."""
        return "", "label"

    def facts(self, width: int) -> Sequence[Line]:
        """What there is to know of the server."""
        return ()

    def empty_words(self) -> str:
        """What is said while there is no request."""
        return ""

    # Showing

    def look(self) -> None:
        """Show what is new; nothing is drawn where nothing is."""
        if not self.is_mounted:
            return
        snapshot = self._watched.look()
        if snapshot != self.snapshot or not self._keys:
            self._show(snapshot)
        else:
            self._say_marked()

    def refresh_facts(self) -> None:
        """Draw what is said of the server anew."""
        if self.is_mounted:
            for name in ("title", "facts", "head", "total"):
                self.query_one(f"#watch-{name}", BrowseBar).rearrange()
            self._show_keys()

    def _show(self, snapshot: Snapshot) -> None:
        before, marked, self.snapshot = self.snapshot, self.marked, snapshot
        rows = self.query_one(Rows)
        if snapshot.requests != before.requests:
            numbers = [info.id for info in snapshot.requests]
            moved = numbers != [info.id for info in before.requests]
            if moved:
                rows.show(snapshot.requests, at=numbers.index(marked.id) if marked and marked.id in numbers else None)
            else:
                rows.renew(snapshot.requests)
        self.refresh_facts()
        self._say_marked()

    def _title(self, width: int) -> Sequence[Line]:
        words, role = self.state_words()
        left = ((self.name_shown, "title"), (f"  {words}", role))
        return [spread(left, ((now_words(self.snapshot), "value"),), width)]

    @property
    def marked(self) -> RequestInfo | None:
        """The request one is on."""
        found: RequestInfo | None = self.query_one(Rows).marked
        return found

    @on(Rows.Marked)
    def _say_marked(self) -> None:
        """What went wrong with the marked request, in full; or that there is none."""
        message, marked = self.query_one(MessagePane), self.marked
        if time.monotonic() < self._said_until:
            return
        if self.snapshot.problem:
            message.say(self.snapshot.problem, "warning")
        elif marked is None:
            message.say(self.empty_words())
        else:
            message.say(marked.error, "error")
        self._show_keys()

    def say(self, text: str, role: str = "label") -> None:
        """Tell the person one line here."""
        self._said_until = time.monotonic() + _READ_SECONDS
        self.query_one(MessagePane).say(text, role)

    def shown_commands(self) -> Sequence[Command]:
        """The commands as the bottom line has them."""
        return self.commands

    def _show_keys(self) -> None:
        shown = self.shown_commands()
        works = tuple(self.check_action(command.action.rpartition(".")[2], ()) for command in shown)
        state = (*works, *(command.short for command in shown))
        if state != self._keys:
            self._keys = state
            self.query_one(KeyLine).show([(command, bool(on)) for command, on in zip(shown, works, strict=True)])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense for the marked request."""
        marked = self.marked if self.is_mounted else None
        if action == "cancel":
            return True if marked is not None and marked.running and self.snapshot.cancels else None
        if action == "transcript":
            return True if marked is not None and self.snapshot.transcripts else None
        return True

    # What the person asks for

    def action_cancel(self) -> None:
        """End the marked request."""
        if (marked := self.marked) is not None:
            self.run_worker(self._cancel(marked.id))

    async def _cancel(self, number: int) -> None:
        try:
            found = await unwaited(lambda: self._watched.cancel(number))
        except LocalLLMError as error:
            self.say(error.line(), "error")
            return
        self.say("it is being ended" if found else "it was over already")

    @on(Rows.Chosen)
    def action_transcript(self) -> None:
        """Read prompt and answer of the marked request."""
        marked = self.marked
        if marked is None:
            return
        if not self.snapshot.transcripts:
            self.say(self.no_transcripts, "label")
            return
        self.run_worker(self._read(marked))

    no_transcripts = "prompts and answers are not kept"
    """Said where Enter cannot show any."""

    async def _read(self, info: RequestInfo) -> None:
        from tui.app.screens.reader import ReaderScreen

        try:
            found = await unwaited(lambda: self._watched.transcript(info.id))
        except LocalLLMError as error:
            self.say(error.line(), "error")
            return
        if found is None or not any(found):
            self.say(f"nothing was kept of request {info.id}: it came before transcripts were")
            return
        prompt, answer = found
        text = f"PROMPT\n\n{prompt}\n\nANSWER\n\n{answer}\n"
        if self.is_current:
            self.app.push_screen(ReaderScreen(f"request {info.id} of {info.client}", text, lambda: text))

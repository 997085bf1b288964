"""The Hub: search for GGUF repositories as one types, or begin with a model that suits this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, Static

from tui.app.asking import Asking
from tui.app.commands.command import bindings
from tui.app.commands.hub import HUB_COMMANDS
from tui.app.rendering.compositor import RowCompositor
from tui.app.rendering.hub_rows import result_heading, start_heading
from tui.app.widgets.download_strip import DownloadStrip
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.hub_results import Found, HubResults
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import LinesPane, spread
from tui.app.widgets.message import MessagePane
from tui.app.widgets.rows import Rows
from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.values import SORTS, Query, RepoSummary, SearchPage
from tui.core.errors import HubError, LocalLLMError
from tui.core.units import format_bytes, format_count, format_parameters
from tui.monitor.memory import total_memory

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp

DELAY = 0.3
"""Seconds that one must stop typing before the Hub is asked."""

BILLION = 1_000_000_000
SIZES: tuple[tuple[int | None, int | None], ...] = (
    (None, None), (None, 2 * BILLION), (2 * BILLION, 5 * BILLION), (5 * BILLION, 10 * BILLION),
    (10 * BILLION, 40 * BILLION), (40 * BILLION, None),
)  # fmt: skip
"""Parameters from and to."""


def size_words(smallest: int | None, largest: int | None) -> str:
    """Which sizes are searched for: `any`, `up to 2B`, `2B to 5B`."""
    if smallest is None:
        return f"up to {_round(largest)}" if largest is not None else "any"
    return f"{_round(smallest)} to {_round(largest)}" if largest is not None else f"from {_round(smallest)}"


def start_speeds() -> dict[str, float]:
    """Tokens a second to expect of each model of the start list; for a worker thread."""
    from tui.catalogue.hub.curated import CURATED
    from tui.services.speed_estimate import speed_of_size

    return {model.repo_id: speed_of_size(model.size_hint, model.parameters) for model in CURATED}


def _round(count: int) -> str:
    return format_parameters(count).replace(".0", "")


class HubScreen(Screen[None]):
    """Search field, author field, results; without words the start list."""

    CSS_PATH = "hub.tcss"
    AUTO_FOCUS = "#hub-words"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(HUB_COMMANDS),
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("down", "move(1)", "down", show=False, priority=True),
        Binding("pageup", "page(-1)", "page up", show=False, priority=True),
        Binding("pagedown", "page(1)", "page down", show=False, priority=True),
    ]
    commands = HUB_COMMANDS

    def __init__(self) -> None:
        super().__init__()
        self._compositor = RowCompositor()
        self._query = Query()
        self._range = 0
        self._more = ""
        self._answered = False
        self._asking = Asking(self, "hub-search")
        self._asking_start = Asking(self, "hub-start")
        self._delay: Timer | None = None

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    def compose(self) -> ComposeResult:
        """Title, fields, what is shown, rows, keys."""
        yield LinesPane(id="hub-title")
        with Horizontal(id="hub-fields"):
            yield Static(Content(current_glyphs().prompt), id="hub-mark")
            yield Input(placeholder="search GGUF models on the Hugging Face Hub", id="hub-words", compact=True)
            yield Static(Content("author"), id="hub-author-mark")
            yield Input(placeholder="anybody", id="hub-author", compact=True)
        yield LinesPane(id="hub-order")
        yield MessagePane(id="hub-message")
        yield LinesPane(id="hub-heading")
        yield HubResults(id="hub-results")
        yield DownloadStrip()
        yield KeyLine(id="hub-keys")

    def on_mount(self) -> None:
        """Begin with the start list."""
        for field in self.query(Input):
            field.cursor_blink = False
        self.query_one(HubResults).can_focus = False
        self.query_one(KeyLine).show([(command, True) for command in HUB_COMMANDS])
        self.watch(self.app, "settings", self._show_title)
        self._start_list()

    def on_unmount(self) -> None:
        """Nothing is asked any more."""
        self._asking.drop()
        self._asking_start.drop()

    def on_resize(self) -> None:
        """Columns for another width."""
        self._show_frame()

    # Typing

    @on(Input.Changed)
    def typed(self) -> None:
        """The question under way is not the one any more; the new one is asked when typing stops."""
        words, author = self.query_one("#hub-words", Input).value, self.query_one("#hub-author", Input).value
        query = replace(self._query, text=" ".join(words.split()), author=author.strip())
        if query != self._query:
            self._take(query, DELAY)

    def _take(self, query: Query, delay: float = 0.0) -> None:
        if not self._searching and query != Query():
            self.query_one(HubResults).show(())  # the start list is no answer to a search
        self._query = query
        self._answered = False
        self._stop()
        self._say("")
        if self._searching:
            self._delay = self.set_timer(delay, self._search) if delay else None
            if not delay:
                self._search()
        else:
            self._start_list()
        self._show_frame()

    @property
    def _searching(self) -> bool:
        """Whether there is anything to search for; an order alone is something, too."""
        return self._query != Query() or self._range != 0

    def _stop(self) -> bool:
        """End the question under way, or the one about to be asked; False when there is none."""
        waited = self._delay is not None
        if self._delay is not None:
            self._delay.stop()
            self._delay = None
        return self._asking.drop() or waited

    # Asking

    def _search(self) -> None:
        self._delay = None
        hub, query = self.program.store.hub, self._query
        self._more = ""
        self._say("")

        def question(cancel: Cancel) -> SearchPage:
            return hub.search(query, cancel=cancel)

        self._asking.ask(question, self._show_page, self._fail)
        self._show_frame()

    def _show_page(self, page: SearchPage) -> None:
        self._more, self._answered = page.more, True
        results = self.query_one(HubResults)
        results.sort = self._query.sort
        results.show(page.results, at=0)
        self._say("" if page.results else "Nothing was found. Other words, another size, or Esc for the start list.")
        self._show_frame()

    @on(Rows.NearEnd)
    def _continue(self) -> None:
        if not self._more or self._asking.waiting:
            return
        hub, query, more = self.program.store.hub, self._query, self._more

        def question(cancel: Cancel) -> SearchPage:
            return hub.search(query, more, cancel)

        self._asking.ask(question, self._add_page, self._fail)
        self._show_frame()

    def _add_page(self, page: SearchPage) -> None:
        self._more = page.more
        self._say("")
        self.query_one(HubResults).append(page.results)
        self._show_frame()

    def _fail(self, error: LocalLLMError) -> None:
        """What went wrong, in place of results that would be another question's."""
        offline = isinstance(error, HubError) and error.kind == "offline"
        here = "F4, Offline switches it on here." if self.program.settings.app.offline else ""
        retry = here if offline else "ctrl+r tries again."
        if not self._more:
            self.query_one(HubResults).show(())
        self._say(f"{error.line().rstrip('.')}. {retry}".strip(), "error")
        self._show_frame()

    def _start_list(self) -> None:
        """What suits this machine first; how fast its memory is takes a moment to find out the first time."""
        self._more = ""
        results = self.query_one(HubResults)
        if results.speeds:
            self._show_start(results.speeds)
        else:
            self._asking_start.ask(lambda cancel: start_speeds(), self._show_start, lambda error: self._show_start({}))

    def _show_start(self, speeds: Mapping[str, float]) -> None:
        from tui.catalogue.hub.curated import best_first, for_memory, home_purpose

        results = self.query_one(HubResults)
        results.speeds = speeds
        if not self._searching:
            purpose = home_purpose(os.environ.get("LC_ALL") or os.environ.get("LANG", ""))
            results.show(best_first(for_memory(total_memory()), results.available, speeds, purpose), at=0)
            self._show_frame()

    # What is shown

    def _say(self, text: str, role: str = "label") -> None:
        self.query_one(MessagePane).say(text, role)

    def _show_frame(self) -> None:
        self._show_title()
        results = self.query_one(HubResults)
        width = results.scrollable_content_region.width or self.size.width - 2
        start = not self._searching
        self.query_one("#hub-heading", LinesPane).display = bool(results.items)
        self.query_one("#hub-heading", LinesPane).set_lines(
            [start_heading(width) if start else result_heading(width, results.sort)]
        )
        order = self.query_one("#hub-order", LinesPane)
        if start:
            memory = format_bytes(total_memory())
            left = (("START HERE", "title"), (f"  for this machine's {memory}; type to search", "label"))
            right = (("speeds are estimates", "label"),)
            order.set_lines([spread(left, right if results.items else (), self.size.width - 2)])
            return
        count = format_count(len(results.items)) + ("+" if self._more else "") + " found" if self._answered else ""
        if self._asking.waiting:
            count = f"{count}   searching{current_glyphs().ellipsis}".strip()
        sizes = size_words(self._query.smallest, self._query.largest)
        order.set_lines(
            [spread(
                (("sort ", "label"), (self._query.sort, "value"), ("   size ", "label"), (sizes, "value")),
                ((count, "label"),), self.size.width - 2,
            )]
        )  # fmt: skip

    def _show_title(self) -> None:
        hub = self.program.store.hub
        state = "offline" if hub.offline else f"token: {hub.token_origin}" if hub.token_origin else "no token"
        line = spread((("HUB", "title"), ("  get a model", "label")), ((state, "label"),), self.size.width - 2)
        self.query_one("#hub-title", LinesPane).set_lines([line])

    # What the person asks for

    def action_move(self, rows: int) -> None:
        """Move the mark, also from the fields."""
        self.query_one(HubResults).action_move(rows)

    def action_page(self, direction: int) -> None:
        """Move the mark by a page."""
        self.query_one(HubResults).action_page(direction)

    @on(Input.Submitted)
    @on(Rows.Chosen)
    def action_open(self) -> None:
        """Open the marked repository, or the one whose whole name was typed; ask at once while nothing is found yet."""
        from tui.app.screens.repository import RepositoryScreen

        typed = self._typed_name()
        marked: Found | None = self.query_one(HubResults).marked
        if typed and not (isinstance(marked, RepoSummary) and marked.repo_id.casefold() == typed[0].casefold()):
            self.app.push_screen(RepositoryScreen(*typed))
        elif self._searching and not self._answered:
            self._take(self._query)
        elif marked is not None:
            self.app.push_screen(RepositoryScreen(marked.repo_id, getattr(marked, "quant", "")))

    def _typed_name(self) -> tuple[str, str] | None:
        """Repository and quantization, when that is what was typed or pasted."""
        from tui.catalogue.hub.choice import parse_hf

        if "/" not in self._query.text:
            return None
        try:
            return parse_hf(self._query.text)
        except LocalLLMError:
            return None

    def action_sort(self) -> None:
        """The next order."""
        self._take(replace(self._query, sort=SORTS[(SORTS.index(self._query.sort) + 1) % len(SORTS)]))

    def action_size(self) -> None:
        """The next range of sizes."""
        self._range = (self._range + 1) % len(SIZES)
        smallest, largest = SIZES[self._range]
        self._take(replace(self._query, smallest=smallest, largest=largest))

    def action_author(self) -> None:
        """To the author's field, and back."""
        field = "#hub-words" if self.query_one("#hub-author").has_focus else "#hub-author"
        self.set_focus(self.query_one(field))  # at once: the next key may be here already

    def action_retry(self) -> None:
        """Ask once more; what failed to come at the end comes there."""
        if self._more and self.query_one(HubResults).items:
            self._continue()
        elif self._searching:
            self._take(self._query)

    def action_token(self) -> None:
        """Sign in."""
        from tui.app.screens.token import TokenScreen

        self.app.push_screen(TokenScreen(self.program.store.hub), self._signed_in)

    def _signed_in(self, name: str | None) -> None:
        if name:
            self._show_title()
            self.action_retry()

    def action_back(self) -> None:
        """Stop what is asked; else empty the fields; else go back."""
        if self._stop():
            self._say("stopped; ctrl+r asks again")
            self._show_frame()
        elif self._searching:
            self._range = 0
            self._query = Query()
            for field in self.query(Input):
                field.value = ""
            self.set_focus(self.query_one("#hub-words"))
            self._take(Query())
        else:
            self.dismiss(None)

"""The models on this machine: a list that fills while they are found, and what is known of the marked one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.app.pricing import Price, Pricing
from tui.app.rendering.model_rows import FULL, Piece, cut, empty_text, heading, matches, row
from tui.app.status import Status
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.model_detail import ModelDetail
from tui.catalogue.entry import ModelEntry
from tui.catalogue.fit import MemoryPlan
from tui.core.errors import LocalLLMError
from tui.core.events import ModelInfo
from tui.core.parameters import LoadParams
from tui.monitor.memory import available_memory
from tui.settings.paths import default_models_dir
from tui.settings.settings import Settings

STYLES = {
    "mark": "bold $accent",
    "name": "",
    "fact": "$foreground 65%",
    "fits": "$text-success",
    "tight": "$text-warning",
    "no": "$text-error",
    "problem": "$text-error",
}


def styled(pieces: Sequence[Piece]) -> Content:
    """Pieces with the theme's colours; never markup."""
    return Content.assemble(*((text, STYLES.get(role, "")) for text, role in pieces))


class ModelList(Vertical):
    """Lists models; Enter chooses the marked one.

    In the application it follows `models`, `searching`, `status` and `settings`; alone it is told by `show`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", show=False),
        Binding("r", "search", "search again", show=False),
        Binding("escape", "unfilter", "leave the filter", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | enter | Chooses the marked model. |
    | slash | Filters by name, quantization, architecture or path. |
    | r | Searches for models again. |
    | escape | Leaves the filter. |
    """

    DEFAULT_CSS = """
    ModelList {
        height: 1fr;
        & > .model-list--heading { height: 1; color: $text-muted; text-style: bold; text-wrap: nowrap; }
        & > .model-list--columns { height: 2; padding-top: 1; color: $text-muted; text-wrap: nowrap; }
        & > .model-list--empty { height: auto; padding-top: 1; color: $text-muted; }
        & > OptionList {
            height: 1fr; border: none; padding: 0; background: $background; text-wrap: nowrap;
            scrollbar-size-vertical: 1; overflow-x: hidden; scrollbar-color: $border;
            scrollbar-background: $background; scrollbar-background-hover: $background;
            scrollbar-background-active: $background;
            &:focus { border: none; background-tint: $background 0%; }
            & > .option-list--option { padding: 0; }
            & > .option-list--option-highlighted { background: $surface; color: $foreground; text-style: none; }
            &:focus > .option-list--option-highlighted { background: $panel; color: $foreground; text-style: bold; }
            &:ansi > .option-list--option-highlighted { text-style: reverse; }
            &:nocolor > .option-list--option-highlighted { text-style: reverse; }
        }
        & > Input { height: 1; border: none; padding: 0; background: $surface; &:focus { border: none; } }
    }
    """

    @dataclass
    class Chosen(Message):
        """The person wants a model loaded.

        Attributes:
            path: its file.
        """

        path: Path

    @dataclass
    class _Planned(Message):
        path: Path
        plan: MemoryPlan

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._entries: tuple[ModelEntry, ...] = ()
        self._rows: list[ModelEntry] = []
        self._searching = False
        self._loaded: ModelInfo | None = None
        self._load = LoadParams()
        self._query = ""
        self._width = 0
        self._available = available_memory()
        self._plan: MemoryPlan | None = None
        self._price: Price | None = None
        self._pricing: Pricing | None = None

    def compose(self) -> ComposeResult:
        """Heading, column names, rows, what to do without any, filter, detail."""
        yield Static(classes="model-list--heading", markup=False)
        yield Static(classes="model-list--columns", markup=False)
        yield OptionList(markup=False)
        yield Static(classes="model-list--empty", markup=False)
        yield Input(placeholder="filter", compact=True)
        yield ModelDetail()

    def on_mount(self) -> None:
        """Follow the application, where it tells of models."""
        field = self.query_one(Input)
        field.display = field.cursor_blink = False
        app = self.app
        if hasattr(app, "models") and hasattr(app, "searching"):
            self.watch(app, "models", self._follow)
            self.watch(app, "searching", self._follow)
            self.watch(app, "status", self._follow_status)
            self.watch(app, "settings", self._follow_settings)
        if (host := getattr(app, "host", None)) is not None:
            self._pricing = Pricing(self, host.plan, self._take_price)
        self._draw()

    def focus(self, scroll_visible: bool = True, *, from_app_focus: bool = False) -> ModelList:
        """Focus the rows."""
        self.query_one(OptionList).focus(scroll_visible)
        return self

    @property
    def marked(self) -> ModelEntry | None:
        """The model one is on."""
        at = self.query_one(OptionList).highlighted
        return self._rows[at] if at is not None and at < len(self._rows) else None

    @property
    def shown(self) -> tuple[str, ...]:
        """The rows as text."""
        options = self.query_one(OptionList).options
        return tuple(str(option.prompt) for option in options)

    # What is shown

    def show(
        self,
        entries: tuple[ModelEntry, ...],
        searching: bool = False,
        loaded: ModelInfo | None = None,
        load: LoadParams | None = None,
    ) -> None:
        """Show models.

        Args:
            entries: all of them, in the order they were found.
            searching: whether more may come.
            loaded: the loaded model.
            load: how a model would be loaded; None: as before.
        """
        again = entries[: len(self._entries)] != self._entries or loaded != self._loaded
        self._entries, self._searching, self._loaded = entries, searching, loaded
        self._load = load or self._load
        if again or not searching:
            self._available = available_memory() + (loaded.context_bytes if loaded else 0)
        self._draw()

    def _follow(self) -> None:
        app = self.app
        self.show(getattr(app, "models", ()), getattr(app, "searching", False), self._loaded)

    def _follow_status(self, status: Status) -> None:
        if status.model != self._loaded:
            self.show(self._entries, self._searching, status.model)

    def _follow_settings(self, settings: Settings) -> None:
        if settings.load != self._load:
            self._load = settings.load
            self._describe()

    def on_resize(self, event: Resize) -> None:
        """Other columns for another width."""
        if event.size.width != self._width:
            self._width = event.size.width
            self._draw()

    def _draw(self) -> None:
        """Bring the rows in line with the entries; rows that are there already stay where they are."""
        if not self._width:
            return
        wanted = [entry for entry in self._entries if matches(entry, self._query)]
        marked, options = self.marked, self.query_one(OptionList)
        if wanted[: len(self._rows)] != self._rows:
            options.clear_options()
            self._rows = []
        for index, entry in enumerate(self._rows):
            options.replace_option_prompt_at_index(index, self._prompt(entry))
        options.add_options([Option(self._prompt(entry)) for entry in wanted[len(self._rows) :]])
        self._rows = wanted
        if wanted and options.highlighted is None:
            options.highlighted = wanted.index(marked) if marked in wanted else self._loaded_row()
        self._draw_frame()

    def _loaded_row(self) -> int:
        paths = [str(entry.path) for entry in self._rows]
        return paths.index(self._loaded.path) if self._loaded and self._loaded.path in paths else 0

    def _prompt(self, entry: ModelEntry) -> Content:
        loaded = self._loaded is not None and str(entry.path) == self._loaded.path
        width = self._width - (1 if self.query_one(OptionList).show_vertical_scrollbar else 0)
        return styled(row(entry, loaded, self._available, width, current_glyphs().pointer))

    def _draw_frame(self) -> None:
        count = f"{len(self._rows)} of {len(self._entries)}" if self._query else str(len(self._entries))
        state = "searching" if self._searching else count if self._entries else ""
        title = f"MODELS  {state}"
        keys = "enter load   / filter   r search again" if self._width >= FULL else ""
        title = cut(title, self._width - len(keys)) + keys if keys else cut(title, self._width)
        self.query_one(".model-list--heading", Static).update(Content(title))
        columns = self.query_one(".model-list--columns", Static)
        columns.display = self._width >= FULL and bool(self._rows)
        columns.update(Content(heading(self._width)) if self._width >= FULL else Content(""))
        empty = self.query_one(".model-list--empty", Static)
        empty.display = not self._rows
        empty.update(Content(self._empty_words()))
        self.query_one(ModelDetail).display = bool(self._rows)

    def _empty_words(self) -> str:
        if self._entries:
            return "No model matches. Esc shows all."
        return "" if self._searching else "\n".join(empty_text(default_models_dir()))

    # What the marked one is

    @on(OptionList.OptionHighlighted)
    def _describe(self) -> None:
        entry = self.marked
        self._plan = self._price = None
        self._show_detail()
        if self._pricing is not None:
            self._pricing.forget()
        if entry is not None and not entry.problem:
            if self._pricing is not None:
                self._pricing.ask(entry.path, self._load)
            reader = partial(self._read_plan, entry.path, self._load)
            self.run_worker(reader, thread=True, group="plan", exclusive=True, exit_on_error=False)

    def _read_plan(self, path: Path, load: LoadParams) -> None:
        """In a thread: read the header and say what a load takes."""
        from tui.catalogue.fit import plan
        from tui.catalogue.gguf_header import read_header

        try:
            self.post_message(self._Planned(path, plan(read_header(path), load)))
        except (LocalLLMError, OSError):
            return  # the file went away since it was found; loading it says so

    def on_model_list__planned(self, message: _Planned) -> None:
        """Show the plan, unless the mark has moved on."""
        if (entry := self.marked) is not None and entry.path == message.path:
            self._plan = message.plan
            self._show_detail()

    def _take_price(self, price: Price) -> None:
        """What llama.cpp says is exact, so that it stands in place of the formula's figure."""
        self._price = price
        self._show_detail()

    def _show_detail(self) -> None:
        self.query_one(ModelDetail).show(self.marked, self._available, self._plan, self._price)

    # What the person asks for

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if (entry := self.marked) is not None and not entry.problem:
            self.post_message(self.Chosen(entry.path))

    def action_filter(self) -> None:
        """Open the filter line."""
        field = self.query_one(Input)
        field.display = True
        field.focus()

    def action_unfilter(self) -> None:
        """Close the filter line; without one escape is for others."""
        field = self.query_one(Input)
        if not field.display:
            from textual.actions import SkipAction

            raise SkipAction
        field.value = ""
        field.display = False
        self.focus()

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        self._query = event.value
        self._draw()

    @on(Input.Submitted)
    def _filtered(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus()

    def action_search(self) -> None:
        """Search again, where the application can."""
        search = getattr(self.app, "search_models", None)
        if callable(search):
            search()

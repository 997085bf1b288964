"""The models beside the chat: a narrow list to choose from quickly. All about them is in the model browser."""

from __future__ import annotations

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
from textual.widgets import Input, Static

from tui.app.pricing import Price, Pricing
from tui.app.rendering.browse import Shelf, View
from tui.app.rendering.model_rows import cut, empty_text, row
from tui.app.status import Status
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line
from tui.app.widgets.model_detail import ModelDetail
from tui.app.widgets.model_table import ModelTable
from tui.catalogue.entry import ModelEntry
from tui.catalogue.fit import MemoryPlan
from tui.core.errors import LocalLLMError
from tui.core.events import ModelInfo
from tui.core.parameters import LoadParams
from tui.monitor.memory import available_memory
from tui.settings.paths import default_models_dir
from tui.settings.settings import Settings


class ModelList(Vertical):
    """Lists models, favourites first; Enter chooses the marked one. Files that are no models are left out.

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
    | slash | Filters by name, quantization, family, source or path. |
    | r | Searches for models again. |
    | escape | Leaves the filter. |
    """

    DEFAULT_CSS = """
    ModelList {
        height: 1fr;
        & > .model-list--heading { height: 1; color: $text-muted; text-style: bold; text-wrap: nowrap; }
        & > .model-list--empty { height: 1fr; padding-top: 1; color: $text-muted; }
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
        self._shelf = Shelf()
        self._searching = False
        self._loaded: ModelInfo | None = None
        self._load = LoadParams()
        self._query = ""
        self._available = available_memory()
        self._plan: MemoryPlan | None = None
        self._price: Price | None = None
        self._pricing: Pricing | None = None

    def compose(self) -> ComposeResult:
        """Heading, rows, what to do without any, filter, detail."""
        yield Static(classes="model-list--heading", markup=False)
        yield ModelTable(self._row)
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
        self.query_one(ModelTable).focus(scroll_visible)
        return self

    @property
    def marked(self) -> ModelEntry | None:
        """The model one is on."""
        return self.query_one(ModelTable).marked

    @property
    def shown(self) -> tuple[str, ...]:
        """The rows as text."""
        return self.query_one(ModelTable).shown

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
            entries: all of them.
            searching: whether more may come.
            loaded: the loaded model.
            load: how a model would be loaded; None: as before.
        """
        again = entries[: len(self._entries)] != self._entries or loaded != self._loaded
        if loaded is not None and loaded != self._loaded:
            self.query_one(ModelTable).mark(loaded.path)
        self._entries, self._searching, self._loaded = entries, searching, loaded
        self._load = load or self._load
        if again or not searching:
            self._available = available_memory() + (loaded.context_bytes if loaded else 0)
        finder = getattr(self.app, "finder", None)
        models = [entry for entry in entries if entry.kind == "model"]
        self._shelf.take(models, finder.library if finder else None, self._available)
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
        """Another heading for another width."""
        self._draw_frame()

    def _draw(self) -> None:
        self.query_one(ModelTable).show(self._shelf.rows(View(self._query)))
        self._draw_frame()

    def _row(self, entry: ModelEntry, width: int, marked: bool) -> Line:
        loaded = self._loaded is not None and str(entry.path) == self._loaded.path
        return tuple(row(entry, loaded, self._available, width, current_glyphs().pointer))

    def _draw_frame(self) -> None:
        rows = len(self.query_one(ModelTable).rows)
        count = f"{rows} of {len(self._shelf.entries)}" if self._query else str(rows)
        state = "searching" if self._searching else count if self._entries else ""
        title = cut(f"MODELS  {state}", self.size.width)
        self.query_one(".model-list--heading", Static).update(Content(title))
        self.query_one(ModelTable).display = self.query_one(ModelDetail).display = bool(rows)
        empty = self.query_one(".model-list--empty", Static)
        empty.display = not rows
        empty.update(Content(self._empty_words()))

    def _empty_words(self) -> str:
        if self._shelf.entries:
            return "No model matches. Esc shows all."
        return "" if self._searching else "\n".join(empty_text(default_models_dir()))

    # What the marked one is

    @on(ModelTable.Marked)
    def _describe(self) -> None:
        entry = self.marked
        self._plan = self._price = None
        self._show_detail()
        if self._pricing is not None:
            self._pricing.forget()
        if entry is not None and entry.loadable:
            if self._pricing is not None:
                self._pricing.ask(entry.path, self._load)
            reader = partial(self._read_plan, entry.path, self._load)
            self.run_worker(reader, thread=True, group="plan", exclusive=True, exit_on_error=False)

    def _read_plan(self, path: Path, load: LoadParams) -> None:
        """In a thread: read the header and say what a load takes."""
        from tui.catalogue.fit import plan
        from tui.catalogue.split import read_whole

        try:
            self.post_message(self._Planned(path, plan(read_whole(path), load)))
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

    @on(ModelTable.Chosen)
    def _choose(self, event: ModelTable.Chosen) -> None:
        event.stop()
        if event.entry.loadable:
            self.post_message(self.Chosen(event.entry.path))

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

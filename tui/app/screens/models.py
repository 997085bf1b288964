"""The model browser: every model on this machine as a table, and in plain words what the marked one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, Static

from tui.app.commands.catalogue import APP_COMMANDS
from tui.app.commands.command import bindings
from tui.app.commands.models import BACK_COMMAND, MODEL_COMMANDS
from tui.app.commands.provider import usable
from tui.app.deleting import delete_model
from tui.app.describing import Describing
from tui.app.rendering.browse import UNKNOWN, Shelf, View
from tui.app.rendering.browse_words import empty_lines, foot_line, no_match_lines, said_lines, title_line
from tui.app.rendering.compositor import RowCompositor
from tui.app.rendering.model_columns import heading, row
from tui.app.rendering.model_rows import home_path
from tui.app.rendering.shown import shown_line
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.filter_field import FilterField
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import Line
from tui.app.widgets.model_description import ModelDescription
from tui.app.widgets.model_table import ModelTable
from tui.catalogue.entry import ModelEntry
from tui.core.errors import LocalLLMError
from tui.monitor.memory import available_memory
from tui.settings.paths import default_models_dir

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp
    from tui.app.status import Status
    from tui.catalogue.delete import Deletion
    from tui.services.describe import Description
    from tui.settings.settings import Settings

LATE = 0.4
"""Seconds after which a description that has not come is replaced by what the list knows."""
WIDE = 100
"""From this many cells on, list and description stand side by side."""


class ModelsScreen(Screen[Path | None]):
    """Finds, explains, marks and deletes models; the result is the file to load, or None when the person left.

    Args:
        view: how the rows are ordered at first.
    """

    CSS_PATH = "models.tcss"
    AUTO_FOCUS = "#browse-table"
    HORIZONTAL_BREAKPOINTS = [(0, "-cramped"), (40, "-small"), (WIDE, "-wide"), (160, "-broad")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (10, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings((*MODEL_COMMANDS, BACK_COMMAND)),
        Binding("down", "to_table", "to the rows", show=False),
    ]
    commands = (*MODEL_COMMANDS, BACK_COMMAND)

    def __init__(self, view: View | None = None) -> None:
        super().__init__()
        self._compositor = RowCompositor()
        self.view = view or View()
        self._shelf = Shelf()
        self._loaded = ""
        self._freed = 0
        self._said: tuple[str, str] = ("", "")
        self._describing: Describing | None = None
        self._late = Timer(self, LATE)

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    @property
    def table(self) -> ModelTable:
        """The rows."""
        return self.query_one(ModelTable)

    @property
    def detail(self) -> ModelDescription:
        """The description."""
        return self.query_one(ModelDescription)

    @property
    def marked_model(self) -> Path | None:
        """The file of the model one is on, if it can be loaded."""
        entry = self.table.marked
        return entry.path if entry is not None and entry.loadable else None

    def compose(self) -> ComposeResult:
        """Title; filter, rows and a foot line beside the description; keys."""
        yield BrowseBar(self._title, id="browse-title")
        with Horizontal(id="browse-columns"):
            with Vertical(id="browse-list"):
                with Horizontal(id="browse-filter-row"):
                    yield Static(Content("/"), id="browse-filter-mark")
                    yield FilterField("filter by name, quantization, family, source", id="browse-filter")
                yield BrowseBar(self._heading, id="browse-heading")
                yield ModelTable(self._row, id="browse-table")
                yield BrowseBar(self._empty, id="browse-empty")
            yield ModelDescription(id="browse-detail")
        yield BrowseBar(self._foot, id="browse-foot")
        yield KeyLine(id="keys")
        yield Static(Content("The terminal is too small: 40x10 is the least."), id="too-small")

    def on_mount(self) -> None:
        """Follow what the application tells."""
        self._describing = Describing(self, self.program.host.plan, self._take_description)
        loaded = self.program.host.model
        if loaded is not None:
            self.table.mark(loaded.path)
        self.watch(self.app, "status", self._show_status)
        self.watch(self.app, "models", self._show_models)
        self.watch(self.app, "searching", self._show_bars)
        self.watch(self.app, "settings", self._show_settings)
        self._show_keys()

    def on_screen_resume(self) -> None:
        """Keys may work now that did not before."""
        self._show_keys()

    def on_descendant_focus(self) -> None:
        """In the filter other keys work than on the rows."""
        self._show_keys()

    # What the application tells

    def _show_models(self, models: tuple[ModelEntry, ...]) -> None:
        library = self.program.finder.library
        self._shelf.take(models, library, available_memory() + self._freed)
        self._show_rows()

    def _show_status(self, status: Status) -> None:
        path = status.model.path if status.model else ""
        if path != self._loaded or not self._shelf.available:
            self._loaded, self._freed = path, status.model.context_bytes if status.model else 0
            self._show_models(self.program.models)
            self._show_keys()

    def _show_settings(self, settings: Settings) -> None:
        self._describe()

    def _show_rows(self, *, moved: bool = False) -> None:
        rows = self._shelf.rows(self.view)
        self.set_class(not rows, "none")
        before = self.table.marked
        self.table.show(rows, moved=moved)
        if self.table.marked == before and not moved:
            self._describe()
        # The totals count all models, so a filter leaves them as they are.
        for bar in self.query("#browse-title, #browse-empty" if moved else "BrowseBar").results(BrowseBar):
            bar.rearrange()

    def _show_bars(self) -> None:
        for bar in self.query(BrowseBar):
            bar.rearrange()

    def _show_keys(self) -> None:
        everywhere = {command.id: command for command in APP_COMMANDS}
        more = [everywhere[name] for name in ("app.get_model", "app.downloads", "app.help") if name in everywhere]
        keys = [*MODEL_COMMANDS[:5], *more[-1:], MODEL_COMMANDS[5], *more[:-1], *MODEL_COMMANDS[6:], BACK_COMMAND]
        self.query_one(KeyLine).show([(command, bool(usable(self, command))) for command in keys if command.short])

    # What the lines say

    def _row(self, entry: ModelEntry, width: int, marked: bool) -> Line:
        return row(
            entry, self._shelf.of(entry), width, current_glyphs(), available=self._shelf.available,
            loaded=str(entry.path) == self._loaded, marked=marked, sort=self.view.sort,
        )  # fmt: skip

    def _heading(self, width: int) -> Sequence[Line]:
        return [heading(self.table.text_width or width - 1, self.view, current_glyphs())]

    def _title(self, width: int) -> Sequence[Line]:
        shown = len(self.table.rows)
        return [title_line(shown, len(self.program.models), self.program.searching, self.view, width)]

    def _foot(self, width: int) -> Sequence[Line]:
        if self._said[0]:
            return said_lines(*self._said, width)
        return [foot_line(self.program.models, self.program.finder.disk_use, self._shelf.available, width)]

    def _empty(self, width: int) -> Sequence[Line]:
        if self.program.models:
            return no_match_lines(self.view.query)
        if self.program.searching:
            return [((f"Looking for models{current_glyphs().ellipsis}", "label"),)]
        return empty_lines(default_models_dir(), self.program.settings.app.offline, width)

    def _say(self, text: str, role: str = "value") -> None:
        """An answer in place of the totals, until the person goes on."""
        self._said = (shown_line(text), role)
        self.query_one("#browse-foot", BrowseBar).rearrange()

    # What the marked one is

    def on_key(self) -> None:
        """The next key has been pressed, and nothing came of it yet: what was said is over, the totals are back."""
        self._say_no_more()

    def _say_no_more(self) -> None:
        if self._said[0]:
            self._say("")

    @on(ModelTable.Marked)
    def _marked(self, event: ModelTable.Marked) -> None:
        if event.moved:  # with the mouse
            self._say_no_more()
        self._describe()
        self._show_keys()

    def _describe(self) -> None:
        """Show at once what the list knows, and ask for the rest."""
        entry = self.table.marked
        if self._describing is None:
            return
        if entry is None:
            self._describing.forget()
            self.detail.show(None, UNKNOWN)
            return
        if self.detail.entry is not None and self.detail.entry.path == entry.path:
            self.detail.show(entry, self._shelf.of(entry), self.detail.description, self.detail.problem)
        else:  # until the new description comes, the old one stays, under its own name
            self._late.stop()
            self._late = self.set_timer(LATE, self._show_head)
        self._describing.ask(
            entry.path,
            self.program.settings.load,
            self._shelf.siblings(entry),
            self._shelf.available,
            exact=entry.loadable and self.detail.display,
        )

    def _show_head(self) -> None:
        """The header is not read yet: say what the list knows."""
        entry = self.table.marked
        if entry is not None and (self.detail.entry is None or self.detail.entry.path != entry.path):
            self.detail.show(entry, self._shelf.of(entry))

    def _take_description(self, description: Description | None, problem: str) -> None:
        entry = self.table.marked
        if entry is not None:
            self.detail.show(entry, self._shelf.of(entry), description, problem)

    # What the person asks for

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What needs a marked model is dim without one; in the filter a slash is a letter."""
        if action == "filter" and self.is_mounted:
            return None if self.query_one("#browse-filter").has_focus else True
        if action in ("load", "delete", "favourite", "copy_path", "detail", "metadata") and self.is_mounted:
            entry = self.table.marked
            if entry is None or (action == "load" and not entry.loadable):
                return None
        return True

    @on(ModelTable.Chosen)
    def _chosen(self, event: ModelTable.Chosen) -> None:
        self._load(event.entry)

    def action_load(self) -> None:
        """Load the marked model, also from its description."""
        if (entry := self.table.marked) is not None:
            self._load(entry)

    def _load(self, entry: ModelEntry) -> None:
        if entry.loadable:
            self.dismiss(entry.path)
        else:
            self._say(f"cannot be loaded: {entry.problem}", "error")

    def action_detail(self) -> None:
        """To the description, and back."""
        reading = not self.detail.has_focus
        self.set_class(reading, "reading")
        self.set_focus(self.detail if reading else self.table)
        self.call_after_refresh(self._describe)  # where the description was hidden, llama.cpp was not asked

    def action_filter(self) -> None:
        """To the filter."""
        self._say_no_more()
        self.remove_class("reading")
        self.set_focus(self.query_one("#browse-filter", Input))  # at once: the next key may be here already

    @on(Input.Changed, "#browse-filter")
    def _filter(self, event: Input.Changed) -> None:
        if event.value != self.view.query:
            self._say_no_more()
            self.view = replace(self.view, query=event.value)
            self._show_rows(moved=True)

    @on(Input.Submitted, "#browse-filter")
    def action_to_table(self) -> None:
        """From the filter to the rows that it left."""
        self.set_focus(self.table)

    def action_back(self) -> None:
        """Out of the filter or the description first, then back to where one was."""
        field = self.query_one("#browse-filter", Input)
        if self.detail.has_focus:
            self.action_detail()
        elif field.value:
            field.value = ""
            self.set_focus(self.table)
        elif field.has_focus:
            self.set_focus(self.table)
        else:
            self.dismiss(None)

    def _order(self, view: View) -> None:
        self.view = view
        self._show_rows()

    def action_sort(self) -> None:
        """By the next kind."""
        self._order(self.view.sorted_by_next())

    def action_reverse(self) -> None:
        """The other way round."""
        self._order(replace(self.view, reverse=not self.view.reverse))

    def action_favourites_first(self) -> None:
        """Favourites on top, or among the others."""
        self._order(replace(self.view, favourites_first=not self.view.favourites_first))

    def action_favourite(self) -> None:
        """Mark or unmark the model."""
        entry, library = self.table.marked, self.program.finder.library
        if entry is None or library is None:
            return
        try:
            library.toggle_favourite(entry)
        except LocalLLMError as error:
            self._say(error.line(), "error")
        self._show_models(self.program.models)

    def action_copy_path(self) -> None:
        """Put the file's path on the terminal's clipboard."""
        if (entry := self.table.marked) is not None:
            self.app.copy_to_clipboard(entry.place)
            self._say(f"copied {home_path(entry.path)}")

    def action_rescan(self) -> None:
        """Search again."""
        self.program.search_models()

    def action_metadata(self) -> None:
        """Every key of the header."""
        from tui.app.screens.model_metadata import ModelMetadataScreen

        entry, description = self.table.marked, self.detail.description
        if entry is None:
            return
        if description is not None and self.detail.entry is not None and self.detail.entry.path == entry.path:
            self.app.push_screen(ModelMetadataScreen(description))
        else:
            self._say(f"there is nothing to read: {entry.problem}" if entry.problem else "still reading the header")

    def action_delete(self) -> None:
        """Ask, then delete."""
        entry, library = self.table.marked, self.program.finder.library
        if entry is None or library is None:
            return
        from tui.app.screens.delete_model import DeleteModelScreen

        try:
            deletion = library.plan_delete(entry)
        except LocalLLMError as error:
            self._say(error.line(), "error")
            return
        loaded = self._loaded in {str(entry.path), *map(str, entry.files)}
        self.app.push_screen(DeleteModelScreen(deletion, loaded), lambda sure: self._delete(deletion, bool(sure)))

    def _delete(self, deletion: Deletion, sure: bool) -> None:
        library = self.program.finder.library
        if not sure or library is None:
            return
        if self._loaded in {str(deletion.entry.path), *map(str, deletion.entry.files)}:
            self.program.work.unload()
        delete_model(self, library, deletion, self._deleted)

    def _deleted(self, text: str, role: str) -> None:
        self._say(text, role)
        self.program.search_models()

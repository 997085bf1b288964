"""The settings form: every setting of every section, made from its declaration."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.app.screens.editor import EditorScreen
from tui.app.widgets.glyphs import Glyphs, current_glyphs
from tui.app.widgets.load_price import LoadPrice
from tui.app.widgets.setting_detail import SettingDetail
from tui.app.widgets.setting_row import SettingRow
from tui.app.widgets.settings_draft import SettingsDraft, matches
from tui.core.errors import SettingError
from tui.core.options import Scalar
from tui.settings import file
from tui.settings.paths import settings_file
from tui.settings.settings import SECTIONS, Section, Settings


def keys_text(glyphs: Glyphs) -> str:
    """The keys of the form, in less than 80 cells."""
    arrows = glyphs.previous + glyphs.next
    return f"enter save   esc leave   {arrows} or type   ctrl+e edit   del default   / search"


class SettingRows(VerticalScroll, can_focus=False, inherit_bindings=False):
    """The rows; the screen's keys move between them, so the container has none."""


class SettingsScreen(Screen[Settings | None]):
    """Edits the settings; the result is what holds from now on, or None when nothing was saved.

    Saving also writes the changes to the settings file, but for those of what holds for one chat alone. When that
    fails they hold all the same, until the program ends, and one line says why.

    Args:
        settings: what holds now.
        price: tells what a load with the chosen settings takes; None where there is no model to load.
    """

    CSS_PATH = "settings.tcss"
    AUTO_FOCUS = ""
    sections: ClassVar[tuple[Section, ...]] = SECTIONS
    """What can be edited."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "save", priority=True),
        Binding("enter", "save", "save", show=False),
        Binding("escape", "leave", "leave"),
        Binding("slash,ctrl+f", "search", "search"),
        Binding("up,shift+tab", "move(-1)", "row above", show=False),
        Binding("down,tab", "move(1)", "row below", show=False),
        Binding("pageup", "move(-10)", "rows above", show=False),
        Binding("pagedown", "move(10)", "rows below", show=False),
        Binding("home", "move(-1000)", "first row", show=False),
        Binding("end", "move(1000)", "last row", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | enter,ctrl+s | Saves and ends. |
    | escape | Ends without a change. |
    | slash,ctrl+f | Searches by name, label, help or flag. |
    | up,down,pageup,pagedown,home,end | Move between the rows. |
    """

    def __init__(self, settings: Settings, price: LoadPrice | None = None) -> None:
        super().__init__()
        self._draft = SettingsDraft(settings)
        self._price = price

    def compose(self) -> ComposeResult:
        """Search, rows, detail, keys."""
        with SettingRows(id="settings-rows"):
            for section in self.sections:
                yield Static(self._heading(section), classes="settings-section", id=f"section-{section.key}")
                for spec in section.options():
                    row = SettingRow(spec, self._draft)
                    row.add_class(f"in-{section.key}")
                    yield row
            yield Static(Content("No setting matches. Esc shows all of them."), id="settings-none")
        yield SettingDetail(self._draft, id="settings-detail")
        if self._price is not None:
            yield self._price
        yield Input(placeholder="search by name, help or flag", id="settings-search", compact=True)
        yield Static(Content(keys_text(current_glyphs())), id="settings-keys")

    def on_mount(self) -> None:
        """Start on the first row."""
        self.query_one("#settings-none").display = False
        search = self.query_one("#settings-search", Input)
        search.display = search.cursor_blink = False
        self._go_to(self._rows[0])
        self._ask_price()

    def _ask_price(self) -> None:
        if self._price is not None:
            self._price.show(self._draft.result().load)

    @staticmethod
    def _heading(section: Section) -> Content:
        reload = all(spec.reload for spec in section.options())
        note = "   apply when the model is loaded again" if reload else ""
        return Content.assemble((section.title.upper(), "bold"), note)

    @property
    def _rows(self) -> list[SettingRow]:
        return [row for row in self.query(SettingRow) if row.display]

    @property
    def _current(self) -> SettingRow | None:
        return next((row for row in self.query(SettingRow) if row is self.focused or row.editing), None)

    def on_descendant_focus(self) -> None:
        """Describe the row that one is on now."""
        if (row := self._current) is not None:
            self.query_one(SettingDetail).show(row.spec, row.error)

    @on(SettingRow.Edited)
    def _edited(self, event: SettingRow.Edited) -> None:
        self.query_one(SettingDetail).show(event.row.spec, event.error)
        if event.row.spec.reload and not event.error:
            self._ask_price()

    @on(SettingRow.TextWanted)
    def _edit_text(self, event: SettingRow.TextWanted) -> None:
        def take(text: str | None) -> None:
            if text is not None:
                event.row.take(text)

        value = self._draft.get(event.row.spec.name)
        self.app.push_screen(EditorScreen(event.row.spec.label, str(value)), take)

    def action_move(self, distance: int) -> None:
        """Go to another row; what was typed is accepted, and an invalid value keeps the person where it is."""
        rows, current = self._rows, self._current
        if not rows or (current is not None and not current.accept()):
            return
        at = rows.index(current) if current in rows else -1 if distance > 0 else 0
        self._go_to(rows[min(len(rows) - 1, max(0, at + distance))])

    def _go_to(self, row: SettingRow) -> None:
        self.set_focus(row, scroll_visible=False)  # at once: the next key may be here already
        container = self.query_one(SettingRows)
        if row is self._rows[0]:
            container.scroll_home(animate=False)
        else:
            container.scroll_to_widget(row, animate=False)

    def action_search(self) -> None:
        """Open the search line."""
        if (current := self._current) is not None and not current.accept():
            return
        search = self.query_one("#settings-search", Input)
        search.display = True
        self.set_focus(search)  # at once: the next key may be here already

    @on(Input.Changed, "#settings-search")
    def _filter(self, event: Input.Changed) -> None:
        for section in self.sections:
            rows = list(self.query(f".in-{section.key}").results(SettingRow))
            for row in rows:
                row.display = matches(row.spec, event.value)
            self.query_one(f"#section-{section.key}").display = any(row.display for row in rows)
        self.query_one("#settings-none").display = not self._rows

    @on(Input.Submitted, "#settings-search")
    def _found(self) -> None:
        self.action_move(1)

    def action_leave(self) -> None:
        """Close the search line when it is open; otherwise end without a change."""
        search = self.query_one("#settings-search", Input)
        if not search.display:
            self.dismiss(None)
            return
        search.value = ""
        search.display = False
        if self._current is None and self._rows:
            self._go_to(self._rows[0])

    def action_save(self) -> None:
        """Write the changes to the file and end with them."""
        current = self._current
        if current is not None and not current.accept():
            self.query_one(SettingDetail).show(current.spec, current.error)
            return
        changes = self._draft.changes
        if not changes:
            self.dismiss(None)
            return
        before = self._draft.settings
        everywhere = {name: value for name, value in changes.items() if not before.of_chat(name)}
        if everywhere:
            self.keep(everywhere)
        self.dismiss(self._draft.result())

    def keep(self, changes: dict[str, Scalar]) -> None:
        """Write changes to the settings file."""
        try:
            file.save(settings_file(), changes)
        except SettingError as error:
            self.app.notify(f"{error.line()}. They hold until you quit.", severity="error", markup=False)

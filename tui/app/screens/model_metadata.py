"""Every key of a model's header, with a filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, chop_cells
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.app.rendering.model_rows import cut
from tui.app.rendering.shown import shown_line
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.lines import Line
from tui.core.units import format_count

if TYPE_CHECKING:
    from tui.services.describe import Description, MetadataRow

_KEY = 44
"""Most cells of the keys' column."""
_ROWS = 8
"""Most rows of one value."""


def metadata_lines(rows: Sequence[MetadataRow], width: int) -> list[Line]:
    """Keys left, values right of them; long values take some rows. Both come from the file and are never markup."""
    if not rows:
        return [(("No key has all of these words. Esc shows all.", "label"),)]
    room = min(_KEY, max(cell_len(row.key) for row in rows) + 2, max(12, width // 2))
    lines: list[Line] = []
    for row in rows:
        pieces = chop_cells(shown_line(row.value), max(4, width - room)) or [""]
        key = shown_line(row.key)
        if cell_len(key) > room - 2:  # a key of many parts has a row for itself
            lines.append(((cut(key, min(cell_len(key), width)), "label"),))
            key = ""
        for piece in pieces[:_ROWS]:
            lines.append(((cut(key, room), "label"), (piece, "value")))
            key = ""
    return lines


class ModelMetadataScreen(Screen[None]):
    """Lists the header of one model.

    Args:
        description: of the model.
    """

    CSS_PATH = "model_metadata.tcss"
    AUTO_FOCUS = "#metadata-box"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash,ctrl+f", "filter", "Filter by words of key or value"),
        Binding("escape", "back", "Back"),
        Binding("m", "leave", "Back", show=False),
        Binding("up,k", "scroll(-1)", "up", show=False),
        Binding("down,j", "scroll(1)", "down", show=False),
        Binding("pageup", "scroll(-15)", "page up", show=False),
        Binding("pagedown", "scroll(15)", "page down", show=False),
        Binding("home", "scroll(-100000)", "start", show=False),
        Binding("end", "scroll(100000)", "end", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | slash,ctrl+f | To the filter. |
    | escape,m | Back; out of the filter first. |
    | up,down,pageup,pagedown,home,end | Scroll. |
    """

    def __init__(self, description: Description) -> None:
        super().__init__()
        self._description = description
        self._query = ""

    def compose(self) -> ComposeResult:
        """Title, filter, keys and values, what the keys do."""
        yield BrowseBar(self._title, id="metadata-title")
        with Horizontal(id="metadata-filter-row"):
            yield Static(Content("/"), id="metadata-filter-mark")
            yield Input(placeholder="filter by words of key or value", id="metadata-filter", compact=True)
        with VerticalScroll(id="metadata-box"):
            yield BrowseBar(self._lines, id="metadata-lines")
        yield BrowseBar(lambda width: [((("/ filter   esc back"), "label"),)], id="metadata-keys")

    def on_mount(self) -> None:
        """Begin with the list."""
        self.query_one("#metadata-filter", Input).cursor_blink = False

    def _title(self, width: int) -> Sequence[Line]:
        found, total = len(self._description.find(self._query)), len(self._description.metadata)
        count = f"{format_count(found)} of {format_count(total)} keys" if self._query else f"{format_count(total)} keys"
        name = cut(shown_line(self._description.name), max(8, width - 12 - len(count))).rstrip()
        return [(("METADATA", "title"), (f"  {name}", "strong"), (f"  {count}", "label"))]

    def _lines(self, width: int) -> Sequence[Line]:
        return metadata_lines(self._description.find(self._query), width)

    @on(Input.Changed, "#metadata-filter")
    def _filter(self, event: Input.Changed) -> None:
        self._query = event.value.strip()
        for bar in self.query(BrowseBar):
            bar.rearrange()
        self.query_one("#metadata-box").scroll_home(animate=False)

    @on(Input.Submitted, "#metadata-filter")
    def _filtered(self) -> None:
        self.query_one("#metadata-box").focus()

    def action_filter(self) -> None:
        """To the filter."""
        self.query_one("#metadata-filter").focus()

    def action_scroll(self, rows: int) -> None:
        """Move the list."""
        self.query_one("#metadata-box").scroll_relative(y=rows, animate=False)

    def action_back(self) -> None:
        """Out of the filter first."""
        field = self.query_one("#metadata-filter", Input)
        if field.value or field.has_focus:
            field.value = ""
            self.query_one("#metadata-box").focus()
        else:
            self.dismiss(None)

    def action_leave(self) -> None:
        """Back at once."""
        self.dismiss(None)

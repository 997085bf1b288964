"""Every key of a model's header, with a filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, chop_cells
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.app.rendering.model_rows import cut
from tui.app.rendering.shown import shown_line
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.dialog_keys import DialogKeys
from tui.app.widgets.filter_field import FilterField
from tui.app.widgets.lines import Line
from tui.app.widgets.scrolled_lines import ScrolledLines
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


class MetadataLines(ScrolledLines):
    """Keys and values, scrolled.

    Args:
        make: gives the lines for a width.
    """

    def __init__(self, make: Callable[[int], Sequence[Line]], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._make = make

    def lines_for(self, width: int) -> Sequence[Line]:
        """Those of the keys that are asked for."""
        return self._make(width - 1) if width > 1 else []


class ModelMetadataScreen(Screen[None]):
    """Lists the header of one model.

    Args:
        description: of the model.
    """

    CSS_PATH = "model_metadata.tcss"
    AUTO_FOCUS = "#metadata-lines"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash,ctrl+f", "filter", "Filter by words of key or value", priority=True),
        Binding("escape", "back", "Back"),
        Binding("m", "leave", "Back", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | slash,ctrl+f | To the filter. |
    | escape,m | Back; out of the filter first. |
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
            yield FilterField("filter by words of key or value", id="metadata-filter")
        yield MetadataLines(self._lines, id="metadata-lines")
        yield DialogKeys((("/", "filter"), ("esc", "back")), id="metadata-keys")

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
        self.query_one("#metadata-title", BrowseBar).rearrange()
        self.query_one(MetadataLines).rearrange(from_start=True)

    @on(Input.Submitted, "#metadata-filter")
    def _filtered(self) -> None:
        self.set_focus(self.query_one(MetadataLines))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the filter a slash is a letter."""
        return not (action == "filter" and self.is_mounted and self.query_one("#metadata-filter").has_focus)

    def action_filter(self) -> None:
        """To the filter."""
        self.set_focus(self.query_one("#metadata-filter"))

    def action_back(self) -> None:
        """Out of the filter first."""
        field = self.query_one("#metadata-filter", Input)
        if field.value or field.has_focus:
            field.value = ""
            self.set_focus(self.query_one(MetadataLines))
        else:
            self.dismiss(None)

    def action_leave(self) -> None:
        """Back at once."""
        self.dismiss(None)

"""Models as rows of a table: one widget that draws only the rows in view, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.app.widgets.lines import Line
from tui.catalogue.entry import ModelEntry

Draw = Callable[[ModelEntry, int, bool], Line]
"""Makes a row: the model, the cells there are, and whether the person is on it."""

ROLES = (
    "mark", "loaded", "favourite", "name", "fact", "faint", "fits", "tight", "no", "problem",
)  # fmt: skip


class ModelTable(ScrollView, can_focus=True):
    """Rows of models, one of them marked.

    A row is known by its file: it stays marked while the rows around it come, go and change places. A marked row that
    the filter hides is marked again when it shows again.

    Args:
        draw: makes the rows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "row above", show=False),
        Binding("down,j", "move(1)", "row below", show=False),
        Binding("pageup", "page(-1)", "page above", show=False),
        Binding("pagedown", "page(1)", "page below", show=False),
        Binding("home", "to_end(-1)", "first row", show=False),
        Binding("end", "to_end(1)", "last row", show=False),
        Binding("enter", "choose", "load", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | up,k,down,j | Moves the mark by one row. |
    | pageup,pagedown | Moves the mark by the rows in view. |
    | home,end | Marks the first or the last row. |
    | enter | Chooses the marked model. |
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"model-table--{role}" for role in (*ROLES, "cursor")}
    """
    | Class | Description |
    | :- | :- |
    | `model-table--cursor` | Laid under the row that the person is on. |
    | `model-table--mark` | The sign before that row. |
    | `model-table--loaded` | The sign of the loaded model. |
    | `model-table--favourite` | The sign of a favourite. |
    | `model-table--name` | A model's name. |
    | `model-table--fact` | Numbers and other facts. |
    | `model-table--faint` | A file that cannot be loaded by itself. |
    | `model-table--fits`, `--tight`, `--no`, `--problem` | Whether it fits, and that it is broken. |
    """

    DEFAULT_CSS = """
    ModelTable {
        height: 1fr; background: $background; color: $foreground; overflow-x: hidden;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable; scrollbar-color: $border;
        scrollbar-background: $background; scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
        & > .model-table--cursor { background: $surface; }
        &:focus > .model-table--cursor { background: $panel; text-style: bold; }
        &:ansi > .model-table--cursor { text-style: reverse; }
        &:nocolor > .model-table--cursor { text-style: reverse; }
        & > .model-table--mark { color: $accent; text-style: bold; }
        & > .model-table--loaded { color: $text-success; text-style: bold; }
        & > .model-table--favourite { color: $accent; }
        & > .model-table--name { color: $foreground; }
        & > .model-table--fact { color: $foreground 65%; }
        & > .model-table--faint { color: $foreground 40%; }
        & > .model-table--fits { color: $text-success; }
        & > .model-table--tight { color: $text-warning; }
        & > .model-table--no { color: $text-error; }
        & > .model-table--problem { color: $text-error; }
    }
    """

    @dataclass
    class Marked(Message):
        """The person is on another row, or the row one is on changed.

        Attributes:
            entry: the model; None where there is none.
        """

        entry: ModelEntry | None

    @dataclass
    class Chosen(Message):
        """The person chose a row.

        Attributes:
            entry: the model.
        """

        entry: ModelEntry

    def __init__(self, draw: Draw, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._draw_row = draw
        self._rows: list[ModelEntry] = []
        self._at = 0
        self._wanted = ""

    @property
    def marked(self) -> ModelEntry | None:
        """The model one is on."""
        return self._rows[self._at] if self._rows else None

    @property
    def rows(self) -> tuple[ModelEntry, ...]:
        """The models, in order."""
        return tuple(self._rows)

    @property
    def shown(self) -> tuple[str, ...]:
        """The rows as text, those out of view included."""
        width = self.scrollable_content_region.width
        return tuple(
            "".join(text for text, _ in self._draw_row(entry, width, at == self._at)).rstrip()
            for at, entry in enumerate(self._rows)
        )

    def show(self, rows: Sequence[ModelEntry]) -> None:
        """Show other rows; the mark stays on its model, or else in its place."""
        before, self._rows = self.marked, list(rows)
        wanted = next((at for at, entry in enumerate(self._rows) if str(entry.path) == self._wanted), None)
        self._at = min(self._at, max(0, len(self._rows) - 1)) if wanted is None else wanted
        if wanted is None and (before is None or not self._wanted):
            self._at = 0
        self._fit()
        if self.marked != before:
            self.post_message(self.Marked(self.marked))

    def mark(self, path: str) -> None:
        """Go to the model with this file, now or when it is shown."""
        self._wanted = path
        for at, entry in enumerate(self._rows):
            if str(entry.path) == path:
                self._go(at)

    def redraw(self) -> None:
        """What the rows say changed."""
        self.refresh()

    def _fit(self) -> None:
        size = Size(self.scrollable_content_region.width, len(self._rows))
        if size != self.virtual_size:
            self.virtual_size = size
        self._show_marked()
        self.refresh()

    def on_resize(self) -> None:
        """Other columns for another width."""
        self._fit()

    def _go(self, at: int) -> None:
        if not self._rows:
            return
        before, self._at = self._at, min(max(at, 0), len(self._rows) - 1)
        self._wanted = str(self._rows[self._at].path)
        if self._at == before:
            return
        self.refresh_lines(before)
        self.refresh_lines(self._at)
        self._show_marked()
        self.post_message(self.Marked(self.marked))

    def _show_marked(self) -> None:
        top, height = round(self.scroll_y), self.scrollable_content_region.height
        if height <= 0:
            return
        if self._at < top:
            self.scroll_to(y=self._at, animate=False, immediate=True, force=True)
        elif self._at >= top + height:
            self.scroll_to(y=self._at - height + 1, animate=False, immediate=True, force=True)

    def action_move(self, rows: int) -> None:
        """Mark a row further up or down."""
        self._go(self._at + rows)

    def action_page(self, pages: int) -> None:
        """Mark a row a view further up or down."""
        self._go(self._at + pages * max(1, self.scrollable_content_region.height - 1))

    def action_to_end(self, side: int) -> None:
        """Mark the first or the last row."""
        self._go(0 if side < 0 else len(self._rows) - 1)

    def action_choose(self) -> None:
        """Choose the marked model."""
        if (entry := self.marked) is not None:
            self.post_message(self.Chosen(entry))

    def on_click(self, event: Click) -> None:
        """Mark the row; twice chooses it."""
        at = event.y + round(self.scroll_y)
        if at < len(self._rows):
            self._go(at)
            if event.chain == 2:
                self.action_choose()

    def render_line(self, y: int) -> Strip:
        """One row as the terminal gets it."""
        at, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if at >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        marked = at == self._at
        line = self._draw_row(self._rows[at], width, marked)
        styles = self.get_component_rich_style
        base = self.rich_style + styles("model-table--cursor", partial=True) if marked else self.rich_style
        segments = [
            Segment(text, base + styles(f"model-table--{role}", partial=True) if role else base) for text, role in line
        ]
        return Strip(segments).adjust_cell_length(width, base)

"""Models as rows of a table: one widget that draws only the rows in view, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tui.app.widgets.lines import Line
from tui.app.widgets.scrolled import Scrolled
from tui.catalogue.entry import ModelEntry

Draw = Callable[[ModelEntry, int, bool], Line]
"""Makes a row: the model, the cells there are, and whether the person is on it."""

_MOST_DRAWN = 500
"""Rows that are kept as they were drawn."""

ROLES = (
    "mark", "loaded", "favourite", "name", "fact", "faint", "fits", "tight", "no", "problem",
)  # fmt: skip


class ModelTable(Scrolled):
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
        background: $background; color: $foreground;
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
            moved: whether the person moved the mark, and not the rows under it.
        """

        entry: ModelEntry | None
        moved: bool

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
        self._parts: dict[tuple[str, Style | None], Style] = {}
        self._drawn: dict[tuple[str, int], Strip] = {}
        """Rows as they were drawn, by file and width: a filter moves most of them up and down, and back."""

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
        return tuple(
            "".join(text for text, _ in self._draw_row(entry, self.text_width, at == self._at)).rstrip()
            for at, entry in enumerate(self._rows)
        )

    def show(self, rows: Sequence[ModelEntry], *, moved: bool = False) -> None:
        """Show other rows; the mark stays on its model, or else in its place.

        Args:
            rows: the models, in order.
            moved: whether the rows say what they said before, each in another place or none: those that stay in their
                place are not drawn again.
        """
        before, old, old_at, old_top = self.marked, self._rows, self._at, self.top
        self._rows = list(rows)
        wanted = next((at for at, entry in enumerate(self._rows) if str(entry.path) == self._wanted), None)
        self._at = min(self._at, max(0, len(self._rows) - 1)) if wanted is None else wanted
        if wanted is None and (before is None or not self._wanted):
            self._at = 0
        if moved:
            self._fit()
        else:
            self._shown()
        if moved and self.top == old_top:
            self._draw_changed(old, old_at)
        if self.marked != before:
            self.post_message(self.Marked(self.marked, False))

    def mark(self, path: str) -> None:
        """Go to the model with this file, now or when it is shown."""
        self._wanted = path
        for at, entry in enumerate(self._rows):
            if str(entry.path) == path:
                self._go(at)

    def _shown(self) -> None:
        self._drawn.clear()
        self._fit()
        self.refresh()

    def _fit(self) -> None:
        self.refit()
        self.bring_into_view(self._at)

    def _draw_changed(self, old: Sequence[ModelEntry], old_at: int) -> None:
        for at in range(self.top, self.top + self.size.height):
            was = old[at] if at < len(old) else None
            now = self._rows[at] if at < len(self._rows) else None
            if was is not now or (at == old_at) != (at == self._at):
                self.refresh_row(at)

    def on_resize(self) -> None:
        """Other columns for another width."""
        self._shown()

    def _go(self, at: int) -> None:
        if not self._rows:
            return
        before, self._at = self._at, min(max(at, 0), len(self._rows) - 1)
        self._wanted = str(self._rows[self._at].path)
        if self._at == before:
            return
        self.refresh_row(before)
        self.refresh_row(self._at)
        self.bring_into_view(self._at)
        self.post_message(self.Marked(self.marked, True))

    def action_move(self, rows: int) -> None:
        """Mark a row further up or down."""
        self._go(self._at + rows)

    def action_page(self, pages: int) -> None:
        """Mark a row a view further up or down."""
        self._go(self._at + pages * max(1, self.size.height - 1))

    def action_to_end(self, side: int) -> None:
        """Mark the first or the last row."""
        self._go(0 if side < 0 else len(self._rows) - 1)

    def action_choose(self) -> None:
        """Choose the marked model."""
        if (entry := self.marked) is not None:
            self.post_message(self.Chosen(entry))

    def on_click(self, event: Click) -> None:
        """Mark the row; twice chooses it."""
        at = event.y - self.gutter.top + self.top
        if at < len(self._rows):
            self._go(at)
            if event.chain == 2:
                self.action_choose()

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def draw(self, at: int, width: int) -> Strip:
        """One row as the terminal gets it."""
        marked = at == self._at
        place = str(self._rows[at].path), width
        if not marked and (known := self._drawn.get(place)) is not None:
            return known
        line = self._draw_row(self._rows[at], width, marked)
        base = self.base_style
        cursor = self.get_component_rich_style("model-table--cursor", partial=True) if marked else None
        if cursor is not None:
            base += cursor
        plain = cursor is not None and cursor.reverse  # the colours of the parts would be as many backgrounds
        segments = [Segment(text, base if plain or not role else self._part(role, cursor)) for text, role in line]
        strip = Strip(segments).adjust_cell_length(width, base)
        if not marked:
            if len(self._drawn) >= _MOST_DRAWN:
                self._drawn.clear()
            self._drawn[place] = strip
        return strip

    def _part(self, role: str, cursor: Style | None) -> Style:
        style = self._parts.get((role, cursor))
        if style is None:
            style = self.get_component_rich_style(f"model-table--{role}")
            style = self._parts[role, cursor] = style + cursor if cursor is not None else style
        return style

    def notify_style_update(self) -> None:
        """Colours changed: those kept are the old ones."""
        super().notify_style_update()
        self._parts.clear()
        self._drawn.clear()

"""A list of any length as lines: only the rows in view are made and drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.app.widgets.lines import Line, changed_cells

Item = TypeVar("Item")

AHEAD = 20
"""Rows before the end at which more are asked for."""


class Rows(ScrollView, Generic[Item], can_focus=True):
    """Shows items, each as a row of one line or of a few; one of them is marked.

    Args:
        draw: gives the lines of an item for a width in cells; as many as `tall` says.
        tall: lines of every item.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "go(0)", "first", show=False),
        Binding("end", "go(-1)", "last", show=False),
        Binding("enter", "choose", "choose", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | up,down,pageup,pagedown,home,end | Move the mark. |
    | enter | Chooses the marked item. |
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--name", "rows--fact", "rows--mark", "rows--fits", "rows--tight", "rows--no", "rows--problem",
        "rows--bar", "rows--track", "rows--head", "rows--cursor",
    }  # fmt: skip
    """
    | Class | Description |
    | :- | :- |
    | `rows--name` | What a row is about. |
    | `rows--fact` | A number, a word about it. |
    | `rows--mark` | What stands out of its siblings. |
    | `rows--fits` | It fits; something went well. |
    | `rows--tight` | It hardly fits; something to look at. |
    | `rows--no` | It does not fit. |
    | `rows--problem` | What went wrong. |
    | `rows--bar` | The filled part of a meter. |
    | `rows--track` | The empty part of a meter. |
    | `rows--head` | A row that only names the ones below it. |
    | `rows--cursor` | The marked row. |
    """

    DEFAULT_CSS = """
    Rows {
        height: 1fr; background: $background; color: $foreground; overflow-x: hidden;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        scrollbar-color: $border; scrollbar-background: $background;
        scrollbar-background-hover: $background; scrollbar-background-active: $background;
        & > .rows--fact { color: $foreground 65%; }
        & > .rows--mark { color: $accent; text-style: bold; }
        & > .rows--fits { color: $text-success; }
        & > .rows--tight { color: $text-warning; }
        & > .rows--no { color: $text-error; }
        & > .rows--problem { color: $text-error; }
        & > .rows--bar { color: $accent; }
        & > .rows--track { color: $foreground 25%; }
        & > .rows--head { color: $text-muted; text-style: bold; }
        & > .rows--cursor { background: $panel; text-style: bold; }
        &:ansi > .rows--cursor { text-style: reverse; }
        &:nocolor > .rows--cursor { text-style: reverse; }
        &:ansi > .rows--fact { color: ansi_default; }
    }
    """

    @dataclass
    class Chosen(Message):
        """An item was chosen with Enter or a click.

        Attributes:
            rows: the list it is in.
            index: which one.
        """

        rows: Rows[object]
        index: int

        @property
        def control(self) -> Rows[object]:
            """The list, for `on(..., selector)`."""
            return self.rows

    @dataclass
    class Marked(Message):
        """Another item is marked, or another one has taken its place.

        Attributes:
            rows: the list it is in.
            index: which one; None when there is none.
        """

        rows: Rows[object]
        index: int | None

        @property
        def control(self) -> Rows[object]:
            """The list, for `on(..., selector)`."""
            return self.rows

    @dataclass
    class NearEnd(Message):
        """The last rows come into view: more are wanted, if there are any."""

        rows: Rows[object]

        @property
        def control(self) -> Rows[object]:
            """The list, for `on(..., selector)`."""
            return self.rows

    def __init__(
        self,
        draw: Callable[[Item, int], Sequence[Line]],
        *,
        tall: int = 1,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._draw = draw
        self._tall = tall
        self._items: tuple[Item, ...] = ()
        self._at = 0
        self._drawn: dict[int, tuple[int, Sequence[Line]]] = {}
        self._asked = -1

    @property
    def items(self) -> tuple[Item, ...]:
        """All items."""
        return self._items

    @property
    def marked(self) -> Item | None:
        """The item one is on."""
        return self._items[self._at] if self._at < len(self._items) else None

    @property
    def at(self) -> int:
        """Which item one is on."""
        return self._at

    @property
    def plain(self) -> str:
        """All rows as text, whether in view or not."""
        return "\n".join(
            "".join(text for text, _ in line).rstrip() for index in range(len(self._items)) for line in self._of(index)
        )

    def show(self, items: Sequence[Item], *, at: int | None = None) -> None:
        """Show items.

        Args:
            items: all of them.
            at: which one to mark; None stays on the same number.
        """
        before = self._items
        self._items = tuple(items)
        self._asked = -1
        self._at = max(0, min(self._at if at is None else at, len(self._items) - 1))
        if len(before) != len(self._items) or at is not None:
            self._measure()
            self._keep_in_view()
        self.redraw()
        self.post_message(self.Marked(self, self._at if self._items else None))  # type: ignore[arg-type]
        self._ask()

    def renew(self, items: Sequence[Item]) -> None:
        """Show items in place of as many others; only the cells that differ are drawn again."""
        if len(items) != len(self._items):
            self.show(items)
            return
        changed = [index for index, (old, new) in enumerate(zip(self._items, items, strict=True)) if old != new]
        before = {index: self._of(index) for index in changed}
        self._items = tuple(items)
        for index in changed:
            self._drawn.pop(index, None)
            y = index * self._tall - self.scroll_offset.y
            for part, (old, new) in enumerate(zip(before[index], self._of(index), strict=False)):
                if (span := changed_cells(old, new)) is not None:
                    self.refresh(Region(span[0], y + part, span[1], 1))

    def append(self, items: Sequence[Item]) -> None:
        """Show more items after those that are there; nothing moves."""
        self._items += tuple(items)
        self._measure()
        self.refresh()
        self._ask()

    def redraw(self) -> None:
        """Draw again what is in view: what `draw` gives has changed."""
        self._drawn.clear()
        self.refresh()

    def mark(self, index: int) -> None:
        """Go to an item."""
        index = max(0, min(index, len(self._items) - 1))
        if index != self._at:
            before, self._at = self._at, index
            self._keep_in_view()
            self._refresh_item(before)
            self._refresh_item(index)
            self.post_message(self.Marked(self, index))  # type: ignore[arg-type]
        self._ask()

    def action_move(self, rows: int) -> None:
        """Mark the next or the one before."""
        self.mark(self._at + rows)

    def action_page(self, direction: int) -> None:
        """Move by what is in view."""
        self.mark(self._at + direction * max(1, self.size.height // self._tall - 1))

    def action_go(self, index: int) -> None:
        """Mark the first item, or the last one with -1."""
        self.mark(index if index >= 0 else len(self._items) - 1)

    def action_choose(self) -> None:
        """Choose the marked item."""
        if self._items:
            self.post_message(self.Chosen(self, self._at))  # type: ignore[arg-type]

    def on_click(self, event: events.Click) -> None:
        """A click marks; one on the marked item chooses it."""
        index = int(event.y + self.scroll_offset.y) // self._tall
        if index == self._at:
            self.action_choose()
        elif index < len(self._items):
            self.mark(index)

    def on_resize(self) -> None:
        """Rows for another width."""
        self._measure()
        self.redraw()
        self._keep_in_view()
        self._ask()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling with the wheel asks for more as well."""
        super().watch_scroll_y(old_value, new_value)
        self._ask()

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        width = self.scrollable_content_region.width
        index, part = divmod(y + self.scroll_offset.y, self._tall)
        if index >= len(self._items):
            return Strip.blank(width, self.rich_style)
        lines = self._of(index)
        line = lines[part] if part < len(lines) else ()
        over = self._cursor_style() if index == self._at and part < len(lines) else None
        segments = [Segment(text, self._style(role, over)) for text, role in line]
        return Strip(segments).adjust_cell_length(width, self._style("", over))

    def _cursor_style(self) -> Style:
        style = self.get_component_rich_style("rows--cursor", partial=True)
        return style if self.has_focus or self.screen.focused is None else style + Style(bold=False)

    def _style(self, role: str, over: Style | None) -> Style:
        if over is not None and over.reverse:
            return self.rich_style + over  # the colours of the parts would be as many backgrounds
        style = self.get_component_rich_style(f"rows--{role}") if role else self.rich_style
        return style + over if over is not None else style

    def _of(self, index: int) -> Sequence[Line]:
        width = self.scrollable_content_region.width
        known = self._drawn.get(index)
        if known is None or known[0] != width:
            if len(self._drawn) > 500:
                self._drawn.clear()
            known = self._drawn[index] = (width, self._draw(self._items[index], width) if width else ())
        return known[1]

    def _measure(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._items) * self._tall)

    def _keep_in_view(self) -> None:
        height, top = self.scrollable_content_region.height, self.scroll_offset.y
        first, last = self._at * self._tall, (self._at + 1) * self._tall
        if height and not (top <= first and last <= top + height):
            self.scroll_to(y=first if first < top else last - height, animate=False, immediate=True, force=True)

    def _refresh_item(self, index: int) -> None:
        y = index * self._tall - self.scroll_offset.y
        self.refresh(Region(0, y, self.size.width, self._tall))

    def _ask(self) -> None:
        below = self.scroll_offset.y // self._tall + self.size.height // self._tall
        if len(self._items) - max(below, self._at) <= AHEAD and self._asked != len(self._items) and self.size.height:
            self._asked = len(self._items)
            self.post_message(self.NearEnd(self))  # type: ignore[arg-type]

"""Rows of text that scroll without a new layout of the screen, however many they are and however often they change."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.events import MouseScrollDown, MouseScrollUp
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.app.widgets.glyphs import current_glyphs

WHEEL = 3
"""Rows that one step of a mouse wheel scrolls."""


class Scrolled(Widget, can_focus=True):
    """Draws the rows in view, and its own scrollbar; subclasses say what a row is.

    Textual's own scrolling lays the whole screen out anew whenever the number of rows changes. Here that costs no
    more than the rows that differ.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"scrolled--thumb"}
    """
    | Class | Description |
    | :- | :- |
    | `scrolled--thumb` | Where in the text one is. |
    """

    DEFAULT_CSS = """
    Scrolled { height: 1fr; }
    Scrolled > .scrolled--thumb { color: $border; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._top = 0
        self._bar: tuple[int, int] = (0, 0)
        self._base: Style | None = None

    @property
    def total(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def draw(self, at: int, width: int) -> Strip:
        """One row of `width` cells."""
        raise NotImplementedError

    @property
    def base_style(self) -> Style:
        """The widget's own style; kept, since every row asks for it."""
        if self._base is None:
            self._base = self.rich_style
        return self._base

    def notify_style_update(self) -> None:
        """Colours changed: what was kept of the old ones is dropped."""
        super().notify_style_update()
        self._base = None

    @property
    def top(self) -> int:
        """The first row in view."""
        return self._top

    @property
    def text_width(self) -> int:
        """Cells of a row; the scrollbar has the one right of it."""
        return max(0, self.size.width - 1)

    def scroll_rows(self, rows: int) -> None:
        """Move the view by rows."""
        self._go_to_top(self._top + rows)

    def bring_into_view(self, at: int) -> None:
        """Move the view as little as it takes to show a row."""
        height = self.size.height
        if height > 0:
            self._go_to_top(min(max(self._top, at - height + 1), at))

    def refresh_row(self, at: int) -> None:
        """Draw one row again, if it is in view."""
        if 0 <= (y := at - self._top) < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def refit(self) -> None:
        """The number of rows changed: stay within them, and draw the scrollbar again if it moved."""
        self._go_to_top(self._top)
        if self._thumb() != self._bar:
            self.refresh(Region(self.text_width, 0, 1, self.size.height))

    def on_resize(self) -> None:
        """Stay within the rows."""
        self._go_to_top(self._top)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel."""
        event.stop()
        self.scroll_rows(WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel."""
        event.stop()
        self.scroll_rows(-WHEEL)

    def _go_to_top(self, top: int) -> None:
        top = max(0, min(top, self.total - self.size.height))
        if top != self._top:
            self._top = top
            self.refresh()

    def _thumb(self) -> tuple[int, int]:
        """First row and rows of the scrollbar's thumb; no rows where everything is in view."""
        height, total = self.size.height, self.total
        if total <= height or height <= 0:
            return 0, 0
        length = max(1, round(height * height / total))
        return round(self._top * (height - length) / (total - height)), length

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        width, base = self.text_width, self.base_style
        at = y + self._top
        strip = self.draw(at, width) if at < self.total else Strip.blank(width, base)
        if y == 0 or self._bar[1] == 0:
            self._bar = self._thumb()
        first, length = self._bar
        thumb = first <= y < first + length
        style = self.get_component_rich_style("scrolled--thumb") if thumb else base
        bar = Segment(current_glyphs().fills[-1] if thumb else " ", style)
        return Strip([*strip.adjust_cell_length(width, base), bar], width + 1)

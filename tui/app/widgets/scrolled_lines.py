"""A text of styled lines that scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.strip import Strip

from tui.app.widgets.lines import Line
from tui.app.widgets.scrolled import Scrolled


class ScrolledLines(Scrolled):
    """Shows lines; subclasses say which in `lines_for`. Only lines that differ are drawn again. Never read as markup.

    The roles are those of `LinesPane`, and `name` for what the text is about.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "up", show=False),
        Binding("down,j", "scroll(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "scroll(-1000000)", "start", show=False),
        Binding("end", "scroll(1000000)", "end", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | up,k,down,j,pageup,pagedown,home,end | Scroll. |
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"scrolled-lines--{role}"
        for role in ("title", "label", "value", "name", "bar", "track", "warning", "error")
    }  # fmt: skip
    """
    | Class | Description |
    | :- | :- |
    | `scrolled-lines--name` | What the text is about. |
    | `scrolled-lines--title`, `--label`, `--value`, ... | As of `LinesPane`. |
    """

    DEFAULT_CSS = """
    ScrolledLines > .scrolled-lines--title { color: $text-muted; text-style: bold; }
    ScrolledLines > .scrolled-lines--label { color: $text-muted; }
    ScrolledLines > .scrolled-lines--value { color: $foreground; }
    ScrolledLines > .scrolled-lines--name { color: $foreground; text-style: bold; }
    ScrolledLines > .scrolled-lines--bar { color: $accent; }
    ScrolledLines > .scrolled-lines--track { color: $foreground 25%; }
    ScrolledLines > .scrolled-lines--warning { color: $text-warning; text-style: bold; }
    ScrolledLines > .scrolled-lines--error { color: $text-error; text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: list[Line] = []

    def lines_for(self, width: int) -> Sequence[Line]:
        """The lines for a text `width` cells wide."""
        return self._lines

    @property
    def total(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    @property
    def plain(self) -> str:
        """All lines, without styles."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self._lines)

    def rearrange(self, from_start: bool = False) -> None:
        """Show what `lines_for` gives now.

        Args:
            from_start: whether to begin at the first line.
        """
        old, self._lines = self._lines, list(self.lines_for(self.text_width))
        if from_start:
            self.scroll_rows(-self.top)
        for at in range(self.top, self.top + self.size.height):
            before = old[at] if at < len(old) else None
            after = self._lines[at] if at < len(self._lines) else None
            if before != after:
                self.refresh_row(at)
        self.refit()

    def on_resize(self) -> None:
        """Fit the lines to the new width."""
        self.rearrange()

    def draw(self, at: int, width: int) -> Strip:
        """One line."""
        style = self.get_component_rich_style
        return Strip(
            [
                Segment(text, style(f"scrolled-lines--{role}") if role else self.base_style)
                for text, role in self._lines[at]
            ]
        )

    def action_scroll(self, rows: int) -> None:
        """Move the text."""
        self.scroll_rows(rows)

    def action_page(self, pages: int) -> None:
        """Move the text by what is in view."""
        self.scroll_rows(pages * max(1, self.size.height - 2))

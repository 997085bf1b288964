"""A pane of styled lines that sends only the cells that changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

Piece = tuple[str, str]
"""A text and its role, the last part of a component class; an empty role is the pane's own style."""

Line = tuple[Piece, ...]
"""One row of a pane."""


def line_width(line: Line) -> int:
    """Cells that a line takes."""
    return sum(cell_len(text) for text, _ in line)


def spread(left: Sequence[Piece], right: Sequence[Piece], width: int) -> Line:
    """`left` and `right` at the two ends of a row of `width` cells, at least one cell apart."""
    gap = width - line_width(tuple(left)) - line_width(tuple(right))
    return (*left, (" " * max(1, gap), ""), *right)


def changed_cells(old: Line, new: Line) -> tuple[int, int] | None:
    """First changed cell and the number of cells from it to the last changed one; None when nothing changed."""
    if old == new:
        return None
    before, after = _cells(old), _cells(new)
    length = max(len(before), len(after))
    before += [(" ", "")] * (length - len(before))
    after += [(" ", "")] * (length - len(after))
    different = [index for index in range(length) if before[index] != after[index]]
    return (different[0], different[-1] - different[0] + 1) if different else None


def _cells(line: Line) -> list[Piece]:
    cells: list[Piece] = []
    for text, role in line:
        for character in text:
            cells.append((character, role))
            cells.extend([("", role)] * (cell_len(character) - 1))
    return cells


class LinesPane(Widget):
    """Shows lines; subclasses say which in `lines_for`. Roles are the ends of the component classes below.

    The text is never read as markup.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines--title",
        "lines--label",
        "lines--value",
        "lines--bar",
        "lines--track",
        "lines--warning",
        "lines--error",
    }
    """
    | Class | Description |
    | :- | :- |
    | `lines--title` | The name of a group. |
    | `lines--label` | What a number is. |
    | `lines--value` | A number. |
    | `lines--bar` | The filled part of a meter, and graphs. |
    | `lines--track` | The empty part of a meter. |
    | `lines--warning` | A number one should look at. |
    | `lines--error` | Something that failed. |
    """

    DEFAULT_CSS = """
    LinesPane {
        width: 1fr;
        height: auto;
    }
    LinesPane > .lines--title { color: $text-muted; text-style: bold; }
    LinesPane > .lines--label { color: $text-muted; }
    LinesPane > .lines--value { color: $foreground; }
    LinesPane > .lines--bar { color: $accent; }
    LinesPane > .lines--track { color: $foreground 25%; }
    LinesPane > .lines--warning { color: $text-warning; text-style: bold; }
    LinesPane > .lines--error { color: $text-error; text-style: bold; }
    """

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(name=name, id=id, classes=classes)
        self._lines: list[Line] = []
        self._styles: dict[str, Style] = {}

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown now."""
        return tuple(self._lines)

    @property
    def plain(self) -> str:
        """What is shown now, without styles."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self._lines)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show `lines`; only rows and cells that differ from what is shown are drawn again."""
        old, self._lines = self._lines, list(lines)
        if len(old) != len(self._lines):
            self.refresh(layout=True)
            return
        regions = []
        for y, (before, after) in enumerate(zip(old, self._lines, strict=True)):
            if (span := changed_cells(before, after)) is not None:
                regions.append(Region(span[0], y, span[1], 1))
        if regions:
            self.refresh(*regions)

    def lines_for(self, width: int) -> Sequence[Line]:
        """The lines for a pane `width` cells wide; subclasses say which."""
        return self._lines

    def rearrange(self) -> None:
        """Show what `lines_for` gives for the present width."""
        self.set_lines(self.lines_for(self.size.width))

    def on_resize(self) -> None:
        """Fit the lines to the new width."""
        self.rearrange()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row for each line that fits `width`."""
        return len(self.lines_for(width))

    def render_line(self, y: int) -> Strip:
        """One row as the terminal gets it."""
        width = self.size.width
        line = self._lines[y] if y < len(self._lines) else ()
        segments = [Segment(text, self._style(role)) for text, role in line]
        return Strip(segments).adjust_cell_length(width, self._style(""))

    def notify_style_update(self) -> None:
        """Colours changed: what was kept of the old ones is dropped."""
        super().notify_style_update()
        self._styles.clear()

    def _style(self, role: str) -> Style:
        """The colours of a role; kept, since every number that changes asks for them."""
        if role not in self._styles:
            self._styles[role] = self.get_component_rich_style(f"lines--{role}") if role else self.rich_style
        return self._styles[role]

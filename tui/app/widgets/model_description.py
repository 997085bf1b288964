"""The detail pane of the browser: everything that is known of the model one is on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from tui.app.rendering.browse import UNKNOWN, Known
from tui.app.rendering.model_description import description_lines
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, LinesPane
from tui.catalogue.entry import ModelEntry

if TYPE_CHECKING:
    from tui.services.describe import Description


class DescriptionLines(LinesPane):
    """The lines; alone, they are as high as they need."""

    COMPONENT_CLASSES = LinesPane.COMPONENT_CLASSES | {"lines--name"}
    DEFAULT_CSS = """
    DescriptionLines > .lines--name { color: $foreground; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.entry: ModelEntry | None = None
        self.known = UNKNOWN
        self.description: Description | None = None
        self.problem = ""

    def lines_for(self, width: int) -> Sequence[Line]:
        """All sections."""
        if self.entry is None or width <= 0:
            return []
        return description_lines(self.entry, self.known, self.description, self.problem, width, current_glyphs())


class ModelDescription(VerticalScroll, can_focus=True):
    """Shows a description and scrolls it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "up", show=False),
        Binding("down,j", "scroll(1)", "down", show=False),
        Binding("pageup", "scroll(-10)", "page up", show=False),
        Binding("pagedown", "scroll(10)", "page down", show=False),
        Binding("home", "scroll(-10000)", "start", show=False),
        Binding("end", "scroll(10000)", "end", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | up,down,pageup,pagedown,home,end | Scroll. |
    """

    DEFAULT_CSS = """
    ModelDescription {
        padding: 0 1; scrollbar-size-vertical: 1; scrollbar-color: $border; scrollbar-background: $background;
        scrollbar-background-hover: $background; scrollbar-background-active: $background; scrollbar-gutter: stable;
    }
    """

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        yield DescriptionLines()

    @property
    def plain(self) -> str:
        """What is shown, without styles."""
        return self.query_one(DescriptionLines).plain

    @property
    def description(self) -> Description | None:
        """What is shown now."""
        return self.query_one(DescriptionLines).description

    def show(
        self, entry: ModelEntry | None, known: Known, description: Description | None = None, problem: str = ""
    ) -> None:
        """Describe a model.

        Args:
            entry: the model; None: nothing.
            known: what is remembered of it.
            description: what was read and planned; None while that is on its way.
            problem: why it cannot be read.
        """
        lines = self.query_one(DescriptionLines)
        other = entry is None or lines.entry is None or entry.path != lines.entry.path
        lines.entry, lines.known, lines.description, lines.problem = entry, known, description, problem
        lines.rearrange()
        if other:
            self.scroll_home(animate=False)

    def action_scroll(self, rows: int) -> None:
        """Move the text."""
        self.scroll_relative(y=rows, animate=False)

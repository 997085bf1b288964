"""The detail pane of the browser: everything that is known of the model one is on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.app.rendering.browse import UNKNOWN, Known
from tui.app.rendering.model_description import description_lines
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line
from tui.app.widgets.scrolled_lines import ScrolledLines
from tui.catalogue.entry import ModelEntry

if TYPE_CHECKING:
    from tui.services.describe import Description


class ModelDescription(ScrolledLines):
    """Shows a description and scrolls it.

    Attributes:
        entry: the model that is described now; None for none.
        description: what was read and planned; None while that is on its way.
        problem: why it cannot be read.
    """

    DEFAULT_CSS = """
    ModelDescription { padding: 0 0 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._known = UNKNOWN
        self.entry: ModelEntry | None = None
        self.description: Description | None = None
        self.problem = ""

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
        now = entry, known, description, problem
        if now == (self.entry, self._known, self.description, self.problem):
            return  # laying it out takes milliseconds, and this is said at every letter of a filter
        other = entry is None or self.entry is None or entry.path != self.entry.path
        self.entry, self._known, self.description, self.problem = entry, known, description, problem
        self.rearrange(from_start=other)

    def lines_for(self, width: int) -> Sequence[Line]:
        """All sections."""
        if self.entry is None or width <= 1:
            return []
        # A cell stays free before the scrollbar.
        return description_lines(self.entry, self._known, self.description, self.problem, width - 1, current_glyphs())

"""What the narrow list says of the model one is on: what it is, and what a load takes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tui.app.pricing import Price
from tui.app.rendering.model_rows import facts, need_text
from tui.app.rendering.shown import shown_line
from tui.app.widgets.lines import Line, LinesPane
from tui.catalogue.entry import ModelEntry
from tui.catalogue.fit import MemoryPlan
from tui.core.units import format_bytes


def detail_lines(
    entry: ModelEntry, available: int, plan: MemoryPlan | None, width: int, price: Price | None = None
) -> list[Line]:
    """The detail, in a few short lines.

    Args:
        entry: the model.
        available: bytes of memory that a load may take.
        plan: what a load takes; None while that is not known.
        width: cells.
        price: what llama.cpp says to that; None while it has not been asked.
    """
    exact = price.plan if price else None
    role, last = "label", need_text(plan, available, exact) if plan else ""
    if entry.problem or (price and price.error):
        role, last = "error", shown_line(entry.problem or (price.error if price else ""))
    elif plan is not None and (exact or plan).total > available:
        role = "warning"
    kind = shown_line(entry.quantization) or "unknown type"
    first = "remote, on another server" if entry.remote else f"{kind}, {format_bytes(entry.file_size)}"
    lines: list[Line] = [((text, "label"),) for text in (first, *facts(entry))]
    return [*lines, *(((text, role),) for text in textwrap.wrap(last, max(10, width))[:6])]


class ModelDetail(LinesPane):
    """Draws the detail, with four rows at least, so that the rows above seldom move."""

    DEFAULT_CSS = """
    ModelDetail { height: auto; margin-top: 1; min-height: 4; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._entry: ModelEntry | None = None
        self._available = 0
        self._plan: MemoryPlan | None = None
        self._price: Price | None = None

    def show(
        self, entry: ModelEntry | None, available: int, plan: MemoryPlan | None = None, price: Price | None = None
    ) -> None:
        """Describe a model.

        Args:
            entry: the model; None: nothing.
            available: bytes of memory that a load may take.
            plan: what a load takes; None while that is not known.
            price: what llama.cpp says to that; None while it has not been asked.
        """
        self._entry, self._available, self._plan, self._price = entry, available, plan, price
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The detail's lines."""
        if self._entry is None:
            return []
        return detail_lines(self._entry, self._available, self._plan, width, self._price)

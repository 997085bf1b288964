"""One line: what the load that is being chosen takes, of what is free."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui.app.pricing import Ask, Price, Pricing
from tui.app.rendering.model_rows import cut
from tui.app.widgets.lines import Line, LinesPane
from tui.core.parameters import LoadParams
from tui.monitor.memory import available_memory


class LoadPrice(LinesPane):
    """Draws the price; asks for it when it is told of a choice.

    Args:
        path: the model.
        ask: gives a plan, in a thread.
        freed: bytes that the loaded model would give back.
    """

    DEFAULT_CSS = """
    LoadPrice { height: 1; }
    """

    def __init__(self, path: Path, ask: Ask, freed: int = 0, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._path, self._freed = path, freed
        self._pricing = Pricing(self, ask, self._take)
        self._words = ("", "label")

    def show(self, load: LoadParams) -> None:
        """Price another load; until that is known the old price stays, so that nothing flickers."""
        self._pricing.ask(self._path, load)

    def _take(self, price: Price) -> None:
        self._words = price.words(available_memory() + self._freed)
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The line."""
        text, role = self._words
        return [((cut(text, width).rstrip(), role),)]

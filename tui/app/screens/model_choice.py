"""A short list to choose a model from, without loading it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from rich.cells import set_cell_size
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.app.rendering.shown import shown_line
from tui.app.widgets.lines import Line
from tui.app.widgets.rows import Rows
from tui.catalogue.entry import ModelEntry
from tui.core.units import format_bytes


class ModelChoice(ModalScreen[Path | None]):
    """Asks for one of the models on this machine; the result is its file, or None.

    Args:
        title: what it is for.
        models: what can be chosen.
        now: the file that is chosen now.
    """

    CSS_PATH = "model_choice.tcss"
    AUTO_FOCUS = "#choice-rows"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave it as it is")]

    def __init__(self, title: str, models: Sequence[ModelEntry], now: Path | None) -> None:
        super().__init__()
        self._title, self._models, self._now = title, list(models), now

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(id="choice-box") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content("enter choose   esc leave it")
            if not self._models:
                yield Static(Content("There is no model on this machine: ctrl+g gets one."), id="choice-none")
            yield Rows[ModelEntry](lambda entry, width: [self._row(entry, width)], id="choice-rows")

    def on_mount(self) -> None:
        """Mark the one that is chosen now."""
        rows = self.query_one("#choice-rows", Rows)
        rows.styles.height = min(max(len(self._models), 1), 20)
        at = next((at for at, entry in enumerate(self._models) if entry.path == self._now), 0)
        rows.show(self._models, at=at)

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.dismiss(self._models[event.index].path)

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)

    @staticmethod
    def _row(entry: ModelEntry, width: int) -> Line:
        facts = f"{entry.quantization:>8} {format_bytes(entry.file_size):>9}"
        return ((set_cell_size(shown_line(entry.name), max(width - len(facts) - 1, 4)), "name"), (f" {facts}", "fact"))

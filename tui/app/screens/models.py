"""The models over the chat, where there is no room beside it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.app.widgets.model_list import ModelList


class ModelsScreen(ModalScreen[Path | None]):
    """Chooses a model; the result is its path, or None when the person left."""

    CSS_PATH = "models.tcss"
    AUTO_FOCUS = "ModelList OptionList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("f2", "leave", "Back", show=False, priority=True),
    ]

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(id="models-box"):
            yield ModelList()

    @on(ModelList.Chosen)
    def _chosen(self, event: ModelList.Chosen) -> None:
        self.dismiss(event.path)

    def action_leave(self) -> None:
        """Back without a choice."""
        self.dismiss(None)

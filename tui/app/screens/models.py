"""The model browser over whatever is behind it, for terminals without room for a pane of models."""

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
    """Chooses a model; the result is its file, or None."""

    CSS_PATH = "models.tcss"
    AUTO_FOCUS = "OptionList"

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f2", "dismiss(None)", "leave")]
    """
    | Key(s) | Description |
    | :- | :- |
    | escape,f2 | Leaves without a choice. |
    """

    def compose(self) -> ComposeResult:
        """The list in a frame."""
        with Vertical(id="models-frame"):
            yield ModelList(id="models-list")

    @on(ModelList.Chosen)
    def _chosen(self, message: ModelList.Chosen) -> None:
        self.dismiss(message.path)

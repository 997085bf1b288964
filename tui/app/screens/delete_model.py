"""Asks before a model is deleted: what goes, how much it frees, what else uses it."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import chop_cells
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from tui.app.rendering.model_description import sentences
from tui.app.rendering.model_rows import home_path
from tui.app.rendering.shown import shown_line
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.lines import Line
from tui.catalogue.delete import Deletion
from tui.core.units import format_bytes, format_count

_FILES = 8
"""Most files that are named."""


def question_lines(deletion: Deletion, loaded: bool, width: int) -> list[Line]:
    """The question: the model, what it frees, what it touches. Names and paths are untrusted."""
    if deletion.entry.remote:
        return _forget_lines(deletion, loaded, width)
    lines = sentences(f"Delete {shown_line(deletion.entry.name)} {shown_line(deletion.entry.quantization)}".rstrip()
                      + " from disk?", width, "strong")  # fmt: skip
    freed = f"{format_bytes(deletion.freed)} will be freed." if deletion.freed else "Nothing will be freed."
    lines += [(), *sentences(freed, width, "value")]
    if deletion.words:
        lines += sentences(shown_line(deletion.words), width, "label")
    if deletion.used_by:
        lines += [(), (("The same data is also used by", "warning"),)]
        lines += [((f"  {piece}", "value"),) for user in deletion.used_by for piece in _folded(user, width)]
    if loaded:
        lines += [(), *sentences("It is loaded now, and is unloaded first.", width, "warning")]
    lines += [(), (("Removed", "label"),)]
    lines += [((f"  {piece}", "label"),) for file in deletion.files[:_FILES] for piece in _folded(str(file), width)]
    if (more := len(deletion.files) - _FILES) > 0:
        lines.append(((f"  and {format_count(more)} more", "label"),))
    return [*lines, (), (("y", "key"), (" delete   ", "value"), ("esc", "key"), (" keep it", "value"))]


def _forget_lines(deletion: Deletion, loaded: bool, width: int) -> list[Line]:
    lines = sentences(f"Take {shown_line(deletion.entry.name)} off the list?", width, "strong")
    lines += [(), *sentences(home_path(deletion.entry.path), width, "value")]
    lines += sentences(shown_line(deletion.words), width, "label")
    if loaded:
        lines += [(), *sentences("It is in use now, and is left first.", width, "warning")]
    return [*lines, (), (("y", "key"), (" take it off   ", "value"), ("esc", "key"), (" keep it", "value"))]


def _folded(path: str, width: int) -> list[str]:
    return chop_cells(home_path(path), max(8, width - 2))


class DeleteModelScreen(ModalScreen[bool]):
    """Asks; the result is whether the person is sure. Enter alone deletes nothing.

    Args:
        deletion: what would be done.
        loaded: whether the model is the loaded one.
    """

    CSS_PATH = "delete_model.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "sure", "Delete"),
        Binding("escape,n,q", "keep", "Keep it"),
        Binding("up,pageup", "scroll(-3)", "up", show=False),
        Binding("down,pagedown", "scroll(3)", "down", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | y | Deletes. |
    | escape,n,q | Keeps it. |
    """

    def __init__(self, deletion: Deletion, loaded: bool) -> None:
        super().__init__()
        self._deletion, self._loaded = deletion, loaded

    def compose(self) -> ComposeResult:
        """The question."""
        with VerticalScroll(id="delete-box", can_focus=False) as box:
            box.border_title = Content("Delete a model")
            yield BrowseBar(lambda width: question_lines(self._deletion, self._loaded, width), id="delete-text")

    @property
    def plain(self) -> str:
        """The question, without styles."""
        return self.query_one("#delete-text", BrowseBar).plain

    def action_sure(self) -> None:
        """Delete."""
        self.dismiss(True)

    def action_keep(self) -> None:
        """Delete nothing."""
        self.dismiss(False)

    def action_scroll(self, rows: int) -> None:
        """Move the text."""
        self.query_one("#delete-box").scroll_relative(y=rows, animate=False)

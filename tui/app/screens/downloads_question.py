"""A question with yes and no, over whatever is behind it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.app.rendering.shown import shown_line
from tui.app.widgets.dialog_keys import DialogKeys


class QuestionScreen(ModalScreen[bool]):
    """Asks; the answer is True only when the person pressed y.

    Args:
        question: one sentence or two; never markup.
        yes: what y does, in a few words.
        no: what Esc does, in a few words.
    """

    CSS_PATH = "downloads_question.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "yes"),
        Binding("n,escape", "dismiss(False)", "no"),
    ]

    def __init__(self, question: str, yes: str, no: str) -> None:
        super().__init__()
        self._question, self._keys = shown_line(question), (("y", yes), ("esc", no))

    def ask(self, question: str) -> None:
        """Ask the same in other words: what it is about has changed meanwhile."""
        self._question = shown_line(question)
        if self.is_mounted:
            self.query_one("#question-text", Static).update(Content(self._question))

    def withdraw(self) -> None:
        """Nothing is left to ask about: as if the person had said no."""
        if self.is_current:
            self.dismiss(False)

    def compose(self) -> ComposeResult:
        """The question and the keys."""
        with Vertical(id="question-box"):
            yield Static(Content(self._question), id="question-text")
            yield DialogKeys(self._keys, id="question-keys")

"""What a preset asks for, before it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.app.rendering.shown import shown_line
from tui.app.widgets.safe_text_area import SafeTextArea
from tui.services.presets_variables import Question

Answers = dict[str, str]
"""By the keys of the questions."""

MAX_ROWS = 5
"""Rows that an answer grows to before it scrolls."""


class AnswerField(SafeTextArea):
    """Takes an answer of any number of lines, so that a long text can be pasted; Enter ends it.

    Args:
        question: what is asked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+j,alt+enter,shift+enter", "newline", "line break")]
    DEFAULT_CSS = """
    AnswerField {
        height: auto; min-height: 1; border: none; padding: 0 1; background: $panel; scrollbar-size-vertical: 1;
        &:focus { border: none; }
        & .text-area--cursor-line { background: $panel; }
    }
    """

    class Ended(Message):
        """The answer is complete."""

    def __init__(self, question: Question) -> None:
        super().__init__(
            question.default, soft_wrap=True, show_line_numbers=False, tab_behavior="focus", compact=True,
            highlight_cursor_line=False,
        )  # fmt: skip
        self.question = question
        self.cursor_blink = False
        self.styles.max_height = MAX_ROWS

    def action_newline(self) -> None:
        """Break the line at the cursor."""
        self._replace_via_keyboard("\n", *self.selection)

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Ended())
            return
        await super()._on_key(event)


class PresetAskScreen(ModalScreen[Answers | None]):
    """Asks; the result is the answers, or None when the person left.

    Args:
        title: what asks.
        questions: in this order.
    """

    CSS_PATH = "preset_ask.tcss"
    AUTO_FOCUS = "AnswerField"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "leave", priority=True)]
    """
    | Key(s) | Description |
    | :- | :- |
    | escape | Ends without an answer. |
    """

    def __init__(self, title: str, questions: Sequence[Question]) -> None:
        super().__init__()
        self._heading = title
        self._questions = tuple(questions)

    def compose(self) -> ComposeResult:
        """The questions, each with its field, and the keys."""
        with Vertical(id="ask-box") as box:
            box.border_title = Content(shown_line(self._heading))
            with VerticalScroll(id="ask-fields", can_focus=False):
                for question in self._questions:
                    yield Static(Content(shown_line(question.text)), classes="ask-question")
                    yield AnswerField(question)
                    yield Static(Content(""), classes="ask-message")
            yield Static(Content("enter next, use it   tab next   ctrl+j line break   esc leave"), id="ask-keys")

    def on_mount(self) -> None:
        """Begin at the end of what stands there."""
        for field in self.query(AnswerField):
            field.move_cursor(field.document.end)

    def on_answer_field_ended(self, event: AnswerField.Ended) -> None:
        """To the next question; after the last one, end."""
        fields = list(self.query(AnswerField))
        at = next((at for at, field in enumerate(fields) if field.has_focus), 0)
        missing = [field for field in fields if field.question.needed and not field.text.strip()]
        for field, message in zip(fields, self.query(".ask-message").results(Static), strict=True):
            wanted = field in missing and (field is fields[at] or at == len(fields) - 1)
            message.update(Content("an answer is needed here" if wanted else ""))
        if fields[at] in missing:
            return
        if at < len(fields) - 1:
            fields[at + 1].focus()
        elif missing:
            missing[0].focus()
        else:
            self.dismiss({field.question.key: field.text for field in fields})

"""One setting as a row of the form: its value is stepped by keys or typed in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import events, on
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tui.app.rendering.shown import steady
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, LinesPane, Piece
from tui.app.widgets.settings_draft import SettingsDraft, step
from tui.core.errors import SettingError
from tui.core.options import Option, Scalar
from tui.core.text import printable
from tui.settings.settings import option_named, option_names

LABEL_WIDTH = 2 + max(len(option_named(name).label) for name in option_names())
"""Cells of the label column and the gap after it."""

VALUE_WIDTH = 20
"""Cells of the value column, where a range stands after it."""

_TEXTS = ("str", "list")


class SettingRow(LinesPane, can_focus=True):
    """Label, value and range of one setting.

    While it is edited, an input lies over the value; the draft changes only when a valid value is accepted.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--pointer", "lines--changed"}
    """
    | Class | Description |
    | :- | :- |
    | `lines--pointer` | The mark of the focused row. |
    | `lines--changed` | A value that differs from the one the form started from. |
    """

    DEFAULT_CSS = """
    SettingRow {
        height: 1;
        max-width: 106;
        layout: horizontal;
        &:focus, &:focus-within { background: $surface; }
        &:focus .lines--label, &:focus-within .lines--label { color: $foreground; text-style: bold; }
        & > .lines--pointer { color: $accent; text-style: bold; }
        & > .lines--changed { color: $accent; text-style: bold; }
        & > Input {
            width: 1fr;
            height: 1;
            padding: 0;
            border: none;
            background: $surface;
            &:focus { border: none; }
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,minus", "step(-1)", "lower", show=False),
        Binding("right,plus", "step(1)", "higher", show=False),
        Binding("space", "switch", "switch", show=False),
        Binding("delete", "reset", "default", show=False),
        Binding("ctrl+e", "edit", "edit", show=False),
        Binding("backspace", "edit_back", "edit", show=False),
        Binding("escape", "cancel_edit", "leave the value", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | left,minus | The value before. |
    | right,plus | The next value. |
    | space | Switches on or off, or takes the next choice. |
    | delete | The default. |
    | ctrl+e,backspace | Edits the present value; any other character starts a new one. |
    | escape | Leaves the edit, the value stays. |
    """

    @dataclass
    class Edited(Message):
        """The value, or the text typed for it, changed.

        Attributes:
            row: the row.
            error: one line when the text typed is not a value the setting can have.
        """

        row: SettingRow
        error: str = ""

        @property
        def control(self) -> SettingRow:
            """The row."""
            return self.row

    @dataclass
    class TextWanted(Message):
        """A text with line breaks is to be edited in a larger editor."""

        row: SettingRow

    def __init__(self, spec: Option, draft: SettingsDraft) -> None:
        super().__init__(id=f"setting-{spec.name}")
        self.spec = spec
        self._draft = draft
        self._input: Input | None = None
        self.error = ""

    @property
    def editing(self) -> bool:
        """Whether a text is being typed."""
        return self._input is not None

    def value_text(self) -> str:
        """The draft's value as one safe line."""
        text = self.spec.format(self._draft.get(self.spec.name))
        return steady(printable(text.replace("\n", current_glyphs().newline)))

    def lines_for(self, width: int) -> Sequence[Line]:
        """The row."""
        pointer = current_glyphs().pointer if self.has_focus or self.editing else " "
        reload = " reload" if self.spec.reload else ""
        room = max(1, width - LABEL_WIDTH - 2 - len(reload))
        value_width, range_width = (room, 0) if self.spec.kind in _TEXTS else (VALUE_WIDTH, room - VALUE_WIDTH)
        role = "changed" if self.spec.name in self._draft.changes else "value" if self.value_text() else "label"
        return [
            (
                (f"{pointer} ", "pointer"),
                (set_cell_size(self.spec.label, LABEL_WIDTH), "label"),
                _fitted(self._shown_value(), value_width, role),
                _fitted(self.spec.range_text() if range_width > 8 else "", range_width, "label"),
                (reload, "label"),
            )
        ]

    def _shown_value(self) -> str:
        """The value with its unit, between the marks that say it can be stepped."""
        value = self.value_text() or "empty"
        unit = f" {self.spec.unit}" if self.spec.unit and value[-1:].isdigit() else ""
        if not self.has_focus or self.spec.kind in _TEXTS:
            return f"  {value}{unit}"
        glyphs = current_glyphs()
        return f"{glyphs.previous} {value}{unit} {glyphs.next}"

    def watch_has_focus(self, focused: bool) -> None:
        """Set the mark, or take it away."""
        super().watch_has_focus(focused)
        self.rearrange()

    def action_step(self, direction: int) -> None:
        """Take the next value or the one before."""
        if self.editing:
            return
        self._choose(step(self.spec, self._draft.get(self.spec.name), direction))

    def action_switch(self) -> None:
        """Switch on or off, or take the next choice; a space where a text is meant."""
        if self.spec.kind in ("bool", "choice"):
            self.action_step(1)
        elif self.spec.kind in _TEXTS:
            self._begin(self._current() + " ")

    def action_reset(self) -> None:
        """Take the default."""
        self._end()
        self._choose(self.spec.default)

    def action_edit(self) -> None:
        """Edit the present value; a long text in a larger editor."""
        if self.spec.kind == "str":
            self.post_message(self.TextWanted(self))
        elif self.spec.kind not in ("bool", "choice"):
            self._begin(self._current())

    def action_edit_back(self) -> None:
        """Edit the present value without its last character."""
        if self.spec.kind not in ("bool", "choice") and not self.editing:
            self._begin(self._current()[:-1])

    def action_cancel_edit(self) -> None:
        """Leave the edit; without one the screen decides what escape means."""
        if not self.editing:
            raise SkipAction
        self._end()
        self.post_message(self.Edited(self))

    async def on_key(self, event: events.Key) -> None:
        """A character starts a new value, or goes to the input that is about to take over.

        Of keys that come in one burst each finds done what the one before it means.
        """
        focused = self.screen.focused
        if not self.editing and focused is not None and focused is not self:
            event.stop()
            focused._forward_event(events.Key(event.key, event.character))
            return
        character = event.character
        if character is None or not event.is_printable or character in "/-+ ":
            if await self.app._check_bindings(event.key):
                event.stop()
            return
        event.stop()
        event.prevent_default()
        if self._input is not None:
            self._input.insert_text_at_cursor(character)
        elif self.spec.kind in ("bool", "choice"):
            self._choose_by_initial(character)
        else:
            self._begin((self._current() if self.spec.kind in _TEXTS else "") + character)

    def accept(self) -> bool:
        """Take what was typed; False, with the edit open, when it is not a value the setting can have."""
        if self._input is None:
            return True
        try:
            self._draft.set(self.spec.name, self._parsed(self._input.value))
        except SettingError:
            return False
        self._end()
        self.post_message(self.Edited(self))
        return True

    def take(self, text: str) -> None:
        """Use a text edited elsewhere."""
        self._end()
        self._choose(text)

    @on(Input.Changed)
    def _check(self, event: Input.Changed) -> None:
        event.stop()
        try:
            self._parsed(event.value)
            self.error = ""
        except SettingError:  # what was typed stands beside it
            self.error = f"{self.spec.label} takes {self.spec.range_text()}"
        self.post_message(self.Edited(self, self.error))

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self.accept()

    def _current(self) -> str:
        return self.spec.format(self._draft.get(self.spec.name))

    def _parsed(self, text: str) -> Scalar:
        return self.spec.parse(text)

    def _choose(self, value: object) -> None:
        self._draft.set(self.spec.name, self.spec.check(value))
        self.rearrange()
        self.post_message(self.Edited(self))

    def _choose_by_initial(self, character: str) -> None:
        words = ("on", "off") if self.spec.kind == "bool" else self.spec.choices
        found = next((word for word in words if word.startswith(character.lower())), None)
        if found is not None:
            self._choose(self.spec.parse(found))

    def _begin(self, text: str) -> None:
        if printable(text) != text:
            self.post_message(self.TextWanted(self))
            return
        self._input = Input(text, select_on_focus=False, compact=True)
        self._input.cursor_blink = False
        self._input.styles.margin = (0, 0, 0, LABEL_WIDTH + 4)
        self._input.cursor_position = len(text)
        self.mount(self._input)
        self.call_after_refresh(self._focus_input)

    def _focus_input(self) -> None:
        if self._input is not None:
            self.screen.set_focus(self._input)

    def _end(self) -> None:
        self.error = ""
        if self._input is not None:
            self._input.remove()
            self._input = None
            self.focus()
        self.rearrange()


def _fitted(text: str, width: int, role: str) -> Piece:
    if cell_len(text) > width > 1:
        text = set_cell_size(text, width - 1) + current_glyphs().ellipsis
    return (set_cell_size(text, max(0, width)), role)

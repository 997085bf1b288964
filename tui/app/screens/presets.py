"""The presets: chosen for the chat, made of what holds, edited, imported, deleted and brought back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.app.commands.command import bindings
from tui.app.commands.presets import PRESETS_COMMANDS
from tui.app.commands.provider import usable
from tui.app.rendering.preset_rows import NONE, empty_lines, preset_row, preview_lines, title_line
from tui.app.rendering.shown import shown_line
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.filter_field import FilterField
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import Line
from tui.app.widgets.preset_preview import PresetPreview
from tui.app.widgets.rows import Rows
from tui.core.errors import LocalLLMError
from tui.core.events import ModelInfo
from tui.services.presets import Deleted, Entry, Presets
from tui.services.presets_default import default_of, names_of
from tui.services.presets_examples import EXAMPLES
from tui.services.presets_held import Held
from tui.settings.preset_file import Preset

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """What shall hold in the chat.

    Attributes:
        preset: which; None for the settings alone.
    """

    preset: Preset | None = None


class PresetList(Screen[Choice | None]):
    """Finds and chooses; the result is what shall hold in the chat, or None when the person left.

    Args:
        held: what holds in the chat now.
        model: the loaded model; None while there is none.
    """

    CSS_PATH = "presets.tcss"
    AUTO_FOCUS = "#presets-list"
    HORIZONTAL_BREAKPOINTS = [(0, "-small"), (70, "-broad")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(PRESETS_COMMANDS),
        Binding("down", "to_rows", "to the rows", show=False),
    ]
    commands = PRESETS_COMMANDS

    def __init__(self, held: Held | None, model: ModelInfo | None) -> None:
        super().__init__()
        self.folder = Presets()
        self._held = held
        self._model = model
        self._entries: list[Entry] = []
        self._examples = False
        self._query = ""
        self._default = ""
        self._deleted: Deleted | None = None
        self._said: tuple[str, str] = ("", "")
        self._making: Entry | None = None
        self._notes: tuple[str, ...] = ()

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    @property
    def rows(self) -> Rows[Entry]:
        """The list."""
        return cast("Rows[Entry]", self.query_one("#presets-list", Rows))

    @property
    def marked(self) -> Entry | None:
        """The file one is on; None for the settings alone, for an example, and where there is nothing."""
        entry = self.rows.marked
        return None if entry is NONE or self._examples else entry

    def compose(self) -> ComposeResult:
        """Title, filter, list and text, what was done last, keys."""
        yield BrowseBar(self._title, id="presets-title")
        with Horizontal(id="presets-field-row"):
            yield Static(Content("/"), id="presets-field-mark")
            yield FilterField("filter by name, title or text", id="presets-field")
        with Horizontal(id="presets-columns"):
            yield Rows[Entry](lambda entry, width: [self._row(entry, width)], id="presets-list")
            yield PresetPreview(self._preview, id="presets-preview")
        yield BrowseBar(lambda width: empty_lines(self._query, self._examples), id="presets-empty")
        yield BrowseBar(lambda width: [((self._said[0], self._said[1] or "label"),)], id="presets-foot")
        with Horizontal(id="presets-name-row"):
            yield Static(Content("name"), id="presets-name-mark")
            yield FilterField("", id="presets-name")
        yield KeyLine(id="keys")

    async def on_mount(self) -> None:
        """Read the files."""
        self.show_keys()
        self.run_worker(self.read(self._held.name if self._held else None))

    # What is read

    async def ask(self, work: Callable[[], T]) -> T | None:
        """Let a thread do something with the files; what it cannot do is said."""
        answer, problem = None, ""
        try:
            answer = await asyncio.to_thread(work)
        except LocalLLMError as error:
            problem = error.line()
        if not self.is_attached:
            raise asyncio.CancelledError  # the person left meanwhile: there is nothing to show it on
        if problem:
            self.say(problem, "error")
        return answer

    async def read(self, mark: str | None = None) -> None:
        """The files as they are now.

        Args:
            mark: name of the one to mark.
        """
        self._entries = await self.ask(self.folder.entries) or []
        usable_ones = [entry.preset for entry in self._entries if entry.preset]
        found = default_of(usable_ones, names_of(self._model.path, self._model.name)) if self._model else None
        self._default = found.name if found else ""
        self.show_rows(mark)

    # What is shown

    def show_rows(self, mark: str | None = None) -> None:
        """What the filter leaves."""
        words = self._query.casefold().split()
        entries = [Entry(example.name, example) for example in EXAMPLES] if self._examples else self._entries
        shown = [entry for entry in entries if all(word in _searched(entry) for word in words)]
        if shown and not words and not self._examples:
            shown = [NONE, *shown]
        at = next((at for at, entry in enumerate(shown) if mark is not None and entry.name == mark), None)
        self.set_class(not shown, "none")
        self.rows.show(shown, at=0 if words and at is None else at)
        self.call_after_refresh(self._to_rows_again)
        for bar in self.query(BrowseBar):
            bar.rearrange()
        self.show_preview()
        self.show_keys()

    def _to_rows_again(self) -> None:
        """A list that was empty was out of sight, and the focus went elsewhere."""
        elsewhere = self.focused is None or isinstance(self.focused, PresetPreview)
        if self.has_class("none"):
            if elsewhere:
                self.set_focus(None)
        elif elsewhere and not self.has_class("reading"):
            self.set_focus(self.rows)

    def show_keys(self) -> None:
        """Which keys work now."""
        keys = [(command, bool(usable(self, command))) for command in PRESETS_COMMANDS if command.short]
        self.query_one(KeyLine).show(keys)

    def show_preview(self) -> None:
        """What the marked one says."""
        self.query_one(PresetPreview).rearrange(from_start=True)

    def say(self, text: str, role: str = "value") -> None:
        """One line under the rows, until the person goes on."""
        self._said = (shown_line(text), role)
        self.query_one("#presets-foot", BrowseBar).rearrange()

    def _title(self, width: int) -> Sequence[Line]:
        shown = sum(entry is not NONE for entry in self.rows.items)
        held = f"here: {shown_line(self._held.name) or 'no preset'}" if self._held else ""
        return [title_line(shown, len(EXAMPLES if self._examples else self._entries), self._examples, held, width)]

    def _row(self, entry: Entry, width: int) -> Line:
        if self._examples:
            return preset_row(entry, width, "\n", "")
        return preset_row(entry, width, self._held.name if self._held else None, self._default)

    def _preview(self, width: int) -> Sequence[Line]:
        entry = self._making or self.rows.marked
        return preview_lines(entry, self.program.settings, width, self._notes if self._making else ())

    @on(Rows.Marked)
    def _marked(self) -> None:
        self.show_preview()
        self.show_keys()

    # What the person asks for

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What needs a marked file is dim without one; in a field a slash is a letter."""
        if not self.is_mounted:
            return True
        if self.has_class("naming"):
            return True if action == "back" else None
        if action in ("find", "preview"):
            return None if isinstance(self.focused, Input) else True
        if action == "use":
            return True if self.rows.marked is not None else None
        if action in ("edit", "rename", "delete"):
            return True if self.marked is not None else None
        if action == "default":
            return True if self._model is not None and self.marked is not None and self.marked.preset else None
        if action == "undo":
            return True if self._deleted is not None else None
        return True

    @on(Rows.Chosen)
    async def action_use(self) -> None:
        """Let the marked one hold in the chat; an example becomes a file first."""
        entry = self.rows.marked
        if entry is None:
            return
        if entry.problem:
            self.say(f"{shown_line(entry.name)} cannot be used: e corrects it", "error")
        elif self._examples and entry.preset is not None:
            await self._take_example(entry.preset)
        else:
            self.dismiss(Choice(entry.preset))

    async def _take_example(self, example: Preset) -> None:
        def create() -> bool:
            self.folder.create(example)
            return True

        if await self.ask(create):
            self._examples = False
            await self.read(example.name)
            self.say(f"{example.name} is yours now: enter uses it, e edits it")

    def action_find(self) -> None:
        """To the filter."""
        self.set_focus(self.query_one("#presets-field", Input))  # at once: the next key may be here already

    @on(Input.Changed, "#presets-field")
    def _typed(self, event: Input.Changed) -> None:
        self._query = event.value.strip()
        self.show_rows()

    @on(Input.Submitted, "#presets-field")
    async def _submitted(self) -> None:
        """What the filter left is what the person looked for."""
        if self._query and self.rows.items:
            await self.action_use()
        else:
            self.action_to_rows()

    def action_to_rows(self) -> None:
        """From the filter to the rows that it left."""
        if not self.has_class("naming"):
            self.set_focus(self.rows)

    def action_preview(self) -> None:
        """From the list to the text and back."""
        to_text = not self.query_one(PresetPreview).has_focus
        self.set_class(to_text, "reading")
        self.set_focus(self.query_one(PresetPreview) if to_text else self.rows)

    def action_back(self) -> None:
        """Out of the text or the filter first, then back."""
        field = self.query_one("#presets-field", Input)
        if self.query_one(PresetPreview).has_focus and not self.has_class("none"):
            self.action_preview()
        elif field.value or field.has_focus:
            field.value = ""
            self.set_focus(self.rows)
        elif self._examples:
            self.action_examples()
        else:
            self.dismiss(None)

    def action_examples(self) -> None:
        """Presets to begin with, or the person's own again."""
        self._examples = not self._examples
        self.say("enter makes the example a file of yours" if self._examples else "", "label")
        self.show_rows(EXAMPLES[0].name if self._examples else None)

    def action_delete(self) -> None:
        """Take it out of the list; the key to bring it back is said."""

        async def delete(name: str) -> None:
            deleted = await self.ask(lambda: self.folder.delete(name))
            if deleted is not None:
                self._deleted = deleted
                self.say(f"{name} is deleted: u brings it back")
            await self.read()

        if (entry := self.marked) is not None:
            self.run_worker(delete(entry.name))

    def action_undo(self) -> None:
        """Bring back what was deleted last."""

        async def restore(deleted: Deleted) -> None:
            def work() -> bool:
                self.folder.restore(deleted)
                return True

            if await self.ask(work):
                self._deleted = None
                self.say(f"{deleted.name} is back")
            await self.read(deleted.name)

        if self._deleted is not None:
            self.run_worker(restore(self._deleted))

    def action_default(self) -> None:
        """Let new chats with the loaded model begin with it, or no longer."""

        async def mark(name: str, model: ModelInfo) -> None:
            marked = await self.ask(lambda: self.folder.make_default(name, model.path, model.name))
            if marked is not None:
                short = names_of(model.path, model.name)[0]
                now = "is the default" if marked else "is no longer named as the default"
                self.say(f"{name} {now} for {short}")
            await self.read(name)

        if (entry := self.marked) is not None and self._model is not None:
            self.run_worker(mark(entry.name, self._model))


def _searched(entry: Entry) -> str:
    preset = entry.preset
    parts = (entry.name, preset.title, preset.description, preset.system_prompt) if preset else (entry.name,)
    return "\n".join(parts).casefold()

"""The presets' screen with all that makes and changes their files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from textual import on
from textual.content import Content
from textual.widgets import Input, Static

from tui.app.outside import ended_badly, run_outside
from tui.app.rendering.shown import shown_line
from tui.app.screens.editor import EditorScreen
from tui.app.screens.presets import PresetList
from tui.core.errors import LocalLLMError
from tui.core.options import options_of
from tui.core.parameters import GenerationParams
from tui.services.presets import Entry, with_name
from tui.services.presets_flags import read_flags
from tui.services.programs import editor_command
from tui.settings.preset_file import Preset

_LINE = 'Paste a llama-cli line, such as: llama-cli --temp 0.2 -sys "Be brief."'


class PresetsScreen(PresetList):
    """Makes presets of what holds and of pasted lines, renames them, and lends their files to an editor."""

    _named: Callable[[str], None] | None = None
    _line = ""
    """What was pasted last, while no preset was saved of it."""

    # A name

    def _ask_name(self, what: str, suggested: str, make: Callable[[str], None]) -> None:
        """Ask for a name; `make` is called in a thread, and the field stays open while it refuses."""
        self._named = make
        self.add_class("naming")
        self.remove_class("wrong")
        self.query_one("#presets-name-mark", Static).update(Content(f"{what} (enter saves, esc leaves)"))
        field = self.query_one("#presets-name", Input)
        field.select_on_focus = bool(suggested)
        field.value = suggested
        field.cursor_position = len(suggested)
        self.show_preview()
        self.show_keys()
        self.set_focus(field)

    @on(Input.Submitted, "#presets-name")
    def _take_name(self, event: Input.Submitted) -> None:
        name, make = event.value.strip(), self._named

        async def take() -> None:
            def work() -> bool:
                assert make is not None
                make(name)
                return True

            if await self.ask(work):
                self._end_naming()
                self.say(f"{name} is saved: enter uses it, e edits it")
                await self.read(name)
            else:
                self.add_class("wrong")

        if name and make is not None:
            self.run_worker(take())

    def _end_naming(self) -> None:
        self._named, self._making, self._notes = None, None, ()
        self.remove_class("naming", "wrong")
        self.query_one("#presets-name", Input).value = ""
        self.show_preview()
        self.show_keys()
        self.set_focus(self.rows)

    def action_back(self) -> None:
        """Out of the name's field first."""
        if self.has_class("naming"):
            self._end_naming()
            self.say("")
        else:
            super().action_back()

    # What makes and changes files

    def action_new(self) -> None:
        """Save what holds in the chat as a preset."""
        here, plain = self.program.main_screen.settings_here, GenerationParams()
        values = {
            spec.name: here.get(spec.name)
            for spec in options_of(GenerationParams)
            if here.get(spec.name) != getattr(plain, spec.name)
        }
        note = "" if values else "Every setting is at its default: an editor (e) gives it a system prompt."
        self._begin(Preset("new", values=values), "name of the new preset", "", (note,) if note else ())

    def action_import_flags(self) -> None:
        """Make a preset of a line of flags."""

        def read(line: str | None) -> None:
            if line is None or not line.strip():
                return
            self._line = line
            try:
                flags = read_flags(line)
            except LocalLLMError as error:
                self.app.push_screen(EditorScreen(_LINE, line, error.line()), read)
                return
            preset = Preset("imported", values=flags.values)
            self._begin(preset, "name of the preset", "imported", flags.left_out, self._end_import)

        self.app.push_screen(EditorScreen(_LINE, self._line), read)

    def _end_import(self) -> None:
        self._line = ""

    def _begin(
        self, preset: Preset, what: str, suggested: str, notes: tuple[str, ...], then: Callable[[], None] = lambda: None
    ) -> None:
        def create(name: str) -> None:
            self.folder.create(with_name(preset, name))
            then()

        self._examples = False
        self._making, self._notes = Entry(preset.name, preset), notes
        self.show_rows()
        self._ask_name(what, suggested, create)

    def action_rename(self) -> None:
        """Give it another name."""
        if (entry := self.marked) is not None:
            self._ask_name("new name", entry.name, lambda name: self.folder.rename(entry.name, name))

    def action_edit(self) -> None:
        """Edit its file."""
        if (entry := self.marked) is not None:
            self.run_worker(self._edit(entry.name))

    async def _edit(self, name: str) -> None:
        before = await self.ask(lambda: self.folder.text(name))
        try:
            path = self.folder.path(name)
            argv = editor_command(os.environ)
            said = ended_badly(argv, await run_outside(self.app, [*argv, str(path)]))
        except LocalLLMError as error:
            if before is None:
                return
            await self._edit_here(name, before, error.line())
            said = ""
        after = await self.ask(lambda: self.folder.text(name))
        await self.read(name)
        marked = self.marked
        if said:
            self.say(said, "error")
        elif marked is not None and marked.problem:
            self.say(f"{shown_line(name)}: {marked.problem}", "error")
        elif after is not None:
            self.say(f"{name} is changed: enter uses it as it is now" if after != before else f"{name} is as it was")

    async def _edit_here(self, name: str, text: str, why: str) -> None:
        """Edit it in the program: no other editor can be had."""
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self.app.push_screen(EditorScreen(f"{shown_line(name)}   ({shown_line(why)})", text), answer.set_result)
        edited = await answer
        if edited is not None and edited != text:
            await self.ask(lambda: self.folder.write(name, edited))

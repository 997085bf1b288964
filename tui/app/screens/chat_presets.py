"""The chat's part in presets: which one holds, where it comes from, and what it asks for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from tui.app.filling_in import PASTE, clipboard_for, filled_in, questions_of
from tui.app.rendering.shown import shown_line
from tui.app.screens.talking import Talking
from tui.app.status import Status, model_name
from tui.app.widgets.settings_summary import SettingsSummary
from tui.core.errors import LocalLLMError
from tui.services.presets import Presets
from tui.services.presets_held import Held, held_of, read_held
from tui.services.presets_variables import facts, resolve
from tui.services.recorded_chat_opening import Opening
from tui.settings.preset_file import Preset
from tui.settings.settings import Settings

if TYPE_CHECKING:
    from tui.app.screens.presets import Choice


class ChatPresets(Talking):
    """Lets a preset hold for the chat that is open, and for a new one that of its model."""

    _preset_opening = Opening()
    """What a new chat begins with."""
    _preset_launched: Opening | None = None
    """What every new chat begins with, since it was said on the command line."""
    _preset_chosen = False
    """Whether the person has chosen what the new chat begins with."""
    _preset_kept: tuple[str, Held | None] = ("", None)
    _preset_model = ""

    def on_mount(self) -> None:
        """Follow the model: it may have a preset of its own."""
        self.watch(self.app, "status", self._follow_preset_of)

    # What holds

    @property
    def held(self) -> Held | None:
        """What holds for this chat alone."""
        conversation = self.chat.conversation
        if conversation is None:
            return self._preset_opening.held
        if self._preset_kept[0] != conversation.settings:
            self._preset_kept = (conversation.settings, read_held(conversation.settings))
        return self._preset_kept[1]

    @property
    def settings_here(self) -> Settings:
        """What holds for the next reply: the settings, the preset over them, and what was changed for this chat."""
        return self.held.over(self.program.settings) if self.held else self.program.settings

    def take_settings(self, settings: Settings | None) -> None:
        """Let what the person set in the form hold: in this chat what its preset sets, everywhere what it does not."""
        if settings is None or self.held is None:
            self.program.take_settings(settings)
            return
        held, rest = self.held.take(self.settings_here, settings)
        if rest:
            self.program.take_settings(self.program.settings.replace(**rest))
        if held is not self.held:
            self._hold_preset(replace(self._preset_opening, held=held), at_once=True)

    def _hold_preset(self, opening: Opening, said: str = "", at_once: bool = False) -> None:
        """Let something else hold.

        Args:
            opening: what; its turns are for a new chat.
            said: what to tell the person.
            at_once: whether a reply under way goes on with it.
        """

        async def keep() -> None:
            try:
                await self.chat.chats.ask(lambda session: session.hold(opening))
            except LocalLLMError as error:
                self._hint(error.line())
                return
            if at_once:
                self.program.work.adjust(self.settings_here.generation)
            self._show_preset()
            if said:
                self._hint(said)

        if self.chat.conversation is None:
            self._preset_opening = opening
        self.run_worker(keep())

    # A new chat

    def _follow_preset_of(self, status: Status) -> None:
        path = status.model.path if status.model else ""
        if path != self._preset_model:
            self._preset_model = path
            if not self._preset_chosen and self.chat.conversation is None:
                self.run_worker(self._begin_with_preset())

    def _begin_anew(self) -> None:
        super()._begin_anew()
        if self.chat.conversation is None:  # else it is one whose messages were deleted
            self._preset_chosen = False
            self._hold_preset(self._preset_launched or Opening())
            self.run_worker(self._begin_with_preset())

    async def _begin_with_preset(self) -> None:
        """Let the preset hold that is the default for the model, unless the person chose one."""
        model = self._host.model
        if self._preset_launched is not None or model is None:
            return
        opening = Opening()
        try:
            preset = await asyncio.to_thread(Presets().default_for, model.path, model.name)
            if preset is not None and (asked := [q for q in await questions_of(self.program, preset) if q.needed]):
                what = "the clipboard" if asked[0] is PASTE else shown_line(asked[0].text)
                self._hint(f"{preset.name}, the default here, asks for {what}: alt+p, then Enter")
            elif preset is not None:
                known = facts(model_name(model.path), await clipboard_for(self.program, preset))
                resolved = resolve(preset, known)
                opening = Opening(held_of(resolved, self.program.settings), resolved.turns)
        except LocalLLMError as error:
            self._hint(error.line())
        if not self._preset_chosen and self.chat.conversation is None:
            self._hold_preset(opening)

    async def show_last_chat(self) -> None:
        """Go on where the person left off, or begin anew with the preset that was named on the command line."""
        await super().show_last_chat()
        if not self.program.launch.preset:
            return
        if self.chat.conversation is not None:
            await self._clear(ask_again=False)
        self._preset_chosen = True
        try:
            preset = await asyncio.to_thread(Presets().read, self.program.launch.preset)
        except LocalLLMError as error:
            self.note(error.line(), "error")
        else:
            await self._use_preset(preset, launched=True)
        await self._show_recent()

    # The person's choice

    def action_presets(self) -> None:
        """Choose a preset for this chat."""
        from tui.app.screens.presets_making import PresetsScreen

        def take(choice: Choice | None) -> None:
            if choice is None:
                return
            if choice.preset is not None:
                self.run_worker(self._use_preset(choice.preset))
            else:
                self._preset_chosen = True
                self._hold_preset(Opening(), "no preset: the settings hold alone")

        self.app.push_screen(PresetsScreen(self.held, self._host.model), take)

    async def _use_preset(self, preset: Preset, launched: bool = False) -> None:
        """Let a preset hold in this chat, once it has what it asks for.

        Args:
            preset: which.
            launched: whether it was named on the command line: what else was said there wins over it.
        """
        model = self._host.model
        name = model_name(model.path) if model else self.program.status.loading
        try:
            resolved = await filled_in(self.program, preset, name)
        except LocalLLMError as error:
            self._hint(error.line())
            return
        if resolved is None:
            self._hint("nothing was changed")
            return
        opening = Opening(held_of(resolved, self.program.settings if launched else None), resolved.turns)
        if launched:
            self._preset_launched = opening
        self._preset_chosen = True
        self._hold_preset(opening, self._preset_words(preset))

    def _preset_words(self, preset: Preset) -> str:
        """What to tell; the preset's name is shown beside it."""
        turns = len(preset.turns)
        if self.chat.conversation is None:
            return f"{turns} first turn{'' if turns == 1 else 's'} before what you say" if turns else ""
        return f"from the next reply on{'; its first turns are for a new chat' if turns else ''}"

    # What is shown

    async def _show_recent(self) -> None:
        await super()._show_recent()
        self._show_preset()

    def _show_preset(self) -> None:
        """The screen follows what holds now."""
        self._show_hint()
        for summary in self.query(SettingsSummary):
            summary.show(self.settings_here, self._host.model, self.program.status.threads)

    def _preset_hint(self) -> str:
        held = self.held
        if held is None:
            return ""
        changed = ", changed" if held.changed else ""
        return f"preset: {held.name}{changed}" if held.name else f"this chat has its own system prompt{changed}"

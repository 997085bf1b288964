"""The presets of a comparison: one for each side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui.app.filling_in import filled_in
from tui.app.screens.presets_making import PresetsScreen
from tui.app.status import model_name
from tui.core.errors import LocalLLMError
from tui.services.presets_held import Held, held_of

if TYPE_CHECKING:
    from tui.app.screens.compare import CompareScreen
    from tui.app.screens.presets import Choice
    from tui.app.widgets.compare_side import CompareSide


def choose_preset(screen: CompareScreen, side: CompareSide) -> None:
    """Let the person choose a preset for one side; it lies over the settings, as in a chat."""

    def take(choice: Choice | None) -> None:
        if choice is not None:
            screen.run_worker(_use(screen, side, choice))

    held = Held(side.setup.preset) if side.setup.preset else None
    screen.app.push_screen(PresetsScreen(held, screen.program.work.host.model), take)


async def _use(screen: CompareScreen, side: CompareSide, choice: Choice) -> None:
    settings, name = screen.program.settings, ""
    if choice.preset is not None:
        model = model_name(side.setup.path) if side.setup.path is not None else ""
        try:
            preset = await filled_in(screen.program, choice.preset, model)
        except LocalLLMError as error:
            screen.say(error.line(), "error")
            return
        if preset is None:
            return
        settings, name = held_of(preset).over(settings), preset.name
        if preset.turns:
            screen.say("its first turns are for a new chat: here its settings and its system prompt hold")
    screen.set_side(side, replace(side.setup, params=settings.generation, preset=name))

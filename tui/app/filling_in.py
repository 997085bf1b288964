"""What a preset asks for: from the clipboard, from the person, and put in its place."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING

from tui.services.presets_clipboard import local_clipboard
from tui.services.presets_variables import CLIPBOARD, Question, facts, questions, resolve, takes
from tui.settings.preset_file import Preset

if TYPE_CHECKING:
    from textual.app import App

    from tui.app.screens.preset_ask import Answers

PASTE = Question(CLIPBOARD, "What was copied is not known here: paste it")


async def filled_in(app: App[int], preset: Preset, model: str) -> Preset | None:
    """A preset with what it asks for in its place; None when the person did not answer.

    Args:
        app: the application, which asks.
        preset: which.
        model: name of the model that it is for.

    Raises:
        LocalLLMError: it makes no sense with these answers.
    """
    answers: Answers | None = {}
    if asked := await questions_of(app, preset):
        answers = await _answers(app, preset, asked)
    if answers is None:
        return None
    return resolve(preset, {**facts(model, await clipboard_for(app, preset)), **answers})


async def questions_of(app: App[int], preset: Preset) -> tuple[Question, ...]:
    """What the person has to be asked for a preset."""
    asked = questions(preset)
    if takes(preset, CLIPBOARD) and not (await clipboard_for(app, preset)).strip():
        asked = (*asked, PASTE)
    return asked


async def clipboard_for(app: App[int], preset: Preset) -> str:
    """What was copied last, on this machine or in this program; empty where the preset does not ask."""
    if not takes(preset, CLIPBOARD):
        return ""
    return await asyncio.to_thread(partial(local_clipboard, os.environ)) or app.clipboard


async def _answers(app: App[int], preset: Preset, asked: tuple[Question, ...]) -> Answers | None:
    from tui.app.screens.preset_ask import PresetAskScreen

    answer: asyncio.Future[Answers | None] = asyncio.get_running_loop().create_future()
    app.push_screen(PresetAskScreen(preset.title or preset.name, asked), answer.set_result)
    return await answer

"""Presets in the chat: chosen, asked for, kept with the conversation, the model's own, changed in the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from textual.pilot import Pilot

from tests.app.test_chats_last import MODEL, SIZE, answered, hint, ready, say, shown
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.screens.preset_ask import AnswerField, PresetAskScreen
from tui.app.screens.presets_making import PresetsScreen
from tui.app.screens.settings import SettingsScreen
from tui.app.widgets.settings_summary import SettingsSummary
from tui.core.messages import Message
from tui.core.prompts import ChatPrompt
from tui.services.presets import Presets
from tui.settings.paths import settings_file
from tui.settings.preset_file import Preset, Variable
from tui.settings.settings import COMMAND_LINE, Settings

KIND = Preset("kind", "Kind answers", "For bad days.", {"system_prompt": "Be kind.", "temp": 0.2})
READY = Preset(
    "ready",
    values={"system_prompt": "Be {{tone}}, {{ask:Your name}}."},
    turns=(Message("user", "Are you {{tone}}?"), Message("assistant", "I am.")),
    variables=(Variable("tone", "Which tone", "calm"),),
)
PILOTED = Pilot[int]


@pytest.fixture(autouse=True)
def no_clipboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clipboard of whoever runs the tests is not looked at."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def make(*presets: Preset) -> None:
    """Write files."""
    for preset in presets:
        Presets().create(preset)


def system(engine: ScriptedEngine) -> str:
    """The system prompt of the last request."""
    prompt = cast(ChatPrompt, engine.prompts[-1])
    return prompt.messages[0].content if prompt.messages[0].role == "system" else ""


async def opened(pilot: PILOTED, app: LocalLLMApp) -> PresetsScreen:
    """The list."""
    await pilot.press("alt+p")
    await until(pilot, lambda: isinstance(app.screen, PresetsScreen))
    return cast("PresetsScreen", app.screen)


async def choose(pilot: PILOTED, app: LocalLLMApp, name: str) -> None:
    """Choose one by its name."""
    screen = await opened(pilot, app)
    await until(pilot, lambda: any(entry.name == name for entry in screen.rows.items))
    screen.rows.mark(next(at for at, entry in enumerate(screen.rows.items) if entry.name == name))
    await pilot.press("enter")
    await until(pilot, lambda: app.screen is not screen)


async def chosen(pilot: PILOTED, app: LocalLLMApp, name: str) -> None:
    """A program that is ready, with a preset for its new chat."""
    await ready(pilot, app)
    await choose(pilot, app, name)


async def told(pilot: PILOTED, app: LocalLLMApp, text: str, answer: str = "ok") -> None:
    """Say something, and have the answer."""
    await say(pilot, app, text)
    await answered(pilot, app, answer)


async def test_a_chosen_preset_holds_and_is_kept_with_the_chat(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    make(KIND)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await chosen(pilot, app, "kind")
        await until(pilot, lambda: "preset: kind" in hint(app))
        await told(pilot, app, "Hello")
        assert system(engine) == "Be kind."
        await until(pilot, lambda: "preset: kind" in hint(app))
        assert "temperature" in app.main_screen.query_one(SettingsSummary).plain
        assert " 0.2" in app.main_screen.query_one(SettingsSummary).plain
        await pilot.press("ctrl+n")
        await until(pilot, lambda: app.main_screen.chat.conversation is None)
        await until(pilot, lambda: app.main_screen.held is None)
        await told(pilot, app, "Hello again", "Hello again")
        assert system(engine) == ""
        chats = app.main_screen.chat.chats
        first = (await chats.look(lambda store: store.conversations()))[-1]
        Presets().delete("kind")
        app.main_screen.go_to_chat(first.id)
        await until(pilot, lambda: "preset: kind" in hint(app))
        await told(pilot, app, "Once more", "Once more")
        assert system(engine) == "Be kind.", "it is kept as it was, whatever became of its file"
        await pilot.press("alt+p")
        await until(pilot, lambda: isinstance(app.screen, PresetsScreen))


async def test_another_preset_in_the_middle_of_a_chat_and_none(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    make(KIND, Preset("brief", values={"system_prompt": "Be brief."}, turns=(Message("user", "x"),)))
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await chosen(pilot, app, "kind")
        await told(pilot, app, "one")
        await choose(pilot, app, "brief")
        await until(pilot, lambda: "from the next reply on; its first turns are for a new chat" in hint(app))
        await told(pilot, app, "two", "two")
        assert system(engine) == "Be brief." and len(cast(ChatPrompt, engine.prompts[-1]).messages) == 4
        await choose(pilot, app, "")
        await until(pilot, lambda: app.main_screen.held is None)
        await told(pilot, app, "three", "three")
        assert system(engine) == ""


async def test_what_it_asks_for_is_asked_before_the_chat(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    make(READY)
    app = make_app(model=MODEL)
    async with app.run_test(size=(80, 24)) as pilot:
        await chosen(pilot, app, "ready")
        await until(pilot, lambda: isinstance(app.screen, PresetAskScreen) and bool(app.screen.query(AnswerField)))
        await until(pilot, lambda: isinstance(app.screen.focused, AnswerField))
        assert cast(AnswerField, app.screen.focused).text == "calm"
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, PresetAskScreen))
        await pilot.press(*"{{date}}", "enter")
        await until(pilot, lambda: app.screen is app.main_screen)
        await until(pilot, lambda: "2 first turns before what you say" in hint(app))
        await told(pilot, app, "Hello")
        messages = [message.content for message in cast(ChatPrompt, engine.prompts[-1]).messages]
        assert messages == ["Be calm, {{date}}.", "Are you calm?", "I am.", "Hello"]
        assert shown(app).index("Are you calm?") < shown(app).index("I am.") < shown(app).index("Hello")
        await choose(pilot, app, "ready")
        await until(pilot, lambda: isinstance(app.screen, PresetAskScreen))
        await pilot.press("escape")
        await until(pilot, lambda: "nothing was changed" in hint(app))


async def test_the_clipboard_is_what_was_copied_here_or_what_is_pasted(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    make(Preset("text", values={"system_prompt": "<{{clipboard}}>"}))
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await chosen(pilot, app, "text")
        await until(pilot, lambda: isinstance(app.screen, PresetAskScreen) and bool(app.screen.query(AnswerField)))
        app.screen.query_one(AnswerField).load_text("two\nlines")
        await pilot.press("enter")
        await until(pilot, lambda: app.main_screen.settings_here.generation.system_prompt == "<two\nlines>")
        app.copy_to_clipboard("copied {{model}}")
        await choose(pilot, app, "text")
        await until(pilot, lambda: app.main_screen.settings_here.generation.system_prompt == "<copied {{model}}>")


async def test_a_new_chat_begins_with_the_preset_of_its_model(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    make(KIND, Preset("wide", values={"system_prompt": "Be wide."}, models=("scripted*",)), READY)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "preset: wide" in hint(app))
        await told(pilot, app, "Hello")
        assert system(engine) == "Be wide."
        screen = await opened(pilot, app)
        await until(pilot, lambda: len(screen.rows.items) == 4)
        screen.rows.mark(1)
        await pilot.press("s")
        await until(pilot, lambda: "kind is the default for Scripted-1B-Instruct-Q4_K_M" in screen._said[0])
        await until(pilot, lambda: "▸ ★" not in screen.rows.plain and "★ kind" in screen.rows.plain)
        await pilot.press("escape")
        assert app.main_screen.held is not None and app.main_screen.held.name == "wide"
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "preset: kind" in hint(app))
        screen = await opened(pilot, app)
        await until(pilot, lambda: len(screen.rows.items) == 4)
        screen.rows.mark(2)
        await pilot.press("s")
        await until(pilot, lambda: "ready is the default" in screen._said[0])
        await pilot.press("escape", "ctrl+n")
        await choose(pilot, app, "kind")
        await told(pilot, app, "Again", "Again")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "ready, the default here, asks for Your name" in hint(app))


async def test_the_form_changes_what_the_preset_sets_for_this_chat_alone(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    make(KIND)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await chosen(pilot, app, "kind")
        await told(pilot, app, "Hello")
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        form = cast(SettingsScreen, app.screen)
        assert form._draft.get("temp") == 0.2
        form._draft.set("temp", 0.9)
        form._draft.set("top_k", 7)
        form.action_save()
        await until(pilot, lambda: app.screen is app.main_screen)
        await until(pilot, lambda: app.main_screen.settings_here.generation.temp == 0.9)
        assert app.settings.generation.temp == Settings().generation.temp and app.settings.generation.top_k == 7
        assert "top_k = 7" in settings_file().read_text() and "temp" not in settings_file().read_text()
        await until(pilot, lambda: "preset: kind, changed" in app.main_screen._preset_hint())
        kept = app.main_screen.chat.conversation
        assert kept is not None and '"temp": 0.9' in kept.settings


async def test_a_preset_named_on_the_command_line_begins_a_new_chat(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    make(KIND)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await told(pilot, app, "Yesterday")
    settings = Settings().overlaid({"temp": 1.5, "model_dirs": ()}, COMMAND_LINE)
    app = make_app(model=MODEL, preset="kind", settings=settings)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: app.main_screen.held is not None)
        assert "Yesterday" not in shown(app) and app.main_screen.settings_here.generation.temp == 1.5
        await told(pilot, app, "Today")
        assert system(engine) == "Be kind."
        await pilot.press("ctrl+n")
        await until(pilot, lambda: app.main_screen.chat.conversation is None and app.main_screen.held is not None)

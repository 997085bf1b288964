"""Two replies side by side: asked, shown, told apart, kept; models that fit beside each other and that do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.conftest import ScriptedHost
from tests.app.test_chat import flat, hint, ready, say, shown
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.screens.compare import CompareScreen
from tui.app.screens.main import MainScreen
from tui.app.screens.model_choice import ModelChoice
from tui.app.screens.preset_ask import PresetAskScreen
from tui.app.screens.presets_making import PresetsScreen
from tui.app.screens.side_settings import SideSettingsScreen
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.setting_row import SettingRow
from tui.core.errors import PromptTooLongError
from tui.core.prompts import ChatPrompt
from tui.engine.engine import Engine
from tui.services.comparison import Setup
from tui.services.launch import Launch
from tui.services.model_host import ModelHost
from tui.settings.paths import presets_dir, settings_file
from tui.settings.settings import Settings
from tui.store.store import Store

OTHER = Path("/models/Other-3B-Q8_0.gguf")
OWN = "/models/Scripted-1B-Instruct-Q4_K_M.gguf"


def screen_of(app: LocalLLMApp) -> CompareScreen:
    assert isinstance(app.screen, CompareScreen)
    return app.screen


def side(app: LocalLLMApp, at: int) -> str:
    """Heading and text of a side as one line."""
    return " ".join(screen_of(app).sides[at].plain.split())


def said(app: LocalLLMApp) -> str:
    return str(screen_of(app).query_one("#compare-row").border_title or "")


async def opened(pilot: Pilot[int], app: LocalLLMApp) -> CompareScreen:
    await ready(pilot, app)
    await pilot.press("f10")
    await until(pilot, lambda: isinstance(app.screen, CompareScreen))
    return screen_of(app)


async def asked(pilot: Pilot[int], app: LocalLLMApp, text: str) -> None:
    screen_of(app).query_one(Prompt).load_text(text)
    screen_of(app).query_one(Prompt).focus()
    await pilot.press("enter")
    line = screen_of(app).query_one("#compare-asked", BrowseBar)
    await until(pilot, lambda: text in line.plain and not screen_of(app).running and not app.work.busy)


async def test_two_settings_one_after_the_other(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        assert "begins with nothing" in screen.query_one("#compare-title", BrowseBar).plain
        engine.replies.extend(["The sky is blue.", "The sky is green today."])
        await asked(pilot, app, "What colour is the sky?")
        assert "The sky is blue." in side(app, 0) and "The sky is green today." in side(app, 1)
        for at in (0, 1):
            assert "142 tok/s" in side(app, at) and "TTFT 120 ms" in side(app, at)
        assert "❯ What colour is the sky?" in screen.query_one("#compare-asked", BrowseBar).plain
        assert len(engine.prompts) == 2 and engine.prompts[0] == engine.prompts[1]
        letters = ("diff", "start", "keep", "settings", "model", "preset")
        assert not any(screen_of(app).check_action(action, ()) for action in letters), "in the prompt they are text"
        await pilot.press("tab", "d")
        await until(pilot, lambda: "[-blue-]" in side(app, 0) and "{+green today+}" in side(app, 1))
        await until(pilot, lambda: "of the words agree; they part at word 4" in said(app))
        await pilot.press("d")
        await until(pilot, lambda: "[-" not in side(app, 0))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen) and "green today" in shown(app))
        assert "‹ 2/2 ›" in shown(app) and "What colour is the sky?" in shown(app)
        await pilot.press("alt+left")
        await until(pilot, lambda: "The sky is blue." in shown(app))


async def test_a_side_has_settings_of_its_own(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        assert "the same settings as the other side" in side(app, 0)
        await pilot.press("tab", "tab", "s")
        await until(pilot, lambda: isinstance(app.screen, SideSettingsScreen))
        names = {row.spec.name for row in app.screen.query(SettingRow)}
        assert {"temp", "seed", "system_prompt"} <= names and "n_ctx" not in names
        await pilot.press("down", *"0.2", "enter")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        assert "temp 0.8" in side(app, 0) and "temp 0.2" in side(app, 1)
        assert not settings_file().exists() and app.settings.generation.temp == 0.8
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await opened(pilot, app)
        assert "temp 0.2" in side(app, 1)


async def test_a_side_has_a_preset_of_its_own(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    folder = presets_dir()
    folder.mkdir(parents=True)
    (folder / "brief.toml").write_text('system_prompt = "Be brief about {{ask:what}}."\n[generation]\ntemp = 0.2\n')
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("tab", "tab", "p")
        await until(pilot, lambda: isinstance(app.screen, PresetsScreen) and len(app.screen.rows.items) == 2)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, PresetAskScreen))
        await pilot.press(*"seas", "enter")
        await until(pilot, lambda: app.screen is screen and "preset brief" in side(app, 1))
        assert "temp 0.2" in side(app, 1) and "preset brief" not in side(app, 0)
        engine.replies.extend(["long", "brief"])
        await asked(pilot, app, "the sea?")
        prompts = [prompt for prompt in engine.prompts if isinstance(prompt, ChatPrompt)]
        assert [m.content for m in prompts[-1].messages] == ["Be brief about seas.", "the sea?"]
        assert [m.content for m in prompts[-2].messages] == ["the sea?"]
        assert app.settings.generation.temp == 0.8 and not settings_file().exists()
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await opened(pilot, app)
        assert "preset brief" in side(app, 1)


async def test_both_sides_get_what_is_attached(app: LocalLLMApp, engine: ScriptedEngine, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("buy milk\n")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        app.main_screen.attaching.add(str(tmp_path / "notes.txt"))
        await until(pilot, lambda: len(app.main_screen.attachments) == 1)
        screen = await opened(pilot, app)
        line = screen.query_one("#compare-attached", BrowseBar)
        await until(pilot, lambda: "both sides get" in line.plain and "notes.txt 9 B" in line.plain)
        engine.replies.extend(["milk", "bread"])
        await asked(pilot, app, "What?")
        prompts = [prompt for prompt in engine.prompts if isinstance(prompt, ChatPrompt)]
        assert len(prompts) == 2 and all("buy milk" in prompt.messages[-1].content for prompt in prompts)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen) and "milk" in shown(app))
        assert "notes.txt" in shown(app) and not app.main_screen.attachments


async def test_it_begins_after_the_chat_and_esc_leads_back(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await say(pilot, app, "hello")
        await until(pilot, lambda: "TTFT" in flat(app) and not app.work.busy)
        await opened(pilot, app)
        assert "after the 2 messages of this chat" in screen_of(app).query_one("#compare-title", BrowseBar).plain
        engine.replies.extend(["one way", "another way"])
        await asked(pilot, app, "and now?")
        prompt = engine.prompts[-1]
        assert isinstance(prompt, ChatPrompt)
        assert [m.content for m in prompt.messages] == ["hello", "ok", "and now?"]
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.prompts) == 5 and not app.work.busy)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await until(pilot, lambda: "alt+t shows all its branches" in hint(app) and "and now?" not in shown(app))
        conversation = app.main_screen.chat.conversation
        assert conversation is not None
        messages = await app.main_screen.chat.chats.look(lambda store: store.messages(conversation.id))
        assert [m.text for m in messages] == ["hello", "ok", "and now?", "one way", "another way", "ok", "ok"]
        await opened(pilot, app)
        await pilot.press("tab", "n")
        assert "begins with nothing" in screen_of(app).query_one("#compare-title", BrowseBar).plain
        await asked(pilot, app, "alone")
        prompt = engine.prompts[-1]
        assert isinstance(prompt, ChatPrompt) and [m.content for m in prompt.messages] == ["alone"]


async def test_esc_stops_both(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        engine.hold = True
        screen.query_one(Prompt).load_text("hello")
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.prompts) == 1)
        engine.write("It was a dark")
        await until(pilot, lambda: "It was a dark" in side(app, 0) and "waiting" in side(app, 1))
        await pilot.press("tab", "s")
        assert app.screen is screen
        await pilot.press("escape")
        await until(pilot, lambda: not screen.running)
        assert "not run: stopped" in side(app, 1) and "stopped" in side(app, 0) and len(engine.prompts) == 1
        assert screen.sides[0].record is not None and not app.work.busy


async def test_what_cannot_be_answered_comes_back(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("enter")
        assert "type a prompt" in said(app)
        engine.generate_error = PromptTooLongError("The prompt has 9,000 tokens")
        engine.replies.append("fine")
        await asked(pilot, app, "long")
        assert "The prompt has 9,000 tokens" in side(app, 0) and "fine" in side(app, 1)
        assert screen.query_one(Prompt).text == ""


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many bytes are available for a second model."""
    return lambda available: monkeypatch.setattr("tui.services.comparison.available_memory", lambda: available)


async def other_model(pilot: Pilot[int], app: LocalLLMApp) -> ScriptedEngine:
    """Side B runs another model, on an engine of its own where both fit."""
    await ready(pilot, app)
    second = ScriptedEngine()
    screen = CompareScreen(
        app.host, app.main_screen.chat.chats,
        (Setup(Path(OWN), app.settings.generation), Setup(OTHER, app.settings.generation)),
        make_host=lambda: ScriptedHost(second),
    )  # fmt: skip
    await app.push_screen(screen)
    return second


async def test_two_models_that_fit_are_both_loaded(
    app: LocalLLMApp, engine: ScriptedEngine, memory: Callable[[int], None]
) -> None:
    memory(1 << 40)
    async with app.run_test(size=(120, 40)) as pilot:
        second = await other_model(pilot, app)
        engine.replies.append("from the one")
        second.replies.append("from the other")
        await asked(pilot, app, "who are you?")
        await until(pilot, lambda: "from the other" in side(app, 1))
        assert "from the one" in side(app, 0) and "Other-3B-Q8_0" in side(app, 1)
        assert engine.loads == [Path(OWN)] and second.loads == [OTHER]
        await asked(pilot, app, "once more")
        assert second.loads == [OTHER], "it stays loaded as long as the screen is open"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen) and second.closed)
        assert app.status.model is not None and app.status.model.path == OWN


async def test_two_models_that_do_not_fit_are_loaded_in_turn(
    app: LocalLLMApp, engine: ScriptedEngine, memory: Callable[[int], None]
) -> None:
    memory(1000)
    async with app.run_test(size=(120, 40)) as pilot:
        second = await other_model(pilot, app)
        engine.replies.extend(["from the one", "from the other"])
        await asked(pilot, app, "who are you?")
        assert "from the one" in side(app, 0) and "from the other" in side(app, 1)
        assert engine.loads == [Path(OWN), OTHER, Path(OWN)] and second.loads == []
        assert app.status.model is not None and app.status.model.path == OWN


async def test_memory_refused_is_said_with_the_figures(
    app: LocalLLMApp, engine: ScriptedEngine, memory: Callable[[int], None]
) -> None:
    memory(1000)
    async with app.run_test(size=(200, 50)) as pilot:
        await ready(pilot, app)
        await other_model(pilot, app)
        engine.hold = True
        screen_of(app).query_one(Prompt).load_text("hello")
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.prompts) == 1)
        engine.end()
        await until(pilot, lambda: "do not fit in memory" in said(app))
        await until(pilot, lambda: "loading 43%" in side(app, 1))
        await pilot.press("escape")
        await until(pilot, lambda: len(engine.loads) == 3)
        engine.end_load()
        await until(pilot, lambda: not screen_of(app).running)
        assert app.status.model is not None and app.status.model.path == OWN


async def test_a_model_is_chosen_from_the_list(make_app: Callable[..., LocalLLMApp], tiny_gguf: Path) -> None:
    app = make_app(model=OWN)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        await until(pilot, lambda: not app.searching)
        await pilot.press("tab", "m")
        await until(pilot, lambda: isinstance(app.screen, ModelChoice))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)


async def test_two_real_models_in_one_process(tiny_gguf: Path, smollm2: Path) -> None:
    settings = Settings().replace(n_ctx=512, n_predict=12, seed=7, temp=0.5, ignore_eos=True, model_dirs=("/nowhere",))
    app = LocalLLMApp(Launch(settings=settings, model=str(smollm2)), ModelHost())
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        params = settings.generation
        app.main_screen._setups = (Setup(smollm2, params), Setup(tiny_gguf, params))
        await opened(pilot, app)
        await asked(pilot, app, "Name three colours.")
        left, right = (one.record for one in screen_of(app).sides)
        assert left is not None and left.reply is not None and right is not None and right.reply is not None
        assert left.reply.facts.model.name == smollm2.stem and right.reply.facts.model.name == tiny_gguf.stem
        assert left.reply.timings.generated_tokens == right.reply.timings.generated_tokens == 12
        assert app.host.model is not None and app.host.model.path == str(smollm2)
        await asked(pilot, app, "And now?")
        again = screen_of(app).sides[1].record
        assert again is not None and again.id > right.id
        await pilot.press("tab", "tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen) and "And now?" in shown(app))
        assert "‹ 2/2 ›" in shown(app)


async def test_quitting_keeps_what_was_written(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        engine.hold = True
        screen.query_one(Prompt).load_text("hello")
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.prompts) == 1)
        engine.write("It was a dark")
        await until(pilot, lambda: "It was a dark" in side(app, 0))
        await pilot.press("f3")
        assert app.screen is screen, "what runs is not left half done"
        await pilot.press("ctrl+q")
    store = Store()
    conversation = store.last_conversation()
    assert conversation is not None
    assert [(m.text, m.state) for m in store.messages(conversation.id)] == [
        ("hello", "done"), ("It was a dark", "interrupted"),
    ]  # fmt: skip
    store.close()


async def test_an_engine_with_two_sequences_runs_both_at_once(tiny_gguf: Path) -> None:
    settings = Settings().replace(n_ctx=512, n_predict=40, seed=7, ignore_eos=True, model_dirs=("/nowhere",))
    app = LocalLLMApp(Launch(settings=settings, model=str(tiny_gguf)), ModelHost(Engine(sequences=2)))
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, app)
        await asked(pilot, app, "hello")
        records = [one.record for one in screen_of(app).sides]
        assert all(one is not None and one.reply is not None for one in records)
        assert len({one.text for one in records if one is not None}) == 1, "the same seed, the same text"

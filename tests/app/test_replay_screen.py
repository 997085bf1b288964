"""Replaying the last reply from the chat: what is said while it runs, of the end, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from tests.app.test_chat import flat, hint, ready, say, shown
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.screens.main import MainScreen
from tui.app.screens.replay import ReplayScreen
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.transcript import Transcript
from tui.core.errors import DecodeError
from tui.core.events import StopReason
from tui.core.parameters import LoadParams
from tui.services.launch import Launch
from tui.services.model_host import ModelHost
from tui.settings.settings import Settings


def replay_screen(app: LocalLLMApp) -> ReplayScreen:
    assert isinstance(app.screen, ReplayScreen)
    return app.screen


def told(app: LocalLLMApp) -> str:
    """The transcript of the replay and its last line, as one line."""
    screen = replay_screen(app)
    foot = screen.query_one("#replay-foot", BrowseBar).plain
    return " ".join(f"{screen.query_one(Transcript).plain} {foot}".split())


async def replied(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine, text: str) -> None:
    """The model has replied `text`."""
    await ready(pilot, app)
    engine.replies.append(text)
    await say(pilot, app, "colours?")
    await until(pilot, lambda: "TTFT" in flat(app) and not app.work.busy)


async def opened(pilot: Pilot[int], app: LocalLLMApp) -> None:
    await pilot.press("alt+y")
    await until(pilot, lambda: isinstance(app.screen, ReplayScreen))


async def test_an_identical_reply(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await pilot.press("alt+y")
        assert "no reply yet" in hint(app)
        await replied(pilot, app, engine, "red green blue")
        before = shown(app)
        engine.hold = True
        await opened(pilot, app)
        await until(pilot, lambda: "reading the prompt 10 of 10 tokens" in told(app))
        engine.write("red green")
        await until(pilot, lambda: "identical so far: 2 of 3 tokens" in told(app))
        assert "stored: Scripted-1B-Instruct · 3 tokens · temp 0.8, seed 0 · ended by itself" in told(app)
        engine.write("blue")
        engine.end()
        await until(pilot, lambda: "identical: 3 tokens" in told(app))
        assert not app.work.busy
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert shown(app) == before and len(app.main_screen.chat.session.records) == 2


async def test_a_difference_is_told_marked_and_kept(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await replied(pilot, app, engine, "red green blue")
        engine.replies.append("red green cyan and more")
        await opened(pilot, app)
        await until(pilot, lambda: not replay_screen(app).running)
        assert "first differs at token 4 (of 3): the stored reply ended there, now “red green cyan and more”" in told(
            app
        )
        await pilot.press("d")
        await until(pilot, lambda: "{+cyan and more+}" in told(app))
        assert "red green [-blue-]" in told(app) and "% of the words agree" in told(app)
        await pilot.press("d")
        await until(pilot, lambda: "{+" not in told(app) and "● Scripted-1B-Instruct, again" in told(app))
        await pilot.press("k")
        await until(pilot, lambda: isinstance(app.screen, MainScreen) and "red green cyan and more" in shown(app))
        assert "‹ 2/2 ›" in shown(app)
        await pilot.press("alt+left")
        await until(pilot, lambda: "red green blue" in shown(app))


async def test_esc_stops_it_and_it_can_be_run_again(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await replied(pilot, app, engine, "red green blue")
        engine.hold = True
        await opened(pilot, app)
        await until(pilot, lambda: len(engine.prompts) == 2)
        engine.write("red")
        await until(pilot, lambda: "identical so far: 1 of 3" in told(app))
        await pilot.press("escape")
        await until(pilot, lambda: "stopped: identical up to token 1 of 3" in told(app))
        engine.hold = False
        engine.generate_error = DecodeError("llama.cpp failed")
        await pilot.press("enter")
        await until(pilot, lambda: "✗ llama.cpp failed" in told(app))
        engine.replies.append("red green blue")
        await pilot.press("enter")
        await until(pilot, lambda: "identical: 3 tokens" in told(app))


async def test_a_reply_that_was_continued(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await replied(pilot, app, engine, "red")
        await pilot.press("ctrl+o")
        await until(pilot, lambda: not app.work.busy and "redok" in shown(app))
        engine.replies.extend(["red", "ok"])
        await opened(pilot, app)
        await until(pilot, lambda: "identical: 2 tokens" in told(app))


async def test_what_stands_in_the_way_is_a_hint(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await replied(pilot, app, engine, "red")
        engine.hold = True
        asked = len(engine.prompts)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: len(engine.prompts) > asked)
        assert app.work.busy
        await pilot.press("alt+y")
        await until(pilot, lambda: "still generating" in hint(app))
        engine.end(StopReason.CANCELLED)
        await until(pilot, lambda: not app.work.busy)


async def test_the_tiny_model_says_the_same_again(tiny_gguf: Path, make_app: Callable[..., LocalLLMApp]) -> None:
    settings = Settings().replace(n_ctx=512, threads=1, threads_batch=1, n_predict=30, temp=1.5, ignore_eos=True)
    app = LocalLLMApp(Launch(settings=settings, model=str(tiny_gguf)), ModelHost())
    assert isinstance(settings.load, LoadParams)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await say(pilot, app, "hello")
        await until(pilot, lambda: "TTFT" in flat(app) and not app.work.busy)
        await opened(pilot, app)
        await until(pilot, lambda: "identical: 30 tokens, as far as the stored reply goes" in told(app))

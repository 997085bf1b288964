"""Chatting: send, stream, stop, regenerate, clear, copy, and what is said when something is in the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.status import Phase
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.settings_summary import SettingsSummary
from tui.app.widgets.transcript import Transcript
from tui.core.errors import DecodeError, ModelFileError, PromptTooLongError
from tui.core.events import Dropped, Prefilling, Shifted, StopReason, Timings
from tui.core.prompts import ChatPrompt


def shown(app: LocalLLMApp) -> str:
    return app.main_screen.query_one(Transcript).plain


def flat(app: LocalLLMApp) -> str:
    """The transcript as one line, for sentences that are folded."""
    return " ".join(shown(app).split())


def prompt(app: LocalLLMApp) -> Prompt:
    return app.main_screen.query_one(Prompt)


def hint(app: LocalLLMApp) -> str:
    return app.main_screen.query_one("#prompt-row").border_title or ""


async def ready(pilot: Pilot[int], app: LocalLLMApp) -> None:
    await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy)


async def say(pilot: Pilot[int], app: LocalLLMApp, text: str) -> None:
    """Send it, and wait until the model was asked: what is said is stored first."""
    prompt(app).load_text(text)
    await pilot.press("enter")
    await until(pilot, lambda: not prompt(app).text)


async def test_send_shows_prompt_reply_and_figures(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.append("1. **Red**\n2. Blue\n")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: "TTFT" in flat(app))
        text = shown(app)
        assert "❯ you\n  hello" in text
        assert "● Scripted-1B-Instruct\n  1. Red\n  2. Blue" in text
        assert "TTFT 120 ms" in flat(app)
        assert prompt(app).text == ""
        assert [m.content for m in app.main_screen.chat.session.messages] == ["hello", "1. **Red**\n2. Blue\n"]


async def test_reply_streams_and_esc_stops_it(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "hello")
        engine.write("It was a dark")
        await until(pilot, lambda: "It was a dark" in shown(app))
        assert app.status.phase is Phase.GENERATING
        assert app.status.first_token_seconds is not None
        engine.write(" and stormy")
        await until(pilot, lambda: "It was a dark and stormy" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "■ stopped" in shown(app))
        await until(pilot, lambda: app.status.phase is Phase.STOPPED)
        assert not app.work.busy


async def test_typing_goes_on_while_generating_and_enter_keeps_the_text(
    app: LocalLLMApp, engine: ScriptedEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "hello")
        await until(pilot, lambda: prompt(app).text == "")
        await pilot.press(*"next", "enter")
        assert prompt(app).text == "next"
        assert "still generating" in hint(app)
        engine.end()
        await until(pilot, lambda: not app.work.busy)
        engine.hold = False
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.prompts) == 2)


async def test_enter_does_not_overtake_typed_text(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await pilot.press(*"a long line typed fast", "enter", *"more")
        await until(pilot, lambda: prompt(app).text == "more")
        assert isinstance(engine.prompts[0], ChatPrompt)
        assert engine.prompts[0].messages[-1].content == "a long line typed fast"
        assert prompt(app).text == "more"


async def test_regenerate_replaces_the_last_reply(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.extend(["first answer", "second answer"])
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "nothing" in hint(app).lower())
        await say(pilot, app, "hello")
        await until(pilot, lambda: "first answer" in shown(app) and not app.work.busy)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "second answer" in shown(app))
        assert "first answer" not in shown(app)
        assert [m.role for m in app.main_screen.chat.session.messages] == ["user", "assistant"]


async def test_clear_and_back(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.append("an answer")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await say(pilot, app, "hello")
        await until(pilot, lambda: "an answer" in shown(app) and not app.work.busy)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: "cleared 2 messages" in hint(app))
        assert "an answer" not in shown(app)
        assert "Ask anything" in shown(app)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: "an answer" in shown(app))
        assert len(app.main_screen.chat.session.messages) == 2


async def test_copy_last_reply(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.append("an **answer**")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+y")
        assert "no reply" in hint(app)
        await say(pilot, app, "hello")
        await until(pilot, lambda: "an answer" in shown(app) and not app.work.busy)
        await pilot.press("ctrl+y")
        assert app.clipboard == "an **answer**"
        assert "copied" in hint(app)


async def test_hostile_text_is_shown_as_it_is(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    hostile = "[/bar] [@click=app.quit]x[/] \x1b[2J <b>html</b> [INST] [a](http://x) \x9b1m\u202e"
    engine.replies.append(hostile)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await say(pilot, app, hostile)
        await until(pilot, lambda: "TTFT" in flat(app))
        text = shown(app)
        visible = "[/bar] [@click=app.quit]x[/] ^[[2J <b>html</b> [INST] [a](http://x) \\x9b1m\\u202e"
        assert flat(app).count(visible) == 2
        assert "\x1b" not in text and "\x9b" not in text and "\u202e" not in text


async def test_japanese_is_whole(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.append("東京の天気は晴れです。" * 20)
    async with app.run_test(size=(81, 24)) as pilot:
        await ready(pilot, app)
        await say(pilot, app, "こんにちは。あなたの名前は何ですか？")
        await until(pilot, lambda: "TTFT" in flat(app))
        assert "こんにちは。あなたの名前は何ですか？" in shown(app)
        assert shown(app).replace("\n", "").replace(" ", "").count("東京の天気は晴れです。") == 20


async def test_how_a_reply_came_about_is_said_quietly(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.timings = Timings(10, 0, 0.1, 40, 0.3, 0.12, threads=1, drafted_tokens=32, accepted_tokens=20)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        summary = app.main_screen.query_one(SettingsSummary)
        assert "2 (auto)" in summary.plain
        engine.hold = True
        await say(pilot, app, "hello")
        engine.post(Dropped(2))
        engine.post(Prefilling(8, 10, 8, restored=True))
        engine.write("It was")
        await until(pilot, lambda: "the first 2 messages no longer fit and were left out" in flat(app))
        engine.post(Shifted(1000, 100))
        engine.post(Shifted(24, 100))
        await until(pilot, lambda: "context full: the oldest 1,024 tokens are forgotten" in flat(app))
        engine.end()
        await until(pilot, lambda: "62 % of guesses right" in flat(app))
        assert "resumed from the saved state" in flat(app)
        await until(pilot, lambda: "1 (auto)" in summary.plain)
        engine.hold, engine.timings = False, None
        await say(pilot, app, "and then?")
        await until(pilot, lambda: flat(app).count("TTFT") == 2)
        assert flat(app).count("resumed") == flat(app).count("guesses") == 1


async def test_warnings_of_a_load_are_said(make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine) -> None:
    engine.warnings = ("The context is larger than trained.", "The adapter has \x1b[1m no effect.")
    app = make_app(model="/models/a.gguf")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        assert "! The context is larger than trained." in flat(app)
        assert "! The adapter has ^[[1m no effect." in flat(app)


async def test_context_full_is_said(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.reason = StopReason.CONTEXT_FULL
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await say(pilot, app, "hello")
        await until(pilot, lambda: "context full" in shown(app))
        assert "ctrl+l starts anew" in flat(app)


async def test_limit_of_tokens_is_said(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.reason = StopReason.LENGTH
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await say(pilot, app, "hello")
        await until(pilot, lambda: "-n 1" in shown(app))


async def test_failed_generation_is_one_line_and_the_chat_goes_on(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        engine.generate_error = PromptTooLongError("The prompt has 9,000 tokens", why="the context has 4,096")
        prompt(app).load_text("hello")
        await pilot.press("enter")
        await until(pilot, lambda: "✗ The prompt has 9,000 tokens: the context has 4,096" in flat(app))
        # The text stands in the prompt before it is taken, too: it is back once the message is gone again.
        await until(pilot, lambda: "❯ you" not in shown(app) and not app.work.busy)
        await until(pilot, lambda: prompt(app).text == "hello")
        assert "● Scripted" not in shown(app) and not app.main_screen.chat.session.messages
        await say(pilot, app, "shorter")
        await until(pilot, lambda: "TTFT" in flat(app))
        assert [m.content for m in app.main_screen.chat.session.messages] == ["shorter", "ok"]


async def test_what_could_not_be_sent_comes_back_before_what_was_typed_since(
    app: LocalLLMApp, engine: ScriptedEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "too long")
        await pilot.press(*"next")
        engine.fail(PromptTooLongError("The prompt has 9,000 tokens"))
        await until(pilot, lambda: prompt(app).text == "too long\nnext")
        assert prompt(app).cursor_location == (1, 4)


async def test_a_reply_that_breaks_off_stays_with_its_question(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "hello")
        engine.write("It was")
        engine.fail(DecodeError("llama.cpp failed"))
        await until(pilot, lambda: "✗ llama.cpp failed" in shown(app))
        assert "❯ you\n  hello" in shown(app) and "It was" in shown(app)
        assert prompt(app).text == ""


async def test_no_model_says_what_to_do_and_keeps_the_text(
    make_app: Callable[..., LocalLLMApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.services.library.scan", lambda *given: iter(()))
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(*"hello", "enter")
        assert prompt(app).text == "hello"
        assert "F2" in hint(app)
        assert app.status.phase is Phase.NO_MODEL


async def test_load_error_is_one_line_and_the_app_goes_on(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    engine.load_error = ModelFileError("page.gguf is no model", why="it is a web page")
    app = make_app(model="/models/page.gguf")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "✗ page.gguf is no model: it is a web page" in shown(app))
        assert app.status.phase is Phase.NO_MODEL
        app.load_model(Path("/models/good.gguf"))
        await ready(pilot, app)
        assert "good is ready" in shown(app)


async def test_esc_stops_a_load(make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine) -> None:
    engine.hold = True
    app = make_app(model="/models/slow.gguf")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.LOADING and app.status.fraction > 0.4)
        await pilot.press(*"hi", "enter")
        assert "sent when the model is loaded" in hint(app)
        await pilot.press("escape")
        await until(pilot, lambda: "was stopped" in shown(app))
        assert app.status.phase is Phase.NO_MODEL
        assert prompt(app).text == "hi"


async def test_enter_while_a_model_loads_is_sent_after_it(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    engine.hold = True
    app = make_app(model="/models/slow.gguf")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.LOADING and app.status.fraction > 0.4)
        await pilot.press(*"hi", "enter")
        await until(pilot, lambda: "sent when the model is loaded" in hint(app))
        assert not engine.prompts
        engine.hold = False
        engine.end_load()
        await until(pilot, lambda: "TTFT" in flat(app) and not app.work.busy)
        assert isinstance(engine.prompts[-1], ChatPrompt)
        assert [m.content for m in engine.prompts[-1].messages] == ["hi"] and prompt(app).text == ""


async def test_conversation_survives_a_change_of_model(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await say(pilot, app, "hello")
        await until(pilot, lambda: "TTFT" in flat(app) and not app.work.busy)
        app.load_model(Path("/models/Other-Q8_0.gguf"))
        await until(pilot, lambda: "Other is ready" in shown(app) and not app.work.busy)
        await say(pilot, app, "and now?")
        await until(pilot, lambda: "● Other" in shown(app))
        assert isinstance(engine.prompts[-1], ChatPrompt)
        assert [m.content for m in engine.prompts[-1].messages] == ["hello", "ok", "and now?"]


async def test_problems_of_the_settings_are_said(make_app: Callable[..., LocalLLMApp]) -> None:
    app = make_app(problems=("temp cannot be hot",))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "! temp cannot be hot" in shown(app))


async def test_quitting_while_generating_closes_the_engine(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "hello")
        await pilot.press("ctrl+q")
    assert engine.closed

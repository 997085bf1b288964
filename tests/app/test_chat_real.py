"""Chatting with a real model: the application, the sessions, the engine and llama.cpp together."""

from __future__ import annotations

from pathlib import Path

from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.status import Phase
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.transcript import Transcript
from tui.services.launch import Launch
from tui.settings.settings import Settings

LOAD = 120.0
"""Seconds that a busy machine may take for a load or a reply."""


async def test_chat_in_two_languages_and_stop(smollm2: Path) -> None:
    settings = Settings().replace(temp=0.0, n_predict=24, n_ctx=1024, model_dirs=())
    app = LocalLLMApp(Launch(settings, model=str(smollm2)))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy, LOAD)
        prompt, transcript = app.main_screen.query_one(Prompt), app.main_screen.query_one(Transcript)
        await until(pilot, lambda: app.main_screen.chat.chats.is_open, LOAD)
        chat = app.main_screen.chat.session
        for question in ("What is the capital of France?", "こんにちは。あなたの名前は何ですか？"):
            prompt.load_text(question)
            await pilot.press("enter")
            await until(pilot, lambda: not prompt.text and not chat.busy and not app.work.busy, LOAD)
            assert chat.last_reply
        assert [message.role for message in chat.messages] == ["user", "assistant"] * 2
        assert " ".join(chat.messages[1].content.split())[:20] in " ".join(transcript.plain.split())
        assert "こんにちは。あなたの名前は何ですか？" in transcript.plain
        assert "\N{REPLACEMENT CHARACTER}" not in transcript.plain
        assert app.status.used > 0

        app.settings = app.settings.replace(n_predict=-1, ignore_eos=True)
        prompt.load_text("Tell a long story.")
        await pilot.press("enter")
        # The first token may have no text; without any the question stands there as it was.
        before = chat.last_reply
        await until(pilot, lambda: chat.last_reply not in ("", before), LOAD)
        assert app.status.phase is Phase.GENERATING
        await pilot.press("escape")
        await until(pilot, lambda: "■ stopped" in transcript.plain, LOAD)
        await until(pilot, lambda: not app.work.busy, LOAD)


async def test_a_file_that_is_no_model_is_one_line(tmp_path: Path, smollm2: Path) -> None:
    page = tmp_path / "page.gguf"
    page.write_text("<!DOCTYPE html><html></html>", encoding="utf-8")
    app = LocalLLMApp(Launch(Settings().replace(n_ctx=512), model=str(page)))
    async with app.run_test(size=(120, 40)) as pilot:
        transcript = app.main_screen.query_one(Transcript)
        await until(pilot, lambda: "✗" in transcript.plain and not app.work.busy, LOAD)
        assert app.status.phase is Phase.NO_MODEL
        app.load_model(smollm2)
        await until(pilot, lambda: app.status.phase is Phase.READY, LOAD)


async def test_settings_hold_for_the_reply_under_way(tiny_gguf: Path) -> None:
    settings = Settings().replace(ignore_eos=True, context_policy="shift", n_ctx=256, model_dirs=())
    app = LocalLLMApp(Launch(settings, model=str(tiny_gguf)))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy, LOAD)
        prompt, transcript = app.main_screen.query_one(Prompt), app.main_screen.query_one(Transcript)
        prompt.load_text("hi")
        await pilot.press("enter")
        await until(pilot, lambda: app.status.phase is Phase.GENERATING, LOAD)
        app.take_settings(app.settings.replace(n_predict=1))
        await until(pilot, lambda: not app.work.busy, LOAD)
        await until(pilot, lambda: "The new settings hold from here on" in transcript.plain, LOAD)

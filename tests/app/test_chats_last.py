"""Conversations that last: what was said is there at the next start, whatever happened to the program."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support.scripted import ScriptedEngine, model_info
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.status import Phase
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.transcript import Transcript
from tui.core.errors import PromptTooLongError
from tui.core.events import StopReason, Timings
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt
from tui.services.recorded_chat_facts import facts_of
from tui.store.store import Store, store_file

MODEL = "/models/Scripted-1B-Instruct-Q4_K_M.gguf"
FACTS = facts_of(model_info(), GenerationParams())
SIZE = (120, 40)


def shown(app: LocalLLMApp) -> str:
    return app.main_screen.query_one(Transcript).plain


def hint(app: LocalLLMApp) -> str:
    return app.main_screen.query_one("#prompt-row").border_title or ""


async def ready(pilot: Pilot[int], app: LocalLLMApp) -> None:
    await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy)
    await until(pilot, lambda: app.main_screen.chat.chats.is_open)


async def say(pilot: Pilot[int], app: LocalLLMApp, text: str) -> None:
    app.main_screen.query_one(Prompt).load_text(text)
    await pilot.press("enter")
    await until(pilot, lambda: not app.main_screen.query_one(Prompt).text)


async def answered(pilot: Pilot[int], app: LocalLLMApp, text: str) -> None:
    """The text is there, and does not go on as another word: "tokens" is no "ok"."""
    ends = re.compile(re.escape(text) + r"(?!\w)")
    await until(pilot, lambda: ends.search(shown(app)) and not app.work.busy)


def stored(turns: int, *, state: str = "done", words: str = "word ") -> int:
    """A conversation in the store that the application will open; its number."""
    store, parent = Store(), None
    chat = store.create()
    for turn in range(turns):
        said = store.add_prompt(chat.id, parent, f"question {turn}")
        reply = store.begin_reply(said.id, FACTS)
        store.grow_reply(reply.id, f"answer {turn} {words * 20}")
        if state == "done" or turn < turns - 1:
            store.finish_reply(reply.id, "", (), StopReason.END, Timings(generated_tokens=20, decode_seconds=1.0))
        parent = reply.id
    store.close()
    return chat.id


async def test_the_last_conversation_is_there_at_the_next_start(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    engine.replies.extend(["1. Red", "2. Blue", "3. Green"])
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        assert "where you left off" not in shown(app)
        for text, answer in (("Name a colour.", "1. Red"), ("Another one.", "2. Blue")):
            await say(pilot, app, text)
            await answered(pilot, app, answer)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "where you left off" in shown(app))
        await ready(pilot, app)
        text = shown(app)
        assert text.index("Name a colour.") < text.index("1. Red") < text.index("Another one.") < text.index("2. Blue")
        assert text.index("2. Blue") < text.index("where you left off") < text.index("Instruct is ready")
        assert "● Scripted-1B-Instruct\n  1. Red" in text and "TTFT 120 ms" in " ".join(text.split())
        assert "Ask anything." not in text
        await say(pilot, app, "And now?")
        await answered(pilot, app, "3. Green")
        asked = engine.prompts[-1]
        assert isinstance(asked, ChatPrompt)
        assert [m.content for m in asked.messages] == [
            "Name a colour.", "1. Red", "Another one.", "2. Blue", "And now?",
        ]  # fmt: skip


async def test_a_prompt_is_on_disk_before_it_is_answered_and_a_reply_while_it_grows(
    app: LocalLLMApp, engine: ScriptedEngine
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "Tell me")
        store = Store()
        path = store.path_to(getattr(store.last_conversation(), "leaf", None))
        assert [record.text for record in path] == ["Tell me", ""]
        engine.write("It was a dark and stormy night")

        def kept() -> bool:
            return store.message(path[-1].id).text == "It was a dark and stormy night"

        await until(pilot, kept)
        assert store.message(path[-1].id).state == "growing"
        engine.end()
        await until(pilot, lambda: store.message(path[-1].id).state == "done")
        store.close()


async def test_leaving_in_the_middle_of_a_reply_keeps_it_and_it_goes_on_later(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "Tell me")
        engine.write("It was a dark")
        await until(pilot, lambda: "It was a dark" in shown(app))
        await pilot.press("ctrl+q")
    engine.hold = False
    engine.replies.append(" and stormy night")
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "■ interrupted: ctrl+o goes on with it" in shown(app))
        await pilot.press("ctrl+o")
        await answered(pilot, app, "It was a dark and stormy night")
        assert "interrupted" not in shown(app)
        asked = engine.prompts[-1]
        assert isinstance(asked, ChatPrompt) and asked.begun == "It was a dark"


async def test_a_stopped_reply_goes_on(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "no reply to go on with" in hint(app))
        engine.hold = True
        await say(pilot, app, "Count")
        engine.write("one two")
        await until(pilot, lambda: "one two" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "■ stopped: ctrl+o goes on" in shown(app) and not app.work.busy)
        engine.hold = False
        engine.replies.append(" three")
        await pilot.press("ctrl+o")
        await answered(pilot, app, "one two three")
        assert shown(app).count("one two") == 1 and "stopped" not in shown(app)


async def test_stopped_before_the_first_word_leaves_the_question(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "Count")
        await pilot.press("escape")
        await until(pilot, lambda: "stopped: ctrl+r asks again" in shown(app) and not app.work.busy)
        assert "● Scripted" not in shown(app) and "❯ you\n  Count" in shown(app)
        engine.hold = False
        engine.replies.append("one")
        await pilot.press("ctrl+r")
        await answered(pilot, app, "one")
        assert [m.content for m in app.main_screen.chat.session.messages] == ["Count", "one"]


async def test_what_could_not_be_answered_is_not_in_the_store(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.generate_error = PromptTooLongError("The prompt has 9,000 tokens")
        app.main_screen.query_one(Prompt).load_text("too long")
        await pilot.press("enter")
        await until(pilot, lambda: "9,000 tokens" in shown(app))
        await until(pilot, lambda: app.main_screen.query_one(Prompt).text == "too long")
        assert not app.main_screen.chat.session.records


async def test_a_long_conversation_shows_its_end_and_the_rest_as_one_scrolls_back(
    make_app: Callable[..., LocalLLMApp],
) -> None:
    stored(100)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "answer 99" in shown(app))
        await ready(pilot, app)
        assert "question 80" not in shown(app)
        assert "▴ 170 earlier messages: PgUp goes there" in shown(app)
        pages = 0
        while "question 0\n" not in shown(app):
            await pilot.press("pageup")
            pages += 1
            await pilot.pause()
            assert pages < 400
        assert shown(app).count("❯ you") == 100
        await until(pilot, lambda: "earlier" not in shown(app))


async def test_scrolling_back_leaves_what_is_in_view_where_it_is(make_app: Callable[..., LocalLLMApp]) -> None:
    stored(60)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "answer 59" in shown(app))
        await ready(pilot, app)
        transcript = app.main_screen.query_one(Transcript)
        chat = app.main_screen.chat.view
        transcript.scroll_to(y=8, animate=False, immediate=True)
        await pilot.pause()
        lines = shown(app).split("\n")
        line = lines[transcript.scroll_offset.y + 3]
        chat.show_earlier()
        await pilot.pause()
        assert shown(app).split("\n")[transcript.scroll_offset.y + 3] == line
        assert len(shown(app).split("\n")) > len(lines)


async def test_a_damaged_store_is_set_aside_and_said(make_app: Callable[..., LocalLLMApp]) -> None:
    store_file().parent.mkdir(parents=True)
    store_file().write_bytes(b"this is no database" * 500)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "The file with the chats was damaged" in shown(app) or "was damaged" in shown(app))
        await say(pilot, app, "hello")
        await answered(pilot, app, "ok")
        assert shown(app).count("was damaged") == 1
    assert Store().last_conversation() is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
async def test_a_folder_that_cannot_be_written_is_said_and_the_chat_goes_on(
    make_app: Callable[..., LocalLLMApp],
) -> None:
    folder: Path = store_file().parent
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    try:
        await _chats_in_memory(make_app(model=MODEL))
    finally:
        folder.chmod(0o700)


async def test_a_store_that_cannot_be_made_is_said_and_the_chat_goes_on(make_app: Callable[..., LocalLLMApp]) -> None:
    store_file().mkdir(parents=True)
    await _chats_in_memory(make_app(model=MODEL))


async def _chats_in_memory(app: LocalLLMApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "kept in memory" in " ".join(shown(app).split()))
        await say(pilot, app, "hello")
        await answered(pilot, app, "ok")
        assert len(app.main_screen.chat.session.records) == 2

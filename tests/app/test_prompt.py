"""The prompt: line breaks, paste, history, growth."""

from __future__ import annotations

import stat
from collections.abc import Callable

from textual import events

from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.prompt_history import LIMIT, PromptHistory
from tui.app.status import Phase
from tui.app.widgets.prompt import MAX_ROWS, Prompt
from tui.settings.paths import prompt_history_file


def prompt(app: LocalLLMApp) -> Prompt:
    return app.main_screen.query_one(Prompt)


async def test_keys_that_break_the_line(make_app: Callable[..., LocalLLMApp]) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a", "ctrl+j", "b", "alt+enter", "c", "shift+enter", "d")
        assert prompt(app).text == "a\nb\nc\nd"
        assert prompt(app).size.height == 4


async def test_ctrl_u_twice_empties_the_prompt_and_is_undone(make_app: Callable[..., LocalLLMApp]) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"one", "ctrl+j", *"two", "ctrl+j", *"three", "ctrl+u")
        assert prompt(app).text == "one\ntwo\n"
        await pilot.press("ctrl+u")
        assert prompt(app).text == ""
        await pilot.press("ctrl+z")
        assert prompt(app).text == "one\ntwo\n"
        await pilot.press("ctrl+z")
        assert prompt(app).text == "one\ntwo\nthree"
        prompt(app).put("word " * 99)
        await pilot.press("ctrl+u")
        assert prompt(app).text == "", "a line is one line however many rows it has"
        await pilot.press("ctrl+z")
        assert prompt(app).text == "word " * 99


async def test_grows_to_a_limit(make_app: Callable[..., LocalLLMApp]) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["ctrl+j"] * 12)
        await until(pilot, lambda: prompt(app).size.height == MAX_ROWS)


async def test_pasted_lines_do_not_send(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY)
        prompt(app).post_message(events.Paste("one\ntwo\n\x1b[2J"))
        await until(pilot, lambda: prompt(app).text)
        assert prompt(app).text.startswith("one\ntwo\n")
        assert not engine.prompts


async def test_history_walks_and_keeps_the_draft(app: LocalLLMApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy)
        for text in ("first", "second\nline"):
            prompt(app).load_text(text)
            await pilot.press("enter")
            await until(pilot, lambda: not app.main_screen.chat.busy and not app.work.busy)
        await pilot.press(*"draft", "up")
        assert prompt(app).text == "second\nline"
        await pilot.press("up")
        assert prompt(app).text == "second\nline", "up moves inside a text of several lines first"
        await pilot.press("up")
        assert prompt(app).text == "first"
        await pilot.press("up")
        assert prompt(app).text == "first"
        await pilot.press("down", "down")
        assert prompt(app).text == "draft"


def test_history_is_a_private_file_that_outlives_the_program() -> None:
    path = prompt_history_file()
    history = PromptHistory(path)
    history.add("こんにちは\nline two")
    history.add("こんにちは\nline two")
    history.add("  ")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = PromptHistory(path)
    assert again.older("draft") == "こんにちは\nline two"
    assert again.older("") is None
    assert again.newer() == "draft"
    assert again.newer() is None


def test_history_survives_a_damaged_file_and_stays_short() -> None:
    path = prompt_history_file()
    path.parent.mkdir(parents=True)
    path.write_text('not json\n{"prompt": 3}\n{"prompt": "kept"}\n[]\n', encoding="utf-8")
    history = PromptHistory(path)
    assert history.older("") == "kept"
    for number in range(2 * LIMIT):
        history.add(f"prompt {number}")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 2 * LIMIT
    assert PromptHistory(path).older("") == f"prompt {2 * LIMIT - 1}"


def test_history_without_a_place_to_write() -> None:
    path = prompt_history_file()
    path.parent.parent.mkdir(parents=True)
    path.parent.write_text("a file where the folder should be", encoding="utf-8")
    history = PromptHistory(path)
    history.add("kept in memory")
    assert history.older("") == "kept in memory"

"""Blocks of code by number, the copy menu, saving to a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.test_chats_last import SIZE, answered, hint, ready, say, shown
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.screens.copy_menu import CopyMenu
from tui.app.screens.save_code import SaveCode
from tui.app.widgets.filter_field import FilterField
from tui.app.widgets.message import MessagePane
from tui.app.widgets.rows import Rows

TWO = "Do this:\n\n```python\nx = 1\n\n```\n\n```sh\nls -la\n```\n\nDone two."
ONE = "Or this:\n\n```../../etc\nrm me\n```\n\nDone one."


async def chat(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine, *replies: str) -> None:
    await ready(pilot, app)
    for number, reply in enumerate(replies):
        engine.replies.append(reply)
        await say(pilot, app, f"Question {number}")
        await answered(pilot, app, reply[-8:])


def numbered(app: LocalLLMApp) -> list[str]:
    return [line for line in shown(app).splitlines() if line[:1].isdigit()]


async def test_the_keys_copy_what_has_their_number(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("alt+1")
        assert "no code block" in hint(app)
        await chat(pilot, app, engine, TWO, "No code here.")
        assert numbered(app) == ["1 ▏ x = 1", "2 ▏ ls -la"], "the newest reply that has any"
        await pilot.press("alt+2")
        await until(pilot, lambda: "copied code block 2, 6 characters" in hint(app))
        assert app.clipboard == "ls -la"
        await pilot.press("alt+1")
        await until(pilot, lambda: app.clipboard == "x = 1\n")
        await pilot.press("alt+3")
        await until(pilot, lambda: "there are 2 code blocks here" in hint(app))
        await chat(pilot, app, engine, ONE)
        assert numbered(app) == ["1 ▏ rm me"]
        await pilot.press("alt+1")
        await until(pilot, lambda: app.clipboard == "rm me")


async def test_a_block_has_its_number_once_it_is_closed(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await chat(pilot, app, engine, TWO)
        engine.hold = True
        await say(pilot, app, "More")
        engine.write("```\nfirst\n")
        await until(pilot, lambda: "first" in shown(app))
        assert numbered(app) == ["1 ▏ x = 1", "2 ▏ ls -la"]
        engine.write("```\n\n```\nsecond")
        await until(pilot, lambda: numbered(app) == ["1 ▏ first"])
        await pilot.press("alt+1")
        await until(pilot, lambda: app.clipboard == "first")
        engine.end()
        await until(pilot, lambda: numbered(app) == ["1 ▏ first", "2 ▏ second"])
        await pilot.press("alt+2")
        await until(pilot, lambda: app.clipboard == "second")


async def test_the_numbers_go_with_the_mark(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await chat(pilot, app, engine, TWO, ONE)
        for _ in range(3):
            await pilot.press("alt+up")
        await until(pilot, lambda: app.main_screen.chat.view.marked == app.main_screen.chat.session.records[1].id)
        assert len(numbered(app)) == 2
        await pilot.press("alt+2", "alt+c")
        await until(pilot, lambda: isinstance(app.screen, CopyMenu))
        assert app.clipboard == "ls -la"
        assert "the marked message" in app.screen.query_one(Rows).plain
        await pilot.press("escape", "escape")
        await until(pilot, lambda: numbered(app) == ["1 ▏ rm me"])


async def test_the_menu_copies_blocks_messages_and_all(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("alt+c")
        assert "nothing was said yet" in hint(app)
        await chat(pilot, app, engine, TWO)
        for key, copied in (
            ("2", "ls -la"),
            ("m", TWO),
            ("a", f"You:\nQuestion 0\n\nScripted-1B-Instruct-Q4_K_M:\n{TWO}"),
            ("enter", "x = 1\n"),
        ):
            await pilot.press("alt+c")
            await until(pilot, lambda: isinstance(app.screen, CopyMenu))
            await pilot.press(key)
            await until(pilot, lambda copied=copied: app.clipboard == copied)  # type: ignore[misc]
            assert app.screen is app.main_screen


async def test_a_block_is_saved(
    app: LocalLLMApp, engine: ScriptedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with app.run_test(size=SIZE) as pilot:
        await chat(pilot, app, engine, TWO)
        await pilot.press("alt+s")
        await until(pilot, lambda: isinstance(app.screen, SaveCode))
        field = app.screen.query_one(FilterField)
        await until(pilot, lambda: field.value == "code-1.py")
        await pilot.press("down")
        await until(pilot, lambda: field.value == "code-1.sh")
        await pilot.press("enter")
        await until(pilot, lambda: "saved 1 line to" in hint(app))
        assert (folder / "code-1.sh").read_text() == "ls -la\n"

        await pilot.press("alt+s")
        await until(pilot, lambda: isinstance(app.screen, SaveCode))
        field, said = app.screen.query_one(FilterField), app.screen.query_one(MessagePane)
        field.value = "gone/a.py"
        await pilot.press("enter")
        await until(pilot, lambda: "There is no folder" in said.text)
        field.value = "code-1.sh"
        await pilot.press("enter")
        await until(pilot, lambda: "Enter once more replaces it" in said.text)
        assert (folder / "code-1.sh").read_text() == "ls -la\n"
        await pilot.press("enter")
        await until(pilot, lambda: "saved 2 lines to" in hint(app))
        assert (folder / "code-1.sh").read_text() == "x = 1\n"


async def test_what_a_model_writes_behind_its_fence_names_no_file(
    app: LocalLLMApp, engine: ScriptedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("alt+s")
        assert "no code block" in hint(app)
        await chat(pilot, app, engine, ONE)
        await pilot.press("alt+s")
        await until(pilot, lambda: isinstance(app.screen, SaveCode))
        await until(pilot, lambda: app.screen.query_one(FilterField).value == "code-1.txt")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main_screen)

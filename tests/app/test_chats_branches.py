"""Branches: whatever is said or replied in another way, the first one stays and is a key away."""

from __future__ import annotations

from tests.app.test_chats_last import SIZE, answered, hint, ready, say, shown
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.widgets.prompt import Prompt
from tui.core.prompts import ChatPrompt


async def test_another_reply_is_a_version_and_the_first_one_is_a_key_away(
    app: LocalLLMApp, engine: ScriptedEngine
) -> None:
    engine.replies.extend(["red", "green", "blue"])
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("alt+left")
        await until(pilot, lambda: "there is no older version" in hint(app))
        await say(pilot, app, "A colour")
        await answered(pilot, app, "red")
        assert "‹" not in shown(app)
        await pilot.press("ctrl+r")
        await answered(pilot, app, "green")
        assert "● Scripted-1B-Instruct  ‹ 2/2 ›\n  green" in shown(app) and "red" not in shown(app)
        await pilot.press("ctrl+r")
        await answered(pilot, app, "blue")
        await pilot.press("alt+left")
        await until(pilot, lambda: "‹ 2/3 ›\n  green" in shown(app))
        await pilot.press("alt+left")
        await until(pilot, lambda: "‹ 1/3 ›\n  red" in shown(app))
        await pilot.press("alt+left")
        await until(pilot, lambda: "there is no older version" in hint(app))
        await pilot.press("alt+right")
        await until(pilot, lambda: "‹ 2/3 ›\n  green" in shown(app))
        await say(pilot, app, "Another")
        await answered(pilot, app, "ok")
        asked = engine.prompts[-1]
        assert isinstance(asked, ChatPrompt)
        assert [m.content for m in asked.messages] == ["A colour", "green", "Another"]


async def test_what_was_said_is_edited_as_another_version(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.extend(["one", "two", "three"])
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("f7")
        assert hint(app) == "nothing was said yet"
        await say(pilot, app, "First")
        await answered(pilot, app, "one")
        await say(pilot, app, "Second")
        await answered(pilot, app, "two")
        prompt = app.main_screen.query_one(Prompt)
        await pilot.press(*"draft", "f7")
        assert prompt.text == "Second" and "another version" in hint(app)
        await pilot.press(*" try", "enter")
        await answered(pilot, app, "three")
        assert prompt.text == "draft" and not hint(app)
        assert "❯ you  ‹ 2/2 ›\n  Second try" in shown(app) and "two" not in shown(app)
        asked = engine.prompts[-1]
        assert isinstance(asked, ChatPrompt)
        assert [m.content for m in asked.messages] == ["First", "one", "Second try"]
        await pilot.press("alt+left")
        await until(pilot, lambda: "❯ you  ‹ 1/2 ›\n  Second\n" in shown(app))
        assert "two" in shown(app) and "three" not in shown(app)


async def test_an_edit_is_left_with_esc(app: LocalLLMApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await say(pilot, app, "First")
        await answered(pilot, app, "ok")
        prompt = app.main_screen.query_one(Prompt)
        await pilot.press(*"draft", "f7", *"xyz")
        assert prompt.text == "Firstxyz"
        await pilot.press("escape")
        assert prompt.text == "draft" and not hint(app)
        assert "‹" not in shown(app)


async def test_from_the_oldest_reply_the_way_leads_to_the_question_before(
    app: LocalLLMApp, engine: ScriptedEngine
) -> None:
    engine.replies.extend(["a1", "b1", "b2"])
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await say(pilot, app, "A")
        await answered(pilot, app, "a1")
        await pilot.press("f7", "backspace", *"B", "enter")
        await answered(pilot, app, "b1")
        await pilot.press("ctrl+r")
        await answered(pilot, app, "b2")
        for expected in ("b1", "a1"):
            await pilot.press("alt+left")
            await until(pilot, lambda expected=expected: expected in shown(app))  # type: ignore[misc]
        await pilot.press("alt+right")
        await until(pilot, lambda: "b1" in shown(app))
        await pilot.press("alt+right")
        await until(pilot, lambda: "b2" in shown(app))


async def test_nothing_is_walked_or_edited_while_a_reply_grows(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "A")
        for key in ("alt+left", "f7", "ctrl+n", "ctrl+r", "ctrl+o"):
            app.main_screen.typed()
            await pilot.press(key)
            await until(pilot, lambda: "still" in hint(app))
        assert app.main_screen.query_one(Prompt).text == ""
        engine.end()

"""Searching in the open chat: as one types, in all of it, and back."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Input

from tests.app.test_chats_last import SIZE, answered, hint, ready, say, shown
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.find_bar import FindBar
from tui.app.widgets.transcript import Transcript
from tui.store.store import Store


def count(app: LocalLLMApp) -> str:
    bars = app.main_screen.query("#find-count")
    return bars.first(BrowseBar).plain.split("  ")[0] if bars else ""


def transcript(app: LocalLLMApp) -> Transcript:
    return app.main_screen.query_one(Transcript)


def reversed_text(app: LocalLLMApp) -> str:
    """What stands out as the place one is at, of what is in view."""
    widget = transcript(app)
    strips = [widget.render_line(y) for y in range(widget.size.height)]
    return "".join(part.text for strip in strips for part in strip if part.style and part.style.reverse)


async def chat(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine, *replies: str) -> None:
    await ready(pilot, app)
    for number, reply in enumerate(replies):
        engine.replies.append(f"{reply}\n\nend {number}.")
        await say(pilot, app, f"Question {number}")
        await answered(pilot, app, f"end {number}.")


async def test_as_one_types(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await chat(pilot, app, engine, "An **Apple** a day", "apple, `apples`, pineAPPLE", "none of it")
        await pilot.press("ctrl+f", *"apple")
        await until(pilot, lambda: count(app).strip() == "4/4")
        await until(pilot, lambda: reversed_text(app) == "APPLE")
        await pilot.press("up")
        await until(pilot, lambda: count(app).strip() == "3/4" and reversed_text(app) == "apple")
        await pilot.press("enter", "ctrl+f")
        await until(pilot, lambda: count(app).strip() == "1/4" and reversed_text(app) == "Apple")
        await pilot.press("up")
        await until(pilot, lambda: count(app).strip() == "4/4")
        await pilot.press("down")
        await until(pilot, lambda: count(app).strip() == "1/4")
        await pilot.press(*" a day")
        await until(pilot, lambda: count(app).strip() == "1/1" and reversed_text(app) == "Apple a day")
        await pilot.press("x")
        await until(pilot, lambda: count(app).strip() == "not found" and not reversed_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not app.main_screen.query(FindBar))
        assert app.focused is not None and app.focused.id == "prompt"


async def test_back_to_where_one_was(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+f")
        assert "nothing was said yet" in hint(app) and not app.main_screen.query(FindBar)
        await chat(pilot, app, engine, *(f"Reply {n}\n\n" + "line\n\n" * 12 for n in range(5)))
        end = transcript(app).scroll_offset.y
        await pilot.press("ctrl+f", *"reply 0")
        await until(pilot, lambda: reversed_text(app) == "Reply 0")
        assert transcript(app).scroll_offset.y < end
        await pilot.press("escape")
        await until(pilot, lambda: transcript(app).scroll_offset.y == end)
        await pilot.press("pageup", "pageup")
        there = transcript(app).scroll_offset.y
        await pilot.press("ctrl+f", *"reply 4", "escape")
        await until(pilot, lambda: not app.main_screen.query(FindBar))
        assert transcript(app).scroll_offset.y == there
        await pilot.press("ctrl+f", *"reply 0")
        await until(pilot, lambda: reversed_text(app) == "Reply 0")
        here = transcript(app).scroll_offset.y
        await pilot.press("tab")
        await until(pilot, lambda: not app.main_screen.query(FindBar))
        assert transcript(app).scroll_offset.y == here and not reversed_text(app)


async def test_messages_that_are_not_laid_out_are_found_too(app: LocalLLMApp) -> None:
    seeded(150)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "where you left off" in shown(app))
        end = shown(app)
        assert "needle" not in end
        await pilot.press("ctrl+f", *"needle")
        await until(pilot, lambda: count(app).strip() == "2/2")
        await until(pilot, lambda: reversed_text(app) == "Needle")
        assert "Message 80 東京 Needle" in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: "Message 10 東京 Needle" in shown(app) and reversed_text(app) == "Needle")
        await pilot.press("escape")
        await until(pilot, lambda: "Message 149 " in shown(app) and not app.main_screen.query(FindBar))


async def test_a_reply_that_grows_is_searched_as_far_as_it_is(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "A question")
        engine.write("growing text 東京")
        await until(pilot, lambda: "growing" in shown(app))
        await pilot.press("ctrl+f", *"東京")
        await until(pilot, lambda: count(app).strip() == "1/1" and reversed_text(app) == "東京")
        engine.write(" more\n\nand 東京 again")
        await until(pilot, lambda: "again" in shown(app))
        assert reversed_text(app) == "東京"
        await pilot.press("escape")
        await until(pilot, lambda: not app.main_screen.query(FindBar))
        engine.end()
        await until(pilot, lambda: not app.work.busy)


def seeded(messages: int) -> None:
    """A chat in the store with words to find far above its end."""
    store = Store()
    chat = store.create()
    last = None
    for number in range(messages):
        needle = " 東京 Needle" if number in (10, 80) else ""
        last = store.add_prompt(chat.id, last, f"Message {number}{needle} " + "and so on " * 20).id
    store.close()


async def test_joined_emoji_and_flags_are_found_as_they_are_shown(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await chat(pilot, app, engine, "a family 👨‍👩‍👧‍👦 in 🇯🇵 with ❤️")
        await pilot.press("ctrl+f")
        for typed, seen in (("👨‍👩‍👧‍👦", "👨👩👧👦"), ("👨👩", "👨👩"), ("❤️", "❤"), ("🇯🇵", "JP")):
            app.main_screen.query_one("#find-field", Input).value = typed
            await until(pilot, lambda seen=seen: count(app).strip() == "1/1" and reversed_text(app) == seen)  # type: ignore[misc]
